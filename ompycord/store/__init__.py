"""The only SQL of the product: one writer with group commit, a few readers, migrations.

Implements the ports of `domain/ports/store.py`, `shown.py` and `people.py`.
"""

from ompycord.store.features.projection import PROJECTOR
from ompycord.store.opening import examine_database, make_database, open_store
from ompycord.store.sqlite import SqliteStore

__all__ = ["PROJECTOR", "SqliteStore", "examine_database", "make_database", "open_store"]
