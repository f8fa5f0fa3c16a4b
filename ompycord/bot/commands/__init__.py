"""What people can do, one feature per file: its commands, its card buttons, its forms; `features.py` lists them."""
