"""Finds an agent that writes nearly the same message again and again and does nothing; pure."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.verdicts import LoopVerdict, quoted_list

__all__ = ["find_same_messages", "similarity"]

_WORD: Final = re.compile(r"\w+")
_LEAST_WORDS: Final = 6
"""Shorter messages are lines of a program, such as dots of progress, rather than an agent's thoughts."""
_MOST_WORDS: Final = 400
_SHINGLE: Final = 3
_SHOWN: Final = 80


def find_same_messages(messages: Sequence[str], options: GuardianOptions) -> LoopVerdict | None:
    """Judge the messages since the last step of the agent, the latest last."""
    last = messages[-options.max_messages :]
    if len(last) < options.max_messages or any(len(_words(text)) < _LEAST_WORDS for text in last):
        return None
    if any(similarity(first, second) < options.similarity for first, second in pairwise(last)):
        return None
    line = " ".join(last[-1].split())
    shown = line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1].rstrip()}…"
    evidence = f"It wrote nearly the same message {len(last)} times and did nothing in between: {quoted_list([shown])}."
    return LoopVerdict("messages", evidence, len(last))


def similarity(first: str, second: str) -> float:
    """The share of their word triples that two texts have in common (Jaccard), from 0 to 1."""
    one, other = _shingles(first), _shingles(second)
    if not one and not other:
        return 1.0
    return len(one & other) / len(one | other)


def _words(text: str) -> list[str]:
    return [match[0].casefold() for match in _WORD.finditer(text[: 16 * _MOST_WORDS])][:_MOST_WORDS]


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _words(text)
    if len(words) < _SHINGLE:
        return frozenset({tuple(words)}) if words else frozenset()
    return frozenset(tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1))
