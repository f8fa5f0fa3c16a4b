"""What is remembered, from the command line."""
