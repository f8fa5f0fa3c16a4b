"""From what is wrong now to what people are notified of: a duration, one notice, one recovery, quiet hours; pure.

Counterparts: `app/alerting/rules.py`, which says what is wrong, `app/alerting/keeper.py`, which has clock and store.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from ompycord.domain.alerting.options import AlertName
from ompycord.domain.base import Frozen, Line, Millis, Name

__all__ = ["Alert", "AlertChange", "FoundFault", "Observed", "Timing", "observe"]


class FoundFault(Frozen):
    """Something that is wrong now."""

    alert: AlertName
    subject: str = ""
    """Which one, where there may be several: a destination, a provider."""
    text: Line
    """What is wrong, with its numbers."""

    @property
    def key(self) -> str:
        """The same problem has the same key each time that it is seen."""
        return f"{self.alert}:{self.subject}" if self.subject else self.alert


class Alert(Frozen):
    """A problem that lasted, as the store keeps it."""

    id: str
    key: str
    alert: Name
    """Its name; one of another version of Ompycord is read too."""
    subject: str = ""
    text: Line
    began_at: Millis
    notified_at: Millis | None = None
    """When people were notified; None for one that began and ended within quiet hours."""
    ended_at: Millis | None = None


class AlertChange(StrEnum):
    """What happened to an alert; the last word of a notice's type."""

    OPENED = "opened"
    RESOLVED = "resolved"
    PASSED = "passed"
    """It came and went within quiet hours: kept, and sent to no one."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long it takes until people are notified."""

    after_ms: Millis
    clear_ms: Millis
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of one fault."""

    fault: FoundFault
    since: Millis
    alert: Alert | None = None
    """Set once people were notified of it."""
    right_since: Millis | None = None


def observe(
    known: Observed | None, fault: FoundFault | None, *, now: Millis, timing: Timing, new_id: str
) -> tuple[Observed | None, tuple[AlertChange, Alert] | None]:
    """What is known after a look, and what people are to be notified of. None for `fault`: it is right again.

    A clock that was set back ends nothing and repeats nothing.
    """
    if fault is not None:
        return _wrong(known, fault, now, timing, new_id)
    if known is None:
        return None, None
    if known.alert is None:
        return None, _passed(known, now, timing, new_id)
    right_since = now if known.right_since is None else min(known.right_since, now)
    if timing.is_quiet or now - right_since < timing.clear_ms:
        return replace(known, right_since=right_since), None
    ended = known.alert.model_copy(update={"ended_at": max(right_since, known.alert.began_at)})
    return None, (AlertChange.RESOLVED, ended)


def _wrong(
    known: Observed | None, fault: FoundFault, now: Millis, timing: Timing, new_id: str
) -> tuple[Observed, tuple[AlertChange, Alert] | None]:
    since = now if known is None else min(known.since, now)
    if known is not None and known.alert is not None:
        return replace(known, fault=fault, right_since=None), None
    if timing.is_quiet or now - since < timing.after_ms:
        return Observed(fault, since), None
    alert = _alert(fault, new_id, since).model_copy(update={"notified_at": now})
    return Observed(fault, since, alert), (AlertChange.OPENED, alert)


def _passed(known: Observed, now: Millis, timing: Timing, new_id: str) -> tuple[AlertChange, Alert] | None:
    """One that lasted long enough, and of which quiet hours kept people from being notified."""
    if not timing.is_quiet or now - known.since < timing.after_ms:
        return None
    ended = _alert(known.fault, new_id, known.since).model_copy(update={"ended_at": max(now, known.since)})
    return AlertChange.PASSED, ended


def _alert(fault: FoundFault, new_id: str, since: Millis) -> Alert:
    return Alert(
        id=new_id,
        key=fault.key,
        alert=fault.alert,
        subject=fault.subject,
        text=fault.text,
        began_at=since,
    )
