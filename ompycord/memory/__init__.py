"""What a team remembers: words to terms, ranking, and the use cases over the rows of `store`."""
