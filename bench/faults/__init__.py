"""Clean applications are broken in one place at a time, and the linter is asked what it says about each break.

Nothing here knows how a rule works. What is broken, and whether that can be proved to fail, is decided from the text
of templates and handlers.
"""
