"""What is shown and kept true: cards, boards, everything owed to a channel. Knows nothing of `interactions`."""
