"""The forward proxy of a run: what its programs ask, whether it is allowed, and who answers a connection."""
