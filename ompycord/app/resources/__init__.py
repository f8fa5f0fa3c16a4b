"""What the process takes of its machine, and what is left of that."""
