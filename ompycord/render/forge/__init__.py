"""What is written on a forge: Markdown that notifies no one and closes nothing by another's words."""
