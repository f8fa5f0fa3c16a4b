"""What admins do to Ompycord itself, in Discord."""
