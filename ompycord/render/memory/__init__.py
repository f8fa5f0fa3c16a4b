"""What is remembered, in words: items, lists, what a run was given."""
