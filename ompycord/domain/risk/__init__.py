"""How much harm what an agent asks for could do, by its words: `classify.py` for commands, `tools.py` for calls."""
