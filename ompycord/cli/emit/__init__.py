"""`ompycord emit`: an event is on disk before anything else happens, and arrives once; counterpart of `webhook/ingest.py`."""
