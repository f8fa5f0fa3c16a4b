"""Finds known values, such as secrets, in text: as they are, encoded, in pieces; used by `redact.py` and by the guard.

What nobody sees is no part of a text here: zero-width characters, byte-order marks, soft hyphens, marks of direction
and terminal sequences between two characters of a value do not hide it. One pass over the text, whatever the number of
values.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import regex

from ompycord.text.secret_shapes import MIN_SECRET, encodings

__all__ = ["Found", "KnownValues", "Visible"]

_PIECE: Final = 16
_PIECES_FROM: Final = 3 * _PIECE
"""A form of this length is found by its pieces too: cut anywhere, or wrapped into lines as `base64` does."""
_VARIED: Final = 6
"""Different characters of a piece; one of fewer is not the value's own (padding, zeros)."""

_INVISIBLE: Final = regex.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|[[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}\u2800]--[\n\t\r]]",
    regex.VERSION1,
)


class Visible:
    """A text without what nobody sees, and where its characters stood."""

    __slots__ = ("_at", "_shift", "text")

    def __init__(self, text: str) -> None:
        kept: list[str] = []
        self._at: list[int] = [0]
        self._shift: list[int] = [0]
        end = length = 0
        for match in _INVISIBLE.finditer(text):
            kept.append(text[end : match.start()])
            length += match.start() - end
            end = match.end()
            self._at.append(length)
            self._shift.append(end - length)
        self.text = "".join((*kept, text[end:])) if kept else text

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of it, which is not empty, stands in the text that it was made of."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, at: int) -> int:
        return at + self._shift[bisect_right(self._at, at) - 1]


class Found(NamedTuple):
    """A value in a text, from `start` to `end`."""

    start: int
    end: int
    name: str


class _Form(NamedTuple):
    """One way to write a value: `text[start:stop]` is searched, and the rest of it is taken where it stands there."""

    text: str
    start: int
    stop: int
    name: str


class KnownValues:
    """Values by the name under which they are reported. Values under 8 characters are not searched; none is printed."""

    __slots__ = ("_by_start", "_known", "_whole")

    def __init__(self, values: Iterable[tuple[str, str | bytes]] = ()) -> None:
        """`values` are pairs of a name and a value."""
        self._known: set[tuple[str, str | bytes]] = set()
        self._by_start: dict[str, tuple[_Form, ...]] = {}
        self._whole: dict[str, str] = {}
        self.add(values)

    def __repr__(self) -> str:
        return f"<KnownValues: {len(self._known)}>"

    def __len__(self) -> int:
        return len(self._known)

    @property
    def forms(self) -> Iterable[str]:
        """Every whole form that is searched."""
        return self._whole.keys()

    def add(self, values: Iterable[tuple[str, str | bytes]]) -> None:
        """Know these values too; nothing that is known is forgotten."""
        for name, value in values:
            if (name, value) in self._known:
                continue
            self._known.add((name, value))
            for form in encodings(value):
                if form not in self._whole:
                    self._whole[form] = name
                    self._index(form, name)

    def _index(self, form: str, name: str) -> None:
        searched = [_Form(form, 0, len(form), name)]
        if len(form) >= _PIECES_FROM and not any(letter.isspace() for letter in form):
            ends = range(_PIECE, len(form) + 1, _PIECE)
            searched += [_Form(form, end - _PIECE, end, name) for end in ends]
        for one in searched:
            part = one.text[one.start : one.stop]
            if len(part) < len(form) and len(set(part)) < _VARIED:
                continue
            key = part[:MIN_SECRET]
            self._by_start[key] = (*self._by_start.get(key, ()), one)

    def find(self, text: str) -> list[Found]:
        """Where values stand in `text`, in no order; places of several values may overlap."""
        if not self._by_start:
            return []
        found = list(self._find(text))
        if _INVISIBLE.search(text) is not None:
            visible = Visible(text)
            found += [Found(*visible.span(one.start, one.end), one.name) for one in self._find(visible.text)]
        return found

    def first(self, text: str) -> str | None:
        """The name of the value that stands first in `text`, None where there is none."""
        found = self.find(text)
        return min(found).name if found else None

    def _find(self, text: str) -> Iterator[Found]:
        by_start = self._by_start
        starts = [at for at in range(len(text) - MIN_SECRET + 1) if text[at : at + MIN_SECRET] in by_start]
        taken: dict[str, int] = {}  # how far pieces of a form were followed: none is followed twice
        for at in starts:
            for form in by_start[text[at : at + MIN_SECRET]]:
                is_whole = form.stop - form.start == len(form.text)
                if not is_whole and at < taken.get(form.text, 0):
                    continue
                if not text.startswith(form.text[form.start : form.stop], at):
                    continue
                if is_whole:
                    yield Found(at, at + len(form.text), form.name)
                    continue
                start, end = _extended(text, at, form)
                taken[form.text] = end
                yield Found(start, end, form.name)


def _extended(text: str, at: int, form: _Form) -> tuple[int, int]:
    """The place of a piece at `at`, with what stands before and behind it as in the whole form."""
    start, before = at, form.start
    while start > 0 and before > 0 and text[start - 1] == form.text[before - 1]:
        start, before = start - 1, before - 1
    end, behind = at + form.stop - form.start, form.stop
    while end < len(text) and behind < len(form.text) and text[end] == form.text[behind]:
        end, behind = end + 1, behind + 1
    return start, end
