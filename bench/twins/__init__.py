"""What pairs of templates differ in, counted by a script that shares no code with the package."""
