"""Backups of the data folder: made while it is in use, checked, listed, put back, pruned.

The database is copied and looked at by functions that the store gives (`DatabaseCopies`); everything else is files.
"""
