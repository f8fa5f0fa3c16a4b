"""How the parts of the product are made from one another; `app/compose.py` calls them in order."""
