"""What is kept of forges."""
