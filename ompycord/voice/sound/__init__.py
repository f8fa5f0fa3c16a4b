"""Recordings by their bytes: which kind they are, how long, whether anything can be heard. Pure.

Nothing is decoded, and no name is believed. Each kind has a file, whose function answers None for what it cannot read.
"""
