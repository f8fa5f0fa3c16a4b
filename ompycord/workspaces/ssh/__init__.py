"""How git reaches a repository by ssh with a key of its own."""
