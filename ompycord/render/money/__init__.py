"""What is left of budgets, as people read it."""
