"""Pairs of templates: how much they have drifted, and what `sync` makes of them."""
