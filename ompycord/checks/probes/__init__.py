"""What a test runner is started with where we look into its process: a canary, a selection, a report as it goes.

The programs here run in the checked repository's Python, not in ours: they import its runner and the standard library
alone. `probe.py` writes them beside the checkout and reads what they report.
"""
