"""What waits for a person, as a list with links; counterpart of `bot/commands/waiting/mine.py`."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.base import Frozen, Millis
from ompycord.render.phrases import count, stamp
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import utf16_len

__all__ = ["WaitingFor", "waiting_text"]

_LONGEST: Final = 1900
"""Units of the list; Discord takes 2,000."""
_TEXT: Final = 120
_NAME: Final = 60


class WaitingFor(Frozen):
    """One thing to decide."""

    what: str
    """Its risk class, `question` or `plan`."""
    text: str
    run: str
    repository: str | None = None
    asked_at: Millis
    url: str | None = None
    """Where to decide it; None until it is posted."""


def waiting_text(found: Sequence[WaitingFor], sanitizer: Sanitizer) -> str:
    """All of it, oldest first, as far as a message holds it."""
    if not found:
        return "Nothing waits for you here."
    ordered = sorted(found, key=lambda one: one.asked_at)
    verb = "waits" if len(found) == 1 else "wait"
    lines = [f"**{count(len(found), 'decision')} {verb} for you**, the oldest since {stamp(ordered[0].asked_at)}"]
    for number, one in enumerate(ordered):
        line = _line(one, sanitizer)
        if utf16_len("\n".join((*lines, line))) > _LONGEST:
            lines.append(f"… and {len(ordered) - number} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _line(one: WaitingFor, sanitizer: Sanitizer) -> str:
    where = sanitizer.line(one.repository or "", _NAME)
    run = sanitizer.line(one.run, _NAME)
    text = sanitizer.line(one.text, _TEXT) or "(no text)"
    link = f" [Decide]({one.url})" if one.url is not None else ""
    return f"- **{one.what}** {text} · *{run}*{f' in {where}' if where else ''} · {stamp(one.asked_at)}{link}"
