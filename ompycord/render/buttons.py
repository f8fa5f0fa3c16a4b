"""The buttons a card can have, by action; counterpart of the bot's table of component handlers.

An action's name is at most 8 characters, so that the signed id fits
(docs/contracts/commands-and-buttons.md, *Component ids*).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ompycord.domain.ids import RunId
from ompycord.render.cardview import Button, Style
from ompycord.text.limits import ROW_BUTTONS

__all__ = ["ACTIONS", "MOST_BUTTONS", "buttons_for"]

MOST_BUTTONS: Final = ROW_BUTTONS
"""docs/contracts/cards.md, *Colour and words*: at most five."""


class _Look(NamedTuple):
    label: str
    style: Style = "secondary"
    emoji: str | None = None


ACTIONS: Final[dict[str, _Look]] = {
    "edit": _Look("Edit"),
    "stop": _Look("Stop"),
    "say": _Look("Say…"),
    "diff": _Look("Diff"),
    "details": _Look("Details"),
    "cancel": _Look("Cancel run", "danger"),
    "resume": _Look("Resume", "primary"),
    "switch": _Look("Switch agent"),
    "raise": _Look("Raise the limit", "primary"),
    "approve": _Look("Approve plan", "success"),
    "reject": _Look("Reject plan…", "danger"),
    "retry": _Look("Retry", "primary"),
    "checks": _Look("Checks"),
    "takeover": _Look("Take over"),
    "again": _Look("Run again"),
    "runcheck": _Look("Run checks", "primary"),
    "fixsetup": _Look("Fix setup"),
    "good": _Look("Good", emoji="👍"),
    "bad": _Look("Not good", emoji="👎"),
}
"""Every action a card's button can have, with its look."""


def buttons_for(run: RunId, wanted: Iterable[str], actions: frozenset[str]) -> tuple[Button, ...]:
    """The wanted actions that exist, in order. A button whose action does not exist is not shown."""
    return tuple(
        Button(action=name, label=look.label, style=look.style, emoji=look.emoji, ref=run)
        for name in wanted
        if name in actions
        for look in (ACTIONS[name],)
    )
