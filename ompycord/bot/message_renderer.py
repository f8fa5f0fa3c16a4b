"""What each message of a run shows: gathers snapshot and context, then calls `render`.

Counterpart of `deliver` and `live`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ompycord.bot.custom_ids import Signer
from ompycord.bot.lookups import Forecasting, no_forecast
from ompycord.bot.options import BotOptions
from ompycord.bot.pinged import asker, who_may_allow
from ompycord.bot.run_contexts import RunContexts
from ompycord.bot.run_links import LinkStore, RunLinks, card_number
from ompycord.bot.run_view import Request, RunView, asked_at, latest_card, ref_of, request_of, tag_of
from ompycord.bot.slot_queue import SlotQueue
from ompycord.conductor import Messages, Slots, Snapshots
from ompycord.conductor.budgeting import BudgetBook
from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.conductor.roles.book import RoleBook
from ompycord.domain.access import Access
from ompycord.domain.base import Millis
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.reports import Proposal
from ompycord.domain.folds.shown_requests import risk_of
from ompycord.domain.folds.snapshot import Approval, Question
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter, RunRecords, RunsById
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.repository import ConfinementLevel
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.run import RunKind, RunRecord, RunState, SuspendReason
from ompycord.domain.secret_requests.givers import giving_rule
from ompycord.render.approvals.deciding import Deciding, decides_words
from ompycord.render.board import BoardRow
from ompycord.render.cards.card import render
from ompycord.render.damage import damage_message
from ompycord.render.file import file_message
from ompycord.render.marker import question_tag
from ompycord.render.memory.proposal import lesson_notice
from ompycord.render.message import RenderedMessage
from ompycord.render.money.notice import budget_message
from ompycord.render.paused import paused_message, pings_paused
from ompycord.render.question import approval_message, ops_message, question_message, reminder_message
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.plan import plan_message
from ompycord.render.reports.recovered import recovered_message
from ompycord.render.result import result_message
from ompycord.render.sanitizer import Redact
from ompycord.render.summary import direct_message, summary_message
from ompycord.render.typed_answer import typed_answer_message, unread_message

__all__ = ["MessageRenderer", "RendererStore"]

_SILENT = frozenset({RefKind.OPS, RefKind.AGAIN, RefKind.DAMAGED, RefKind.RECOVERED, RefKind.LESSON, RefKind.BUDGET})
"""Notices that ping no one."""
_NOTICES = {
    RefKind.DAMAGED: damage_message,
    RefKind.BUDGET: budget_message,
    RefKind.RECOVERED: recovered_message,
}
_LIVE = 100
"""Runs of each kind that a board lists at most."""


class RendererStore(RunRecords, RunsById, LinkStore, Protocol):
    """Rows of runs, which of them follow one another, and where their messages stand."""


@dataclass(kw_only=True)
class MessageRenderer:
    """Gathers and renders. `slowed` says until when Discord refuses edits in a channel."""

    options: BotOptions
    catalog: Catalog
    store: RendererStore
    snapshots: Snapshots
    clock: Clock
    signer: Signer
    redact: Redact
    confinement: ConfinementLevel | None
    url: Callable[[str | None, str, str | None], str]
    channel_name: Callable[[str | None], str | None]
    is_connected: Callable[[], bool]
    roles: RoleBook | None = None
    """The roles that hold now; None: those of the settings alone."""
    slots: Slots | None = None
    messages: Messages | None = None
    """Knows which runs take messages; without it none does."""
    rests: Callable[[str | None, str | None], bool] = lambda provider, model: False
    """Whether a model at a provider is not asked now."""
    forge_rests: Callable[[str | None], str | None] = lambda repository: None
    """The forge of a repository where that is not asked now."""
    budgets: BudgetBook | None = None
    """Knows which queued runs have no room; without it all have."""
    standing: StandingPermissions | None = None
    """Knows what was decided before about what an agent asks."""
    paused_by: Callable[[], str | None] = lambda: None
    """Who paused everything."""
    shortage: Callable[[], str | None] = lambda: None
    """Why no new run starts for want of room, in a sentence."""
    forecast: Forecasting = no_forecast
    """What tasks cost and took."""
    slowed: dict[str, Millis] = field(default_factory=dict[str, Millis])
    _contexts: RunContexts = field(init=False)

    def __post_init__(self) -> None:
        queue = SlotQueue(
            store=self.store,
            snapshots=self.snapshots,
            clock=self.clock,
            catalog=self.catalog,
            redact=self.redact,
            slots=self.slots,
        )
        self._contexts = RunContexts(
            options=self.options,
            catalog=self.catalog,
            clock=self.clock,
            confinement=self.confinement,
            url=self.url,
            channel_name=self.channel_name,
            is_connected=self.is_connected,
            slots=self.slots,
            messages=self.messages,
            rests=self.rests,
            forge_rests=self.forge_rests,
            paused_by=self.paused_by,
            shortage=self.shortage,
            slowed=self.slowed,
            links=RunLinks(store=self.store, snapshots=self.snapshots, url=self.url),
            queue=queue,
            budgets=self.budgets,
            standing=self.standing,
            forecast=self.forecast,
        )

    @property
    def homes(self) -> tuple[str, ...]:
        """Where a run can be shown whose own place was deleted, the best first."""
        own = (self.options.home_channel, *self.options.work_channels, self.options.ops_channel)
        return tuple(dict.fromkeys(channel for channel in own if channel is not None))

    async def view(self, run: RunId) -> RunView | None:
        """The run as it is now; None before its first event is projected."""
        return (await self.views([run])).get(run)

    async def views(self, runs: Sequence[RunId]) -> dict[RunId, RunView]:
        """These runs as they are now, read in one go; without those whose first event is not projected yet."""
        records = await self.store.runs_by_id(runs)
        folds = await self.snapshots.folded_of([run for run in runs if run in records])
        surfaces = await self.store.surfaces_of(list(folds)) if folds else {}
        found: dict[RunId, RunView] = {}
        for run, folded in folds.items():
            shown = tuple(surfaces.get(run, ()))
            found[run] = RunView(
                record=records[run],
                snapshot=folded.snapshot,
                position=folded.position,
                surfaces=shown,
                render_context=await self._contexts.of(records[run], folded.snapshot, shown),
            )
        return found

    async def board_rows(
        self, guild: str, *, is_shown: Callable[[RunRecord], bool] = lambda record: True
    ) -> list[BoardRow]:
        """The open runs that can be seen in a server: its own, and external ones, which belong to none."""
        here = await self.store.runs(RunFilter(is_open=True, guild=guild, limit=_LIVE))
        elsewhere = await self.store.runs(RunFilter(is_open=True, kind=RunKind.EXTERNAL, limit=_LIVE))
        known = {record.id: record for record in (*here, *(one for one in elsewhere if one.guild is None))}
        return await self._rows([record for record in known.values() if is_shown(record)])

    async def _rows(self, records: Sequence[RunRecord]) -> list[BoardRow]:
        """These runs as a board lists them; read in one go, since there can be many."""
        folds = await self.snapshots.folded_of([RunId(record.id) for record in records])
        found: list[BoardRow] = []
        for record in records:
            folded = folds.get(RunId(record.id))
            if folded is None:
                continue
            thread = await self.store.surface(RunId(record.id), OutboxKind.THREAD)
            render_context = RenderContext(
                is_rehearsal=self._contexts.is_rehearsal(record), run_name=record.external_name
            )
            url = self.url(record.guild, thread.channel, None) if thread else None
            found.append(BoardRow(snapshot=folded.snapshot, render_context=render_context, url=url))
        return found

    # -- what each message shows -------------------------------------------------------------------------------------

    def render(self, run_view: RunView, kind: OutboxKind, ref: str) -> RenderedMessage | None:
        """The message of this kind now; None where there is nothing to show."""
        match kind:
            case OutboxKind.SUMMARY:
                thread = run_view.surface(OutboxKind.THREAD)
                own = thread is not None and thread.channel != self._summary_channel(run_view)
                url = self.url(run_view.record.guild, thread.channel, None) if thread and own else None
                return summary_message(
                    run_view.snapshot,
                    run_view.render_context,
                    url=url,
                    sign=self.signer.button,
                    redact=self.redact,
                )
            case OutboxKind.CARD:
                return self._card(run_view, int(ref) if ref.isdigit() else 1)
            case OutboxKind.QUESTION:
                return self._question(run_view, ref)
            case OutboxKind.FILE:
                return self._file(run_view, ref)
            case OutboxKind.RESULT:
                return self._result(run_view)
            case OutboxKind.NOTICE:
                return self._notice(run_view, ref)
            case OutboxKind.THREAD:
                return None

    @staticmethod
    def _summary_channel(run_view: RunView) -> str | None:
        summary = run_view.surface(OutboxKind.SUMMARY)
        return summary.channel if summary else None

    def _result(self, run_view: RunView) -> RenderedMessage | None:
        if not run_view.snapshot.is_final:
            return None
        does_ping = self.does_ping(run_view, OutboxKind.RESULT, "")
        return result_message(
            run_view.snapshot, run_view.render_context, sign=self.signer.button,
            redact=self.redact, mentions=asker(run_view) if does_ping else (),
        )  # fmt: skip

    def _file(self, run_view: RunView, digest: str) -> RenderedMessage | None:
        artifact = next((a for a in run_view.snapshot.artifacts if a.sha256 == digest), None)
        if artifact is None:
            return None
        return file_message(
            run_view.snapshot, artifact, run_view.render_context, sign=self.signer.button, redact=self.redact
        )

    def _card(self, run_view: RunView, number: int) -> RenderedMessage:
        live = latest_card(run_view.surfaces)
        render_context = run_view.render_context.model_copy(update={"card_number": number})
        if live is not None and card_number(live) > number:
            place = self.url(
                run_view.record.guild, live.channel, None
            )  # at its end; a link to the card would change with it
            render_context = render_context.model_copy(update={"live_url": place})
        return render(
            run_view.snapshot,
            render_context,
            sign=self.signer.button,
            redact=self.redact,
        )

    def direct(self, run_view: RunView, channel: str) -> RenderedMessage:
        """A direct message to one person that something waits, with a link to it."""
        url = self.url(run_view.record.guild, channel, None)
        return direct_message(
            run_view.snapshot, run_view.render_context, url=url, sign=self.signer.button, redact=self.redact
        )

    def copy_of_card(self, run_view: RunView) -> RenderedMessage:
        """A copy of the card, for a reply that only one person sees."""
        live = latest_card(run_view.surfaces)
        titled = run_view.render_context.model_copy(update={"shows_title": True, "result_url": None})
        return self._card(replace(run_view, render_context=titled), card_number(live) if live else 1)

    def _question(self, run_view: RunView, ref: str) -> RenderedMessage | None:
        found = request_of(run_view.snapshot, ref)
        if found is None:
            return None
        tag = tag_of(found)

        def sign(action: str, run: str) -> str:
            return self.signer.sign(action, run, tag)

        users, roles = self._pinged(run_view, found)
        if isinstance(found, Question):
            rule = self._rule(run_view, found)
            return question_message(
                run_view.snapshot, found, run_view.render_context, button_ref=run_view.run, sign=sign,
                redact=self.redact,
                mentions=users, role_mentions=roles, gives=decides_words(rule) if rule is not None else "",
            )  # fmt: skip
        if isinstance(found, Proposal):
            return plan_message(
                run_view.snapshot, found, run_view.render_context, sign=sign, redact=self.redact,
                mentions=users, role_mentions=roles,
            )  # fmt: skip
        return approval_message(
            run_view.snapshot, found, run_view.render_context, button_ref=run_view.run, sign=sign, redact=self.redact,
            mentions=users, role_mentions=roles, deciding=self._deciding(run_view, found),
        )  # fmt: skip

    def _pinged(self, run_view: RunView, found: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Users and roles whom a request notifies: who asked for the run, or those who may decide."""
        rule = self._rule(run_view, found)
        if isinstance(found, Question) and rule is None:
            return asker(run_view), ()
        return who_may_allow(run_view, self.catalog, self._access(run_view), rule)

    def _rule(self, run_view: RunView, found: Request) -> DecisionRule | None:
        """Who decides on a request by its risk class; None for what has none."""
        if isinstance(found, Question) and found.secret is not None:
            return giving_rule(self.catalog, run_view.record)
        return self.catalog.rule_of(run_view.record, risk_of(found).risk) if isinstance(found, Approval) else None

    def access(self, guild: str | None) -> Access:
        """The roles that hold in a server now."""
        return self.options.access if self.roles is None else self.roles.access(guild)

    def _access(self, run_view: RunView) -> Access:
        """Who has which role for this run, in its server, repository and channel."""
        record = run_view.record
        return self.access(record.guild).within(
            guild=record.guild, repository=record.repository, channel=record.channel
        )

    def _deciding(self, run_view: RunView, found: Approval) -> Deciding:
        """Who decides on what an agent asks, as it is configured now."""
        return Deciding(
            rule=self.catalog.rule_of(run_view.record, risk_of(found).risk),
            requester=run_view.record.requester,
            access=self._access(run_view),
            is_solo=self.catalog.is_solo,
        )

    def _notice(self, run_view: RunView, ref: str) -> RenderedMessage | None:
        """The notice; None where the request was decided before anyone was notified."""
        shown, redact = (run_view.snapshot, run_view.render_context, ref), self.redact
        match Ref.parse(ref).kind:
            case RefKind.SUSPENDED:
                return self._paused(run_view, ref)
            case RefKind.DAMAGED | RefKind.BUDGET | RefKind.RECOVERED as kind:
                return _NOTICES[kind](*shown, sign=self.signer.button, redact=redact)
            case RefKind.AGAIN:
                return self._question(run_view, ref)
            case RefKind.TYPED:
                return self._typed(run_view, ref)
            case RefKind.LESSON:
                return lesson_notice(*shown, sign=self.signer.sign, redact=redact)
            case RefKind.UNREAD:
                return unread_message(*shown, sign=self.signer.button, redact=redact)
            case _:
                return self._about_request(run_view, ref)

    def _about_request(self, run_view: RunView, ref: str) -> RenderedMessage | None:
        """A reminder of a question or an approval, or the notice about it to the operators."""
        found = request_of(run_view.snapshot, ref)
        if found is None or (self.closed(run_view, ref) and run_view.surface(OutboxKind.NOTICE, ref) is None):
            return None
        url = self._url_of(run_view, found)
        if Ref.parse(ref).kind is RefKind.OPS:
            return ops_message(
                run_view.snapshot,
                found,
                run_view.render_context,
                ref,
                url=url,
                sign=self.signer.button,
                redact=self.redact,
            )
        return self._reminder(run_view, found, ref, url)

    def _typed(self, run_view: RunView, ref: str) -> RenderedMessage | None:
        typed = next((one for one in run_view.snapshot.typed_answers if one.typed == Ref.parse(ref).name), None)
        if typed is None:
            return None

        def sign(action: str, run: str) -> str:
            return self.signer.sign(action, run, question_tag(typed.typed))

        return typed_answer_message(
            run_view.snapshot, typed, run_view.render_context, ref, sign=sign, redact=self.redact
        )

    def _url_of(self, run_view: RunView, found: Request) -> str | None:
        """The address at which people can answer; where it was asked again elsewhere, that address."""
        there = asked_at(run_view.surfaces, ref_of(found))
        return self.url(run_view.record.guild, there.channel, there.message) if there else None

    def _reminder(self, run_view: RunView, found: Request, ref: str, url: str | None) -> RenderedMessage:
        users, roles = self._pinged(run_view, found)
        return reminder_message(
            run_view.snapshot, found, run_view.render_context, ref, url=url, sign=self.signer.button,
            redact=self.redact,
            mentions=users, role_mentions=roles,
        )  # fmt: skip

    def _paused(self, run_view: RunView, ref: str) -> RenderedMessage | None:
        """The message that the run is paused; None where it has continued already."""
        if not pings_paused(run_view.snapshot, int(Ref.parse(ref).name)):
            return None
        card = latest_card(run_view.surfaces)
        is_dear = run_view.snapshot.reason is SuspendReason.BUDGET
        access = self._access(run_view)
        return paused_message(
            run_view.snapshot, run_view.render_context, ref, sign=self.signer.button, redact=self.redact,
            url=self.url(run_view.record.guild, card.channel, card.message) if card else None,
            mentions=(*asker(run_view), *(access.users.approver if is_dear else ())),
            role_mentions=access.roles.approver if is_dear else (),
        )  # fmt: skip

    def does_ping(self, run_view: RunView, kind: OutboxKind, ref: str) -> bool:
        """Whether a message of this kind may notify people.

        A cancelled run notifies no one, and an external run for one open question at a time: its key does not entitle
        it to everybody's attention.
        """
        if kind is OutboxKind.RESULT:
            return run_view.snapshot.state is not RunState.CANCELLED
        if Ref.parse(ref).kind in _SILENT:
            return False
        if run_view.record.kind is RunKind.HOSTED:
            return True
        shown = [s.ref for s in run_view.surfaces if s.kind is OutboxKind.QUESTION and s.ref != ref]
        return all(self.closed(run_view, other) for other in shown)

    def closed(self, run_view: RunView, ref: str) -> bool:
        """Whether this question no longer needs an answer."""
        found = request_of(run_view.snapshot, ref)
        return found is None or found.status != "open" or run_view.snapshot.is_final
