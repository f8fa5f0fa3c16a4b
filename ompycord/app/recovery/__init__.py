"""What an earlier process left behind, found at the start: gone on with, or cleaned, and told once."""
