"""The record of what people did, as a chain of hashes: how it is checked, and anchored elsewhere."""
