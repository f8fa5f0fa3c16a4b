"""What is asked of a data folder for which no process runs."""
