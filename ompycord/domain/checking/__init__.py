"""What verification is made of: how a check is looked into, and what became of its tests; pure."""
