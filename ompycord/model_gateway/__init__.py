"""The model gateway: agents ask models through it, by the token of their step; keys of providers stay here.

Bytes pass as they are. What is read of them is which model is asked, and what it used (`meter.py`).
"""
