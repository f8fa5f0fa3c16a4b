"""How a program sees only what it may: the levels, what each shows, and the probe that tries them."""
