"""How the code of other packages is called, whatever it does."""
