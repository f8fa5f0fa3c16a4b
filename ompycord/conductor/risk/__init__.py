"""What an agent asks for, before people are asked: its class in this repository, and who decides on that."""
