"""`ompycord emit`: an event is on disk before anything else happens, and arrives once.

Counterpart of `webhook/ingest.py`.
"""
