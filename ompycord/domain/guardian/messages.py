"""Finds an agent that writes nearly the same message again and again and does nothing; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.verdicts import LoopVerdict, quoted_list

__all__ = ["AgentMessage", "find_same_messages", "similarity"]

_WORD: Final = re.compile(r"\w+")
_LEAST_WORDS: Final = 6
"""Shorter messages are lines of a program, such as dots of progress, rather than an agent's thoughts."""
_MOST_WORDS: Final = 400
_SHINGLE: Final = 3
_SHOWN: Final = 80
_KEPT: Final = 500
"""Characters of a message that are kept to be quoted."""


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """A message of the agent, with what it is compared by."""

    text: str
    words: int
    shingles: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, text: str) -> "AgentMessage":
        """Read at most the first 400 words."""
        words = [match[0].casefold() for match in _WORD.finditer(text[: 16 * _MOST_WORDS])][:_MOST_WORDS]
        size = min(_SHINGLE, len(words))
        starts = range(len(words) - size + 1) if size else ()
        return cls(text[:_KEPT], len(words), frozenset(tuple(words[at : at + size]) for at in starts))


def find_same_messages(messages: Sequence[AgentMessage], options: GuardianOptions) -> LoopVerdict | None:
    """Judge the messages since the last step of the agent, the latest last."""
    last = messages[-options.max_messages :]
    if len(last) < options.max_messages or any(message.words < _LEAST_WORDS for message in last):
        return None
    if any(similarity(first, second) < options.similarity for first, second in pairwise(last)):
        return None
    line = " ".join(last[-1].text.split())
    shown = line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1].rstrip()}…"
    evidence = f"It wrote nearly the same message {len(last)} times and did nothing in between: {quoted_list([shown])}."
    return LoopVerdict("messages", evidence, len(last))


def similarity(first: AgentMessage, second: AgentMessage) -> float:
    """The share of their word triples that two messages have in common (Jaccard), from 0 to 1."""
    either = first.shingles | second.shingles
    return len(first.shingles & second.shingles) / len(either) if either else 1.0
