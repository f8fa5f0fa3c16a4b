"""Full-text search as SQLite gives it, with which `ompycord memory eval` compares ours."""

import re
import sqlite3
from collections.abc import Sequence
from typing import Final

from ompycord.store.statements import load

__all__ = ["PlainSearch"]

_SQL = load("apart/plain_search")
_CREATE = _SQL.one("create")
_PUT = _SQL.one("put")
_FIND = _SQL.one("find")
_WORD: Final = re.compile(r"\w+")


class PlainSearch:
    """An index in memory. Close it at the end."""

    def __init__(self, texts: Sequence[tuple[str, str, str]]) -> None:
        """`texts` are an id, a title and a body each."""
        self._raw = sqlite3.connect(":memory:")
        self._raw.execute(_CREATE)
        self._ids = [one for one, _, _ in texts]
        self._raw.executemany(_PUT, [(row, title, body) for row, (_, title, body) in enumerate(texts)])

    def find(self, text: str, most: int) -> list[str]:
        """Ids of the texts that have any of the words, the best first."""
        words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in words)
        return [self._ids[row] for (row,) in self._raw.execute(_FIND, (match, most))]

    def close(self) -> None:
        self._raw.close()
