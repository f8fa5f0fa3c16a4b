"""A run as a story: a model for programs, and the same as Markdown; the words are those of the card."""
