"""What people can do with their own data."""
