"""Which IAM actions handlers need, written down by hand, and how near a tool comes to it."""
