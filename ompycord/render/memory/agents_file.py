"""What is remembered as a part of AGENTS.md, and the other way round: a file's sentences as proposals. Pure.

The part stands between two marks; what is outside of them is the team's own, which an export never changes and an
import reads.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import regex

from ompycord.domain.ids import short_id
from ompycord.domain.memory.items import BODY_LENGTH, TITLE_LENGTH, MemoryItem, MemoryKind, NewMemory
from ompycord.text import clean, cut
from ompycord.text.titles import title_of

__all__ = ["BEGIN", "END", "MOST_LINES", "exported", "imported", "with_part"]

BEGIN: Final = "<!-- ompycord:memory:begin -->"
END: Final = "<!-- ompycord:memory:end -->"
MOST_LINES: Final = 200
"""Sentences of a file that become proposals."""
_SHORTEST: Final = 12
_HEADS: Final = {MemoryKind.DECISION: "Decisions", MemoryKind.LESSON: "Lessons", MemoryKind.FACT: "Facts"}
_BULLET: Final = regex.compile(r"^\s{0,6}(?:[-*+]|\d{1,3}[.)])\s+(?P<text>\S.*)$")
_HEADING: Final = regex.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$")
_COMMENT: Final = regex.compile(r"<!--.*?-->", regex.DOTALL)


def exported(items: Sequence[MemoryItem]) -> str:
    """The part, with its marks: decisions, lessons and facts, each with its day and its name."""
    lines = [BEGIN, "## What this team remembers", ""]
    for kind, head in _HEADS.items():
        found = [one for one in items if one.kind is kind]
        if found:
            lines += [f"### {head}", "", *(_line(one) for one in found), ""]
    return "\n".join([*lines, END])


def _line(item: MemoryItem) -> str:
    day = datetime.fromtimestamp(item.created_at / 1000, UTC).date().isoformat()
    sentence = item.title if not item.body or item.body.startswith(item.title) else f"{item.title}: {item.body}"
    text = " ".join((item.body if item.body.startswith(item.title) else sentence).split())
    files = f" Files: {', '.join(item.paths)}." if item.paths else ""
    return f"- {_COMMENT.sub('', text)}{files} ({day}, `{short_id(item.id)}`)"


def with_part(text: str, part: str) -> str:
    """A file with this part in the place of an earlier one, else at its end."""
    before, begins, rest = text.partition(BEGIN)
    _, ends, after = rest.partition(END)
    if begins and ends:
        return f"{before}{part}{after}"
    return f"{text.rstrip()}\n\n{part}\n" if text.strip() else f"{part}\n"


def imported(text: str) -> Iterator[tuple[int, NewMemory]]:
    """The sentences of a file as facts, each with the number of its line; code and what we exported are left out."""
    heading, number = "", 0
    for line, content in _own_lines(text):
        if found := _HEADING.match(content):
            heading = found["text"]
            continue
        bullet = _BULLET.match(content)
        sentence = " ".join(clean(bullet["text"] if bullet else content).split())
        if len(sentence) < _SHORTEST or not any(map(str.isalpha, sentence)):
            continue
        number += 1
        if number > MOST_LINES:
            return
        title = cut(title_of(sentence) or sentence, TITLE_LENGTH)
        about = f"Under: {heading}" if heading else ""
        body = "\n".join(
            part for part in (sentence if sentence.rstrip(".") != title.rstrip(".") else "", about) if part
        )
        yield line, NewMemory(kind=MemoryKind.FACT, title=title, body=cut(body, BODY_LENGTH))


def _own_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments, fenced code and the exported part."""
    is_code = is_ours = False
    for number, line in enumerate(text.splitlines(), 1):
        if BEGIN in line or END in line:
            is_ours = BEGIN in line
            continue
        if line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
            continue
        if not (is_code or is_ours or line.lstrip().startswith("<!--")):
            yield number, line
