"""The team in words: who has which role where, what each role may do, what was decided."""
