"""Vectors of texts, asked for as OpenAI's `/embeddings` has it."""
