"""What a connection to one of our servers is: its protocol, its deadlines, and how many there may be."""
