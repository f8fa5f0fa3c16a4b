"""What people say in place of writing it: recordings, and who makes text of them. Pure."""
