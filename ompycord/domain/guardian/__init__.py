"""Finds out when an agent goes in circles, from what it does and what the checks find; pure.

It has no clock and no I/O: times are those of the events. Counterpart: `conductor/guardian/`, which acts on it.
`masks.py` and `fingerprints.py` make steps comparable, `cycles.py`, `waiting.py`, `messages.py`, `trees.py` and
`rounds.py` judge one subject each, `watcher.py` asks them all, `run_watch.py` reads a run's log and `escalation.py`
says what follows.
"""
