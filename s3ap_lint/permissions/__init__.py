"""What code, templates and state machines need against what roles grant."""
