"""What the functions of all depots have in common; package.sh stages it beside each handler."""
