"""Measures of the comparison of templates."""
