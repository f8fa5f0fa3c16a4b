"""The connection to Discord, real or local: the probe at the start, and the playground beside us."""
