"""What is kept of runs that ended long ago."""
