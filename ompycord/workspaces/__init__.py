"""Clones, results and branches of runs, and how their programs are confined.

It is the only layer that touches git and files.
"""
