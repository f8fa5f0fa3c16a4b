"""Whose certificates are believed when Ompycord reaches out."""
