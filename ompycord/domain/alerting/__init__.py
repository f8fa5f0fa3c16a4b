"""What is wrong with the process or its surroundings, and when people are notified of it; pure."""
