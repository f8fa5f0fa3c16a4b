"""What starts a run because another system said so: which message, how often, and when not any more; pure."""
