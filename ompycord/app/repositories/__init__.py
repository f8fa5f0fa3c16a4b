"""`ompycord repository add`: what a repository is made of, its section of the settings, and its place in the file."""
