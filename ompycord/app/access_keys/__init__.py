"""Keys of clients and of runs: made, kept, given out, revoked."""
