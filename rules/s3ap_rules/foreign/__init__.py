"""Other people's linters, speaking through our findings under their own codes."""
