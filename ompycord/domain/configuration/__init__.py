"""What people write in files of settings: its words, set-up, the file of a repository."""
