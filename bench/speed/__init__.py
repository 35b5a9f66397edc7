"""How long the linter takes in units of its peers: one command measures every goal and writes docs/benchmarks.md."""
