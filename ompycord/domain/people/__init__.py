"""What is kept of a person, and how a person is taken out of it."""
