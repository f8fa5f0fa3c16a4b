"""Approval for a tool, as oh-my-pi asks for it: a `select` dialog titled `Allow tool: …`."""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ompycord.dialects.frames import Frame, found, listed, named, one_line, string
from ompycord.dialects.requests.tool_approval import RequestedCall

__all__ = ["APPROVE", "DENY", "ToolApproval", "is_approval", "read_approval"]

_APPROVAL: Final = "Allow tool: "
APPROVE: Final = "Approve"
DENY: Final = "Deny"
_LABELS: Final = ("Command: ", "Path: ", "File: ")
_REASON: Final = "Reason: "
_SHOWN: Final = re.compile(
    r"(?:Reason: [^\n]*\n+)?(?:(?:Path|File): ([^\n]*)\n*)?(?:Command: (.*))?(?:Content:\n(.*))?", re.DOTALL
)
"""A dialog's parts, each below its label: where, what to run, what to write."""
_EDITORS: Final = frozenset({"write", "edit"})
_READ: Final = 262_144
_MENDED: Final = 8
_ELIDED: Final = re.compile(r"\[…(\d{1,9})ch elided…\]")


@dataclass(frozen=True, slots=True)
class ToolApproval:
    """What the agent wants to do."""

    title: str
    risk: str | None
    call: RequestedCall
    """All of it; incomplete where omp left out what none of the agent's calls holds."""


def is_approval(frame: Frame) -> bool:
    """Whether a dialog asks for approval, and not the model for an answer."""
    return string(frame, "title").startswith(_APPROVAL) and listed(frame, "options") == [APPROVE, DENY]


def read_approval(title: str, calls: list[Frame]) -> ToolApproval:
    """The request in a dialog's title; what omp cut away (2,000 characters) is restored from the agent's `calls`.

    Where exactly one of them fits the dialog, it is that call, with all of its arguments.
    """
    first, _, details = title[:_READ].removeprefix(_APPROVAL).partition("\n")
    tool = one_line(first, 128) or "a tool"
    lines = [line for line in details.splitlines() if line.strip()]
    reason = next((line.removeprefix(_REASON) for line in lines if line.startswith(_REASON)), "")
    subject = _unlabelled(next((line for line in lines if not line.startswith(_REASON)), ""))
    candidates = [call for call in calls if string(call, "name").strip() == first.strip()]
    whole = _completed(details, candidates).strip("\n")
    arguments = found(candidates[0], "arguments") if len(candidates) == 1 else {}
    text = _unlabelled(whole)
    is_that_call = _fits(whole, arguments)
    return ToolApproval(
        title=one_line(f"{tool}: {subject}" if subject else tool),
        risk=named(reason),
        call=RequestedCall(
            tool=first.strip(),
            arguments=arguments if is_that_call else {"command": text} if text else {},
            is_edit=tool in _EDITORS and is_that_call,
            is_title_alone=not (is_that_call or text),
            is_complete=_ELIDED.search(whole) is None and len(title) <= _READ,
        ),
    )


def _fits(whole: str, arguments: Frame) -> bool:
    """Whether every part of a dialog is an argument of this call, whole."""
    shown = _SHOWN.fullmatch(whole)
    parts = [part.strip("\n") for part in shown.groups() if part is not None] if shown else []
    values = {value.strip("\n") for value in arguments.values() if isinstance(value, str)}
    return bool(parts) and values >= set(parts)


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
