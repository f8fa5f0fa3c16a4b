"""What starts by the clock, from Discord."""
