"""What Python modules say: their definitions, imports and environment reads, and what a handler reaches of them."""
