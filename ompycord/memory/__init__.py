"""What a team remembers: words to terms, ranking, the block for an agent, and the use cases over the rows of `store`."""
