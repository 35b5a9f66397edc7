"""Deploying a template through the rules: what is sent is what was judged."""
