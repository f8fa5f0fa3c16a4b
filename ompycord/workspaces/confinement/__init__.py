"""How a program is limited to what it may see: the levels, what each shows, and the probe that tests them."""
