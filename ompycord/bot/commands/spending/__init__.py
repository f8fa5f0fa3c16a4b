"""What is spent, and of which limits."""
