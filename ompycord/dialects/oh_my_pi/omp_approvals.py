"""Approval for a tool, as oh-my-pi asks for it: a `select` dialog titled `Allow tool: …`."""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ompycord.dialects.frames import Frame, found, listed, named, one_line, prose, string

__all__ = ["APPROVE", "DENY", "ToolApproval", "is_approval", "read_approval"]

_APPROVAL: Final = "Allow tool: "
APPROVE: Final = "Approve"
DENY: Final = "Deny"
_LABELS: Final = ("Command: ", "Path: ", "File: ")
_REASON: Final = "Reason: "
_EDITORS: Final = frozenset({"write", "edit"})
"""Tools that change files of the clone: approval for the run covers all their calls.

Any other tool's covers equal calls.
"""
_READ: Final = 262_144
_MENDED: Final = 8
_ELIDED: Final = re.compile(r"\[…(\d{1,9})ch elided…\]")


@dataclass(frozen=True, slots=True)
class ToolApproval:
    """What the agent wants to do."""

    title: str
    text: str | None
    """All of it."""
    risk: str | None
    grant: tuple[str, str] | None
    """What approval for the whole run would cover; None where the text is not complete, so that it covers no more."""


def is_approval(frame: Frame) -> bool:
    """Whether a dialog asks for approval, and not the model for an answer."""
    return string(frame, "title").startswith(_APPROVAL) and listed(frame, "options") == [APPROVE, DENY]


def read_approval(title: str, calls: list[Frame]) -> ToolApproval:
    """The request in a dialog's title; what omp cut away (2,000 characters) is restored from the agent's `calls`."""
    first, _, details = title[:_READ].removeprefix(_APPROVAL).partition("\n")
    tool = one_line(first, 128) or "a tool"
    lines = [line for line in details.splitlines() if line.strip()]
    reason = next((line.removeprefix(_REASON) for line in lines if line.startswith(_REASON)), "")
    subject = _unlabelled(next((line for line in lines if not line.startswith(_REASON)), ""))
    whole = _completed(details, [call for call in calls if string(call, "name").strip() == first.strip()])
    is_complete = _ELIDED.search(whole) is None
    return ToolApproval(
        title=one_line(f"{tool}: {subject}" if subject else tool),
        text=prose(_unlabelled(whole)) or None,
        risk=named(reason),
        grant=(tool, "" if tool in _EDITORS else whole) if is_complete else None,
    )


def _completed(details: str, calls: list[Frame]) -> str:
    """`details` with every elision replaced by what a call's argument really contains there."""
    for mark in islice(_ELIDED.finditer(details), _MENDED):
        for call in calls:
            for value in found(call, "arguments").values():
                if isinstance(value, str) and (head := _head(value, int(mark[1]))):
                    details = details.replace(head + mark[0], value)
    return details


def _head(value: str, omitted: int) -> str:
    """`value` without its last UTF-16 units, as JavaScript counts them; empty where it has no more."""
    units = value.encode("utf-16-le", "surrogatepass")
    return units[: max(0, len(units) - 2 * omitted)].decode("utf-16-le", "replace") if omitted else ""


def _unlabelled(text: str) -> str:
    label = next((label for label in _LABELS if text.startswith(label)), "")
    return text.removeprefix(label)
