"""Roles that admins give at run time, beside those of the settings."""
