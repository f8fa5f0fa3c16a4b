"""What people say in place of writing it."""
