"""What waits for the person who asks, over all channels."""
