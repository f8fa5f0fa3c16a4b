"""What people decided about calls of agents."""
