"""What people press, fill in and write, and the replies that they get. Does not use `delivery`."""
