"""Permissions for a day as they are used: found for a call, listed, revoked; and what was decided before about a call.

Counterparts: `assessment.py`, which asks before people are asked, and `conductor/approvals.py`, which stores them.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from ompycord.domain.access import Person
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import ApprovalRequested
from ompycord.domain.folds.shown_requests import risk_of, shown_hash
from ompycord.domain.folds.snapshot import Approval
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.ports import Clock
from ompycord.domain.ports.team.standing import CallDecisions
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.risk.standing import CallDecision, can_stand, rules_hash
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused

__all__ = ["LostRoles", "StandingPermissions"]

_SHOWN: Final = 3
_LISTED: Final = 25


class LostRoles(Protocol):
    """Whether somebody who decided may not decide any more."""

    async def has_lost(
        self, record: RunRecord, person: str, name: str, action: str, *, rule: DecisionRule | None = None
    ) -> bool:
        """Whether this person may not do this to a run now; False while that cannot be known."""
        ...


class StandingPermissions:
    """One for the process."""

    def __init__(
        self, *, catalog: Catalog, decisions: CallDecisions, clock: Clock, roles: LostRoles | None = None
    ) -> None:
        self._catalog = catalog
        self._decisions = decisions
        self._clock = clock
        self._roles = roles

    def rules_of(self, record: RunRecord, request: Approval | ApprovalRequested) -> str:
        """The hash of the rules that hold for a request now."""
        risk = self._catalog.risk_of(record.repository)
        return rules_hash(self._catalog.rule_of(record, risk_of(request).risk), risk)

    async def covering(self, record: RunRecord, request: ApprovalRequested) -> CallDecision | None:
        """The permission that covers exactly this call here now; None where people are asked. Raises StorageError."""
        if not can_stand(request):
            return None
        place = record.guild or "", record.repository or "", record.channel or ""
        now, rules = self._clock.now_ms(), self.rules_of(record, request)
        for one in await self._decisions.standing_for(*place, shown_hash(request), now=now):
            if one.holds(now, rules) and not await self._is_lost(record, request, one):
                return one
        return None

    async def _is_lost(self, record: RunRecord, request: ApprovalRequested, given: CallDecision) -> bool:
        if self._roles is None:
            return False
        rule = self._catalog.rule_of(record, risk_of(request).risk)
        for one in given.by:
            if await self._roles.has_lost(record, one.person, one.name, "approve", rule=rule):
                return True
        return False

    async def before(self, record: RunRecord, request: Approval) -> list[CallDecision]:
        """What was decided about exactly this call in this repository before it was asked, the newest first."""
        return await self._decisions.decided_before(
            record.guild or "", record.repository or "", shown_hash(request), before=request.asked_at, limit=_SHOWN
        )

    async def listed(self, guild: str) -> Sequence[CallDecision]:
        """Those of a server that have not ended, the newest first."""
        return await self._decisions.standing(guild, now=self._clock.now_ms(), limit=_LISTED)

    async def revoke(self, guild: str, name: str, person: Person) -> bool:
        """End one now; whether there was one. Raises Refused."""
        denied = authorize(person, "admin", Resource(guild=guild or None))
        if isinstance(denied, Denied):
            raise Refused(RefusalCode.NEEDS_ROLE, needs=denied.needs[-1], who="an admin")
        return await self._decisions.revoke_standing(
            guild, name, by=person.id, by_name=person.name, at=self._clock.now_ms()
        )
