"""What happened, told daily and weekly."""
