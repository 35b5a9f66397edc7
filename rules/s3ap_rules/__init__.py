"""The built-in rules. Each family is a plugin of its own and comes in through the entry points."""
