"""What is remembered, as operators look after it."""
