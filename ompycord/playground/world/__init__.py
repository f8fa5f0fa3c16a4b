"""The state and what happens in it: the guild, its channels, messages, threads and interactions. Knows no HTTP."""
