"""How well the memory finds what it should: histories as questions with known answers, and the figures."""
