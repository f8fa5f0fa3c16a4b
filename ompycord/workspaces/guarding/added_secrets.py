"""Secrets of well-known formats in what a result adds; pure. The value of one never leaves this module."""

from collections.abc import Iterable
from typing import Final

from ompycord.domain.events import GuardFinding
from ompycord.text.secret_shapes import named_shapes

__all__ = ["added_secrets"]

_PLACEHOLDERS: Final = ("xxxxxxxx", "XXXXXXXX", "placeholder")


def added_secrets(path: str, new: str, old: Iterable[str]) -> list[GuardFinding]:
    """A finding for each secret in `new` that stands in none of the `old` texts: a line that moved adds nothing."""
    before = list(old)
    findings: list[GuardFinding] = []
    for name, start, end in named_shapes(new):
        value = new[start:end]
        is_shown = any(word in value for word in _PLACEHOLDERS)
        if is_shown or any(value in text for text in before):
            continue
        line = new.count("\n", 0, start) + 1
        findings.append(GuardFinding(rule="secret", path=path, line=line, detail=name))
    return sorted(findings, key=lambda one: one.line or 0)
