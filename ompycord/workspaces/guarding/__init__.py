"""Looks through what a result adds to its base: size, syntax, secrets, protected paths, links that lead out."""
