"""What runs will probably cost and take, from those that ended."""
