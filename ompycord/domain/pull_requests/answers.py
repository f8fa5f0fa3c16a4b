"""What an agent says of each review thread in its last message; pure. `dialects/prompts/review_text.py` asks for it."""

import re
from typing import Final, Literal, NamedTuple

__all__ = ["ThreadAnswer", "answers_of"]

_ANSWER: Final = re.compile(r"^\W*thread\s+(\d+)\W*?:\W*(done|disagree|defer)\b[\s:*`—–-]*(.*)$", re.IGNORECASE)


class ThreadAnswer(NamedTuple):
    """What the agent says that it did about a thread; its place in the round, from 1."""

    place: int
    kind: Literal["done", "disagree", "defer"]
    why: str


def answers_of(words: str, threads: int) -> dict[int, ThreadAnswer]:
    """By a thread's place; the last line about each counts."""
    found: dict[int, ThreadAnswer] = {}
    for line in words.splitlines():
        match = _ANSWER.match(line)
        if match is None or not 1 <= int(match[1][:6]) <= threads:
            continue
        kind: Literal["done", "disagree", "defer"]
        kind = "done" if match[2].lower() == "done" else "disagree" if match[2].lower() == "disagree" else "defer"
        found[int(match[1])] = ThreadAnswer(int(match[1]), kind, match[3].strip(" `*"))
    return found
