"""What is posted and kept up to date: cards, boards, every delivery to a channel. Does not use `interactions`."""
