"""How a result leaves this machine."""
