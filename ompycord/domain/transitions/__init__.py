"""What the edges of the stages ask of the machine and write into it; pure. `stages.py` puts them to the edges."""
