"""Every edit operation is tried at places of real templates, and what comes out is judged by somebody else's reader.

Only what offers the edits, and what finds the nodes to try them on, is shared with the linter.
"""
