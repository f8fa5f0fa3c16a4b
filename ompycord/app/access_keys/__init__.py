"""Keys of clients and of runs: made, kept, given to runs, revoked."""
