"""What stands around a run's snapshot on its messages: its queue, provider and links, and who may decide.

For `message_renderer.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ompycord.bot.lookups import Forecasting
from ompycord.bot.options import BotOptions
from ompycord.bot.run_links import RunLinks
from ompycord.bot.run_view import asked_at, latest_card, posted, ref_of
from ompycord.bot.slot_queue import NO_QUEUE, SlotQueue
from ompycord.conductor import Messages, Slots
from ompycord.conductor.budgeting import BudgetBook
from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import payer_of
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.shown_requests import risk_of
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.domain.records import OutboxKind, Surface
from ompycord.domain.repository import ConfinementLevel
from ompycord.domain.risk.standing import CallDecision
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.domain.secret_requests.givers import giving_rule
from ompycord.errors import Refused, StorageError
from ompycord.processes.launcher_port import leaves_network_open
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.forecast import forecast_words

__all__ = ["SLOWED_SHOWN_MS", "RunContexts"]

SILENT_MS = 15 * 60 * 1000
"""docs/contracts/external-runs.md, *Silence*: the card shows *silent since* after this time."""
SLOWED_SHOWN_MS = 60 * 1000
_MOST_LOOKED_UP = 20
"""Open approvals of a run of which it is looked up what was decided before."""


@dataclass(kw_only=True)
class RunContexts:
    """Gathers the context in which each run is rendered."""

    options: BotOptions
    catalog: Catalog
    clock: Clock
    confinement: ConfinementLevel | None
    url: Callable[[str | None, str, str | None], str]
    channel_name: Callable[[str | None], str | None]
    is_connected: Callable[[], bool]
    slots: Slots | None
    messages: Messages | None
    rests: Callable[[str | None, str | None], bool]
    forge_rests: Callable[[str | None], str | None]
    paused_by: Callable[[], str | None]
    shortage: Callable[[], str | None]
    slowed: dict[str, Millis]
    links: RunLinks
    queue: SlotQueue
    budgets: BudgetBook | None
    standing: StandingPermissions | None
    forecast: Forecasting

    def is_rehearsal(self, record: RunRecord) -> bool:
        """Whether its agent is the simulated one, as it is configured now."""
        return any(a.name == record.agent and a.kind == "rehearsal" for a in self.catalog.agents)

    def _is_network_open(self, record: RunRecord) -> bool:
        """Whether the run's agent may reach the network, as it is configured now; the rehearsal is no agent."""
        meant = [one for one in self.catalog.agents if one.name == record.agent and one.kind != "rehearsal"]
        return any(leaves_network_open(self.confinement or "none", one.sandbox) for one in meant)

    async def of(self, record: RunRecord, snapshot: StatusSnapshot, surfaces: tuple[Surface, ...]) -> RenderContext:
        """The context of a run as it is now."""
        card = latest_card(surfaces)
        request = self._oldest_question(snapshot, surfaces)
        result = posted(surfaces, OutboxKind.RESULT)
        links = await self.links.of(record, snapshot)
        is_silent = record.kind is RunKind.EXTERNAL and not snapshot.is_final
        last = snapshot.last_event_at
        queue = await self.queue.with_run(record) if snapshot.state is RunState.QUEUED else NO_QUEUE
        return RenderContext(
            gateway="connected" if self.is_connected() else "reconnecting",
            slowed_until=self._slowed_until(card) if not snapshot.is_final else None,
            confinement=self.confinement if record.kind is RunKind.HOSTED else None,
            is_network_open=record.kind is RunKind.HOSTED and self._is_network_open(record),
            paused_by=self.paused_by() if snapshot.state is RunState.QUEUED else None,
            shortage=self.shortage() if snapshot.state is RunState.QUEUED else None,
            decided_before=await self._decided_before(record, snapshot),
            no_room=await self._no_room(record, snapshot),
            queue_place=queue.place,
            slot_holders=queue.holders,
            are_slots_shared=queue.is_shared,
            waits_for_slot=self.slots is not None and self.slots.is_returning(RunId(record.id)),
            checks=self._checks(record),
            channel_name=self.channel_name(record.channel),
            run_name=record.external_name,
            is_rehearsal=self.is_rehearsal(record),
            silent_since=last if is_silent and self.clock.now_ms() - last >= SILENT_MS else None,
            approvers=self.options.approver_role,
            needs_second_person=self._needs_another(record, snapshot),
            reads_messages=self.options.message_content,
            takes_messages=self.messages is not None and self.messages.takes(record),
            question_url=self.url(record.guild, request.channel, request.message) if request else None,
            result_url=self.url(record.guild, result.channel, result.message) if result else None,
            follows=links.follows,
            followed_by=links.followed_by,
            breaker=self._resting(snapshot),
            waits_for=links.waits_for,
            forecast=await self._forecast(record, snapshot),
        )

    async def _decided_before(self, record: RunRecord, snapshot: StatusSnapshot) -> dict[str, tuple[CallDecision, ...]]:
        """What people decided about the calls that wait for them, as far as a message shows it."""
        if self.standing is None or snapshot.is_final:
            return {}
        requests = snapshot.open_approvals[:_MOST_LOOKED_UP]
        return {one.ref: tuple(found) for one in requests if (found := await self.standing.before(record, one))}

    async def _no_room(self, record: RunRecord, snapshot: StatusSnapshot) -> str | None:
        """Which budget keeps a queued run from beginning."""
        if self.budgets is None or snapshot.state is not RunState.QUEUED:
            return None
        return await self.budgets.no_room(payer_of(record), snapshot.origin.requester_name or "the requester")

    async def _forecast(self, record: RunRecord, snapshot: StatusSnapshot) -> str:
        """What runs like this one cost and took, while a plan of it waits for a decision."""
        if snapshot.open_proposal is None or record.repository is None or snapshot.mode is None:
            return ""
        try:
            found = await self.forecast(record.guild or "", record.repository, record.agent or "", snapshot.mode)
        except StorageError:
            return ""
        return forecast_words(found)

    def _needs_another(self, record: RunRecord, snapshot: StatusSnapshot) -> bool:
        """Whether the requester alone may not decide on what waits."""
        if not snapshot.open_approvals and any(one.secret for one in snapshot.open_questions):
            return not giving_rule(self.catalog, record).requester
        if not snapshot.open_approvals:
            return self.catalog.needs_two(record)
        rule = self.catalog.rule_of(record, risk_of(snapshot.open_approvals[0]).risk)
        return rule.by in {"approver", "admin"} or not rule.requester or rule.people > 1

    def _resting(self, snapshot: StatusSnapshot) -> str | None:
        """The provider of its model, where that is not asked for now; of a run at work. Else the forge, likewise."""
        if not snapshot.is_final and self.rests(snapshot.provider, snapshot.model):
            return snapshot.provider
        seen = snapshot.pull_request_now
        is_on_forge = snapshot.state is RunState.PUBLISHING or (seen is not None and seen.state == "open")
        return self.forge_rests(snapshot.repository) if is_on_forge else None

    def _slowed_until(self, card: Surface | None) -> Millis | None:
        """Until when Discord refuses edits here; given before that time and on the edit that follows it soon after."""
        until = self.slowed.get(card.channel, 0) if card else 0
        return until if until + SLOWED_SHOWN_MS > self.clock.now_ms() else None

    def _checks(self, record: RunRecord) -> tuple[str, ...] | None:
        try:
            spec = self.catalog.repository(record.repository) if record.repository else None
        except Refused:  # it was removed from the configuration
            return None
        return tuple(check.name for check in spec.checks) if spec else None

    @staticmethod
    def _oldest_question(snapshot: StatusSnapshot, surfaces: tuple[Surface, ...]) -> Surface | None:
        plan = () if snapshot.open_proposal is None else (snapshot.open_proposal,)
        requests = [ref_of(one) for one in (*snapshot.open_approvals, *snapshot.open_questions, *plan)]
        posted = (asked_at(surfaces, ref) for ref in requests)
        return next((surface for surface in posted if surface is not None), None)
