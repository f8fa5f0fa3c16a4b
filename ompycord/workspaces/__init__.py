"""Clones, results and branches of runs, and how their programs are confined.

The only layer that touches git and files.
"""
