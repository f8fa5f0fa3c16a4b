"""Pure: GitHub's objects as its REST interface answers with them, every field that its description requires."""
