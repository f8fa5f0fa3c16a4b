"""The RPC protocol of oh-my-pi and pi: their frames to events, and a session with an agent."""
