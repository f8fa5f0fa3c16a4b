"""The sentences of refusals and recoveries: what happened, to what, what now.

Counterpart of every refusal and recovery. No exclamation marks, no apology. Names and answers come from people, so they
are sanitized here.
"""

from ompycord.domain.base import Millis
from ompycord.render.phrases import stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = [
    "already_decided",
    "old_button",
    "reply_too_late",
    "repository_missing",
    "role_holder",
]

_NAME = 60


def role_holder(helper: str | None, sanitizer: Sanitizer) -> str:
    """Who can grant a role; `helper` is the name of Discord's role for that, where one is configured."""
    return f"@{sanitizer.line(helper, _NAME)}" if helper else "an admin"


def repository_missing() -> str:
    """For a prompt from a channel that is bound to no repository."""
    return (
        "This channel has no repository. Choose one in the form, or ask an admin to set the repository's "
        "`channel` in `ompycord.yml`."
    )


def already_decided(by: str, at: Millis, what: str, sanitizer: Sanitizer) -> str:
    """For a second click on a question or an approval."""
    return f"Already answered by {sanitizer.line(by, _NAME)}, {stamp(at, 't')}: *{sanitizer.line(what, 300)}*."


def old_button(url: str) -> str:
    """For a button of a card that has rolled over."""
    return f"That button is from an older card. Here is the live one: {url}"


def reply_too_late() -> str:
    """For an acknowledgement that Discord did not accept; goes with a Resume button."""
    return "Discord did not accept my reply in time. Your text is saved."
