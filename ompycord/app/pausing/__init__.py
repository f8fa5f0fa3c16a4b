"""A pause of everything, kept in the data folder."""
