"""Events of ended runs in compressed files beside the database: moved there, read back, a person taken out of them."""
