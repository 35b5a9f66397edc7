"""What fixes make of whole libraries."""
