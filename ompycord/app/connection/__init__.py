"""The way to Discord, real or local: what is tried at the start, and the playground beside us."""
