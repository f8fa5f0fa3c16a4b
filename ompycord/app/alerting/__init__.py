"""Alerts: what is looked at, what is wrong, who is notified of it by which ways, and the ping while all is well."""
