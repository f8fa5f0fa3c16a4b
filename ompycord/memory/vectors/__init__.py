"""What is near in meaning: vectors made in the background, and asked for beside the words where an address is set."""
