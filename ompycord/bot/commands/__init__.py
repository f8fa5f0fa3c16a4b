"""What people can do, a feature a file: its commands, its buttons on the card, its forms; `features.py` lists them."""
