"""Services of a run, such as a database: found on this machine, started empty beside each program that uses them."""
