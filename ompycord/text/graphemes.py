"""Measuring and cutting text without splitting what a person sees as one character; its counterpart is `sanitise.py`.

Every cut here is deterministic, idempotent and linear in the length of its input. A budget is in UTF-16 units, so it
holds in code points too. Clusters over `limits.CLUSTER` units become U+FFFD first (docs/platform/discord.md, *Sizes*).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

import regex

from ompycord.text.limits import CLUSTER

__all__ = [
    "ELLIPSIS",
    "REPLACEMENT",
    "clusters",
    "code_points",
    "cut",
    "cut_head",
    "cut_lines",
    "is_oversized",
    "stretches",
    "utf16_len",
]

ELLIPSIS: Final = "…"
REPLACEMENT: Final = "\ufffd"

# `\X` alone counts regional indicators back to the start of their run: 80,000 took 23 s (measured, regex 2026.11.15).
_CLUSTER: Final = regex.compile(
    r"[\U0001F1E6-\U0001F1FF]{1,2}[\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]*|\X",
)
# Single characters of one unit that neither neighbour can join: found in one go, they need no check of each.
_STRETCH: Final = regex.compile(
    r"((?:[[\p{GCB=Other}\n\t]--[\U00010000-\U0010FFFF]](?![\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]))++)|"
    + _CLUSTER.pattern,
    regex.VERSION1,
)
# Glues whatever follows to itself, so nothing may be appended to it.
_PREPEND: Final = regex.compile(r"\p{GCB=Prepend}")
_TICKS: Final = regex.compile("`+")
_FENCE: Final = 3
_FENCE_CLOSER: Final = "\n```"


def utf16_len(text: str) -> int:
    """Length in UTF-16 units; a lone surrogate counts as one."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def code_points(text: str) -> int:
    """Length in code points, which is what Discord's servers count."""
    return len(text)


def clusters(text: str) -> Iterator[str]:
    """The grapheme clusters of `text` in order, found as they are asked for."""
    for match in _CLUSTER.finditer(text):
        yield match.group()


def stretches(text: str) -> Iterator[tuple[int, int, bool]]:
    """`text` from start to end as (start, stop, is_run).

    Each stretch is a run of clusters of one UTF-16 unit each, or one other cluster. Most texts consist of a few long
    runs, where `clusters` gives a match for each character.
    """
    if text.isascii() and "\r" not in text:
        if text:
            yield 0, len(text), True
        return
    for match in _STRETCH.finditer(text):
        yield match.start(), match.end(), match.lastindex is not None


def is_oversized(cluster: str) -> bool:
    """Whether one cluster has more than `limits.CLUSTER` units."""
    return 2 * len(cluster) > CLUSTER and utf16_len(cluster) > CLUSTER


def cut(text: str, budget_utf16: int, ellipsis: str = ELLIPSIS) -> str:
    """`text` within `budget_utf16` units; where something was lost, `ellipsis` follows and open code is closed again.

    A budget too small for the ellipsis gives the empty string; so does a negative one.
    """
    head = _Head(text, budget_utf16)
    return head.text if head.is_whole else head.ended(budget_utf16, ellipsis, _FENCE_CLOSER, lambda end, _: end)


