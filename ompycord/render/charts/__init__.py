"""Charts of costs and limits: their numbers, once; their text; their picture."""
