"""Adopting the program in a project: what can be found out about it, and the files that say so."""
