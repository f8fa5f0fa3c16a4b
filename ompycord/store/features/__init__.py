"""The store by feature: one file each, with its statements in `sql/`; `sqlite.py` puts them together.

A feature has its records in the domain, its file here, its statements, and a migration of its own.
"""

__all__: list[str] = []
