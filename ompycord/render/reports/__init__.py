"""Plans and answers in words: their messages, and their lines for lists and the terminal."""
