"""Issues of a forge as the task of a run: what of them is read, and what in them is hidden on the forge; pure."""
