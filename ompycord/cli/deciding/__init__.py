"""What people decide at the terminal."""
