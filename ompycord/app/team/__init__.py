"""What the command line asks about the team: roles that were given, and a person's data."""
