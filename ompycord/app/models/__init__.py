"""What people ask of the model gateway from outside of Discord."""
