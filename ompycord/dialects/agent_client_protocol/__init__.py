"""The Agent Client Protocol: its frames to events, and a session with an agent."""
