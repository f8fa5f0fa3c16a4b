"""Pull requests after they were opened: what a forge shows of them, and what follows from it; pure."""
