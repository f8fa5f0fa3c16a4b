"""What people write in the threads of runs: as it comes, and after a gap."""
