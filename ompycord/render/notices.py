"""The sentences of refusals and recoveries: what happened, to what, what now. Counterpart of every refusal and
recovery.

No exclamation marks, no apology. Names and answers come from people, so they pass the gate here.
"""

from ompycord.domain.base import Millis
from ompycord.render.phrases import stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = [
    "already_decided",
    "needs_role",
    "no_such_run",
    "not_the_requester",
    "old_button",
    "reply_too_late",
    "repository_missing",
    "watch_only",
]

_NAME = 60


def watch_only(helper: str | None, sanitizer: Sanitizer) -> str:
    """A viewer tried to start a run; `helper` is the role that can change that."""
    who = f"@{sanitizer.line(helper, _NAME)}" if helper else "An admin"
    return f"You can watch here, not start runs. {who} can give you *runner*."


def needs_role(needed: str, helper: str | None, sanitizer: Sanitizer) -> str:
    """Somebody pressed what their role does not allow."""
    who = f"@{sanitizer.line(helper, _NAME)}" if helper else "An admin"
    return f"This needs the role *{needed}*. {who} can give it to you or do it."


def repository_missing() -> str:
    """A prompt came from a channel that is bound to no repository."""
    return "This channel has no repository. Choose one in the form, or ask an admin to set the repository's `channel` in `ompycord.yml`."


def already_decided(by: str, at: Millis, what: str, sanitizer: Sanitizer) -> str:
    """A second click on a question or an approval."""
    return f"Already answered by {sanitizer.line(by, _NAME)}, {stamp(at, 't')}: *{sanitizer.line(what, 300)}*."


def not_the_requester() -> str:
    """The two-person rule."""
    return "You asked for this run, so somebody else must allow it. It waits here for another approver."


def old_button(url: str) -> str:
    """A button of a card that has rolled over."""
    return f"That button is from an older card. Here is the live one: {url}"


def no_such_run() -> str:
    """A name that matches no run here."""
    return "No run of this server has that name. `/omp runs` lists them."


def reply_too_late() -> str:
    """Discord did not take our acknowledgement; goes with a Resume button."""
    return "Discord did not take my reply in time. Your text is safe."
