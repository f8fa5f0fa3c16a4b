"""What runs like the earlier ones will cost and take, and how often that was right; pure."""
