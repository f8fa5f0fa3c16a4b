"""What is remembered, from Discord: decide, keep, search, drop."""
