"""Secrets that people write into sentences: *the admin password is …*; beside those that the process knows. Pure."""

from typing import Final

import regex

from ompycord.text import REDACTED

__all__ = ["without_prose_secrets"]

_NAMED: Final = regex.compile(
    r"\b(?P<name>pass(?:word|wd|phrase|code)|secret|token|api[ _-]?key|pin|credentials?)"
    r"(?P<joint>\s{0,3}(?:is|was|are|=|:|→)\s{0,3})(?P<quote>[\"'`]?)(?P<value>[^\s\"'`,;]{4,200}+)",
    regex.IGNORECASE,
)


def without_prose_secrets(text: str) -> str:
    """`text` without what it names as a secret, where that has a digit or a sign, as no word of a language has."""
    return _NAMED.sub(_redacted, text)


def _redacted(match: "regex.Match[str]") -> str:
    value = match["value"].rstrip(".")
    if value.isalpha() or value.startswith(("http", "$", "{", "<")):  # *the token is required*, a variable's name
        return match[0]
    return f"{match['name']}{match['joint']}{match['quote']}{REDACTED}{match['value'][len(value) :]}"
