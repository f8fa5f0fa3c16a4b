"""Permission for a day: what *Allow here for a day* covers, and how it ends; pure. Also what was decided before.

It covers exactly the call that was shown, in its repository and its channel, while the rules under which it was given
are the same, for twenty-four hours. Counterpart: `conductor/risk/standing.py`, which uses it.
"""

import hashlib
from typing import Annotated, Final, Literal

from pydantic import Field

from ompycord.domain.base import Frozen, Millis, Name
from ompycord.domain.events.people import ApprovalRequested
from ompycord.domain.folds.shown_requests import Approval, permission_of, risk_of, shown_hash
from ompycord.domain.ids import RunId, Ulid
from ompycord.domain.risk.classes import ClassName, RiskClass
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.risk.overrides import RiskSpec
from ompycord.domain.run import RunRecord

__all__ = ["DAY_MS", "CallDecision", "Granter", "can_stand", "decided_call", "rules_hash"]

DAY_MS: Final = 24 * 3600 * 1000
_NEVER: Final = frozenset({RiskClass.DANGER, RiskClass.SECRET})
"""Classes that are decided each time."""


class Granter(Frozen):
    """A person who allowed it: it holds while they may."""

    person: str
    name: Name


class CallDecision(Frozen):
    """What people decided about a call, kept by what was shown of it; with `until` it permits the same for so long."""

    id: Ulid
    shown: str
    """SHA-256 of all that was decided on (`shown_hash`)."""
    guild: str
    repository: str
    channel: str
    run: RunId
    approval: str
    title: str
    risk: ClassName
    action: Literal["once", "run", "day", "deny"]
    by: Annotated[tuple[Granter, ...], Field(min_length=1)]
    at: Millis
    until: Millis | None = None
    rules: str | None = None
    """SHA-256 of the rules under which it was given; other rules end it."""
    revoked_at: Millis | None = None
    revoked_by: str | None = None

    @property
    def names(self) -> str:
        """Everybody who decided it."""
        return " and ".join(dict.fromkeys(one.name for one in self.by))

    def holds(self, now: Millis, rules: str) -> bool:
        """Whether it permits anything at this moment, under these rules."""
        is_open = self.until is not None and self.at <= now < self.until
        return is_open and self.action == "day" and self.revoked_at is None and self.rules == rules


def can_stand(request: Approval | ApprovalRequested) -> bool:
    """Whether it may be allowed for a day: a whole call that Ompycord read, of a class that is not decided each time.

    Edits differ by their texts, and what Ompycord itself publishes is another result each time.
    """
    if isinstance(request, Approval) and request.is_publication:
        return False
    is_read = request.call is not None and request.risk_class is not None and not request.edits
    return is_read and permission_of(request) is not None and risk_of(request).risk not in _NEVER


def rules_hash(rule: DecisionRule, risk: RiskSpec) -> str:
    """SHA-256 of who decides on a class, and of what the repository knows better about commands."""
    return hashlib.sha256(f"{tuple(rule)!r}\0{risk.model_dump_json()}".encode()).hexdigest()


def decided_call(
    request: Approval,
    record: RunRecord,
    action: Literal["once", "run", "day", "deny"],
    by: tuple[Granter, ...],
    *,
    id: Ulid,  # noqa: A002  # the field's name
    at: Millis,
    rules: str,
) -> CallDecision:
    """What people decided about a request of a run."""
    is_day = action == "day"
    return CallDecision(
        id=id,
        shown=shown_hash(request),
        guild=record.guild or "",
        repository=record.repository or "",
        channel=record.channel or "",
        run=RunId(record.id),
        approval=request.ref,
        title=request.title,
        risk=risk_of(request).risk.word,
        action=action,
        by=by,
        at=at,
        until=at + DAY_MS if is_day else None,
        rules=rules if is_day else None,
    )
