"""How rows are made, one file a way of making them."""