def cut_head(text: str, budget_utf16: int, ellipsis: str = ELLIPSIS) -> str:
    """The end of `text` within `budget_utf16` units; where something was lost, `ellipsis` stands before it.

    For what tells its point last, such as a program's last words. A budget too small for the ellipsis gives the empty
    string.
    """
    if utf16_len(text[-budget_utf16 - 1 :] if budget_utf16 > 0 else text) <= max(budget_utf16, 0):
        return text
    room = budget_utf16 - utf16_len(ellipsis)
    kept: list[str] = []
    for cluster in reversed(list(clusters(text[-budget_utf16:]))[1:] if room > 0 else ()):  # the first may be a part
        room -= utf16_len(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return ellipsis + "".join(reversed(kept)) if budget_utf16 >= utf16_len(ellipsis) else ""


def cut_lines(text: str, budget_utf16: int, max_lines: int, ellipsis: str = ELLIPSIS) -> str:
    """Whole leading lines of `text`, then `ellipsis` on a line of its own; both limits hold for all of it.

    A line that closes a code fence counts too. Where not even one line fits, the first is cut as `cut` does.
    """
    if max_lines < 1:
        return ""
    head = _Head(text, budget_utf16)
    if head.is_whole and head.text.count("\n") < max_lines:
        return head.text
    breaks = [index for index, char in enumerate(head.text) if char == "\n"]
    if head.is_whole:
        breaks.append(len(head.text))

    def to_line_end(end: int, closer: str) -> int:
        spare = 1 + closer.count("\n")
        lines = min(bisect_right(breaks, end), max_lines - spare)
        return breaks[lines - 1] if lines > 0 else 0

    lines = head.ended(budget_utf16, "\n" + ellipsis, _FENCE_CLOSER, to_line_end)
    if lines and not lines.startswith("\n"):
        return lines
    first = breaks[0] if breaks else len(head.text)
    return head.ended(budget_utf16, ellipsis, _FENCE_CLOSER.strip(), lambda end, _: min(end, first))


class _Head:
    """The first clusters of a text, oversized ones replaced, up to a budget; `rest` is the part that was not read."""

    def __init__(self, text: str, budget: int) -> None:
        pieces: list[str] = []
        sizes: list[int] = []
        lengths: list[int] = []
        left, seen = max(budget, 0), 0
        for start, stop, is_run in stretches(text):
            whole = text[start:stop]
            if is_run:
                piece = whole[:left]
                seen = start + len(piece)
                ones = [1] * len(piece)
                sizes += ones
                lengths += ones
                left -= len(piece)
            else:
                piece = REPLACEMENT if is_oversized(whole) else whole
                size = utf16_len(piece)
                if size > left:
                    break
                seen = stop
                sizes.append(size)
                lengths.append(len(piece))
                left -= size
            pieces.append(piece)
            if seen < stop:
                break
        self.text = "".join(pieces)
        self.is_whole = seen == len(text)
        self._rest = text[seen:]
        self._units = list(accumulate(sizes, initial=0))
        self._ends = list(accumulate(lengths, initial=0))

    def ended(self, budget: int, ellipsis: str, fence_closer: str, place: Callable[[int, str], int]) -> str:
        """The text up to where `place(end, closer)` moves the cut, `ellipsis`, and what closes open code."""
        for room in ("", "`", "``", fence_closer):
            units = budget - utf16_len(ellipsis) - len(room)
            if units < 0:
                break
            end = place(self._ends[bisect_right(self._units, units) - 1], room)
            end, closer = self._code_closer(end, fence_closer)
            if len(closer) <= len(room):
                body = self.text[: self._before_prepends(end)] if ellipsis or closer else self.text[:end]
                # A closing run of backticks must not grow by those of the content.
                return (body if ellipsis or not closer else body.rstrip("`")) + ellipsis + closer
        return ellipsis if utf16_len(ellipsis) <= budget else ""

    def _before_prepends(self, end: int) -> int:
        while end and _PREPEND.match(self.text[end - 1]):
            end -= 1
        return end

    def _code_closer(self, end: int, fence_closer: str) -> tuple[int, str]:
        """Where to cut instead of `end` so that no run of backticks is halved, and what closes the code open there."""
        runs = [(match.start(), match.end()) for match in _TICKS.finditer(self.text + self._rest)]
        index = 0
        while index < len(runs) and runs[index][0] < end:
            start, stop = runs[index]
            kind = min(stop - start, _FENCE)
            closing = next((at for at in range(index + 1, len(runs)) if _kind(runs[at]) == kind), None)
            if closing is None and kind < _FENCE:  # a stray backtick is no code; no later run has its length either
                end = start if end < stop else end
                index += 1
                continue
            if end <= stop:  # nothing but the opening run would stay
                return start, ""
            if closing is None or end < runs[closing][1]:
                end = end if closing is None else min(end, runs[closing][0])
                return self._outside_runs(end, runs), fence_closer if kind == _FENCE else "`" * kind
            index = closing + 1
        return end, ""

    @staticmethod
    def _outside_runs(end: int, runs: list[tuple[int, int]]) -> int:
        index = bisect_right(runs, (end, -1)) - 1
        return runs[index][0] if index >= 0 and end < runs[index][1] else end


def _kind(run: tuple[int, int]) -> int:
    return min(run[1] - run[0], _FENCE)
