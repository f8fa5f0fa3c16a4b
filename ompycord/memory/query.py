"""A task or a person's words as a query: which terms, in what order, and when too little is known; pure."""

from dataclasses import dataclass
from typing import Final

import regex

from ompycord.memory.words import is_telling, stem, words_of

__all__ = ["LEAST_TERMS", "MOST_TERMS", "Query", "query_of"]

MOST_TERMS: Final = 64
LEAST_TERMS: Final = 2
"""With fewer telling terms a task is not known well enough to recall anything for it."""
_LONGEST: Final = 32_000
"""Characters of a text that are read."""
_TOKEN: Final = regex.compile(r"[\w./@+-]++")
_EXTENSION: Final = regex.compile(r"[a-zA-Z]\w{0,7}")
_ERROR: Final = regex.compile(r"error|exception|failed|failure|panic|traceback|assert", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """Terms in the order of what they say: of paths, of error lines, of the rest."""

    terms: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()
    """Files that the text names."""

    @property
    def match(self) -> str:
        """For the index: quoted terms joined by OR, so that nothing in them is syntax."""
        return " OR ".join(f'"{term}"' for term in self.terms)

    @property
    def is_enough(self) -> bool:
        """Whether it says enough to recall anything by itself."""
        return len({stem(term) for term in self.terms}) >= LEAST_TERMS


def query_of(text: str) -> Query:
    """The query that a text makes."""
    text = text[:_LONGEST].replace("\0", " ")
    paths = dict.fromkeys(path for match in _TOKEN.finditer(text) if (path := _path(match[0])))
    errors = [line for line in text.splitlines() if _ERROR.search(line)]
    found: dict[str, None] = {}
    for part in (*paths, *errors, text):
        for word in words_of(part):
            if is_telling(word):
                found.setdefault(word)
                if len(found) == MOST_TERMS:
                    return Query(tuple(found), frozenset(paths))
    return Query(tuple(found), frozenset(paths))


def _path(token: str) -> str:
    """The path that a token of a text is; empty where it is none: an address, a number, a word at the end of a line."""
    if token.startswith("//") or ("@" in token and "/" not in token):
        return ""
    token = token.strip("./")
    folders, _, name = token.rpartition("/")
    stem_, _, extension = name.rpartition(".")
    if "//" in token or not name:
        return ""
    is_file = bool(stem_) and _EXTENSION.fullmatch(extension) is not None
    return token if folders or is_file else ""
