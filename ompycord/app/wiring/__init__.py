"""How the parts of the product are made of one another; `app/compose.py` calls them in order."""
