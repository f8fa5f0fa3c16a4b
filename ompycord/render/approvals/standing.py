"""Permissions for a day as a list: what, in which repository and channel, by whom, until when."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.risk.standing import CallDecision
from ompycord.render.phrases import count, stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = ["standing_name", "standing_text"]

_TITLE: Final = 60
_NAME: Final = 40


def standing_name(one: CallDecision, sanitizer: Sanitizer) -> str:
    """One in short: `7f3k2m npm test in shop (run)`."""
    title = sanitizer.label(one.title, _TITLE) or "(no text)"
    return f"{one.id[-6:].lower()} {title} in {sanitizer.label(one.repository, _NAME)} ({one.risk})"


def standing_text(found: Sequence[CallDecision], sanitizer: Sanitizer) -> str:
    """All of them, the newest first."""
    if not found:
        return "Nothing is allowed for a day here."
    lines = [f"**{count(len(found), 'permission')} for a day**"]
    for one in found:
        place = f"in {sanitizer.line(one.repository, _NAME)}" + (f", <#{one.channel}>" if one.channel else "")
        what = sanitizer.line(one.title, _TITLE) or "(no text)"
        by = sanitizer.line(one.names, _NAME)
        until = "" if one.until is None else f", ends {stamp(one.until)}"
        lines.append(f"- `{one.id[-6:].lower()}` {what} (**{one.risk}**) {place} · by {by}{until}")
    return "\n".join(lines)
