"""Runs from a terminal: started, resumed and told, with the process that holds the data folder or without one."""
