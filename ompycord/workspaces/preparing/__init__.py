"""What comes before an agent's work here: the base as it will be, and dependencies, made once and provided to runs."""
