"""What people do with pull requests."""
