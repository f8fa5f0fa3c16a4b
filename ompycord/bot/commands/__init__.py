"""The `/omp` commands, one file each; `tree.py` puts them together."""
