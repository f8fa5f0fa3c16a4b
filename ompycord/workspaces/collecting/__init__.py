"""The inside half of collecting: what runs in a run's confinement, beside an agent's files; standard library only.

Counterpart of `workspaces/collect.py`, which starts it and trusts nothing of what it returns.
"""
