"""One half of a pair of templates made from the other, or brought back in step with it."""
