"""What belongs to a team: the roles of its people."""
