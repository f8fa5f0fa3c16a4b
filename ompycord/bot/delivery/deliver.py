"""Delivers outbox rows: channel summary, thread, card, questions, result; each is shown exactly once.

docs/contracts/cards.md, *Exactly once*. Counterpart: `conductor.deliveries`, which decides what is delivered. Called by
the queues of `live.py`.
"""

from dataclasses import dataclass
from typing import Protocol

from ompycord.bot.delivery.ping_policy import PingPolicy
from ompycord.bot.delivery.rollover import CardRollover
from ompycord.bot.delivery.thread_names import ThreadNames
from ompycord.bot.lookups import ReadArtifact, no_artifact
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import THREAD_LOCKED, UNKNOWN_CHANNEL, Rest, SendFailed
from ompycord.bot.run_view import RunView, is_pinned, request_of
from ompycord.domain.base import Millis
from ompycord.domain.deliveries import discord_delivery
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import Clock, Decisions, Deliveries, PeopleSettings
from ompycord.domain.records import OutboxKind, OutboxRow, Surface
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunKind, RunState
from ompycord.render.marker import Marker, question_tag
from ompycord.telemetry import get_logger

__all__ = ["ORDER", "Deliverer", "DelivererStore", "QueuedDelivery"]

ORDER: dict[OutboxKind, int] = {kind: place for place, kind in enumerate(OutboxKind)}
"""Channel summary, thread, card, question, file, result, notice: the order in which a run's messages appear."""

DOUBTS = 6
"""Refusals in a row, each for no known reason, after which the last one is final."""
_PINGING = frozenset({OutboxKind.QUESTION, OutboxKind.RESULT, OutboxKind.NOTICE})
"""docs/contracts/cards.md, *Who is pinged*: everything else is sent silently and mentions no one."""
_NO_ENTRY = frozenset({50001, 50013, THREAD_LOCKED})
"""Errors of a thread that the bot may not see or write to. A deleted one is handled by `rollover.py`."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """A row that can be delivered now: to which channel, or that it never can."""

    row: OutboxRow
    channel: str
    reason: str | None = None
    """Why it can never be delivered; then it is closed as failed."""


class DelivererStore(Decisions, Deliveries, PeopleSettings, Protocol):
    """How deliveries end, who decided what, and what people chose about pings."""


class Deliverer:
    """Sends one row at a time; the caller sees to it that a channel has one request in flight."""

    def __init__(
        self,
        *,
        store: DelivererStore,
        renderer: MessageRenderer,
        rest: Rest,
        clock: Clock,
        rollover: CardRollover,
        thread_names: ThreadNames,
        artifact: ReadArtifact = no_artifact,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._rest = rest
        self._clock = clock
        self._rollover = rollover
        self._thread_names = thread_names
        self._artifact = artifact
        self._ping_policy = PingPolicy(store=store, renderer=renderer, rest=rest, clock=clock)
        self._began = clock.now_ms()
        self._tried: set[int] = set()
        """Rows that this process sent and that are not recorded yet."""

    async def delivery(self, row: OutboxRow) -> QueuedDelivery | Millis | None:
        """What can be done with a run's first row now; or a time before which it waits.

        None where its run does not exist yet.
        """
        run_view = await self._renderer.view(row.run)
        if run_view is None or not self._is_notified(row, run_view) or self._rest.is_away(run_view.record.guild):
            return None
        wait = discord_delivery(row).not_before
        if wait > self._clock.now_ms() and not self._may_go_early(row, run_view):
            return wait
        requested = row.body.get("channel") or run_view.record.channel
        summary = run_view.surface(OutboxKind.SUMMARY)
        thread = run_view.surface(OutboxKind.THREAD)
        if row.kind is OutboxKind.SUMMARY:
            return (
                QueuedDelivery(row, str(requested))
                if requested
                else QueuedDelivery(row, "", "no channel is configured for it")
            )
        if _is_for_ops(row):
            return QueuedDelivery(row, str(requested))
        if summary is None:
            return QueuedDelivery(row, "", "its mirror could not be posted")
        if row.kind is OutboxKind.THREAD:
            return QueuedDelivery(row, summary.channel)
        return QueuedDelivery(row, thread.channel if thread else summary.channel)

    @staticmethod
    def _is_notified(row: OutboxRow, run_view: RunView) -> bool:
        """Whether the projector has read the fact behind this row.

        A decision commits both at once, before the projector reads.
        """
        match row.kind:
            case OutboxKind.RESULT:
                return run_view.snapshot.is_final
            case OutboxKind.QUESTION:
                return run_view.snapshot.is_final or request_of(run_view.snapshot, row.ref) is not None
            case OutboxKind.NOTICE if Ref.parse(row.ref).kind is RefKind.SUSPENDED:
                is_paused = run_view.record.state is RunState.SUSPENDED
                return run_view.snapshot.state is RunState.SUSPENDED or not is_paused
            case _:
                return True

    @staticmethod
    def _may_go_early(row: OutboxRow, run_view: RunView) -> bool:
        """Whether a row may be sent: the first messages wait for run.started, the final answer for missing numbers.

        They wait no longer than until `not_before`.
        """
        if row.kind is OutboxKind.RESULT:
            return run_view.snapshot.gap_count == 0
        return run_view.snapshot.started_at is not None or run_view.snapshot.is_final

    async def deliver(self, delivery: QueuedDelivery) -> str | None:
        """Send the row and remember where it went; that channel.

        Raises SendFailed, StorageError; the row stays pending unless it is final.
        """
        row = delivery.row
        if delivery.reason is not None:
            await self._give_up(row, delivery.reason)
            return None
        run_view = await self._renderer.view(row.run)
        if run_view is None:
            return None
        if run_view.surface(row.kind, row.ref) is not None:  # it was delivered while this job waited in its queue
            return None
        try:
            if row.kind is OutboxKind.THREAD:
                surface = await self._open_thread(run_view, row)
            elif row.kind is OutboxKind.RESULT and await self._is_known_to_requester(run_view):
                surface = _nothing_posted(row, delivery.channel, self._clock.now_ms())
            else:
                surface = await self._place(run_view, row, delivery.channel)
        except SendFailed as failed:
            is_shown_elsewhere = failed.code == UNKNOWN_CHANNEL and await self._moves(run_view, row, delivery.channel)
            is_final = (failed.is_final and not is_shown_elsewhere) or (
                failed.is_doubtful and row.attempts + 1 >= DOUBTS
            )
            if row.kind is OutboxKind.THREAD and (is_final or failed.is_closed):
                await self._without_thread(row, delivery.channel, str(failed))
                return None
            if is_final:
                await self._give_up(row, str(failed))
                return None
            await self._store.undelivered(row, error=str(failed), final=False)
            raise
        await self._store.delivered(row, surface, at=self._clock.now_ms())
        self._tried.discard(row.id)
        return surface.channel if surface is not None else None

    async def _moves(self, run_view: RunView, row: OutboxRow, channel: str) -> bool:
        """Whether a row whose channel was deleted can go elsewhere; the next try takes it there."""
        self._rollover.deleted_channels.add(channel)
        is_bound = row.kind in {OutboxKind.SUMMARY, OutboxKind.THREAD} or _is_for_ops(row)
        return not is_bound and await self._rollover.relocate(run_view)

    async def _is_known_to_requester(self, run_view: RunView) -> bool:
        """Whether the requester ended the run: the card says it, and a second message would say nothing new."""
        is_ours = run_view.record.kind is RunKind.HOSTED  # an external one is only asked to end
        if run_view.snapshot.state is not RunState.CANCELLED or not is_ours:
            return False
        decision = await self._store.decision(run_view.run, "cancel", "")
        return decision is not None and decision.by == run_view.record.requester

    async def _give_up(self, row: OutboxRow, reason: str) -> None:
        log.warning("delivery.refused", run=row.run, kind=row.kind, reason=reason)
        await self._store.undelivered(row, error=reason, final=True)

    async def _joined_thread(self, row: OutboxRow) -> Surface | None:
        """The thread of the run that this one follows; None where it has none any more."""
        followed = row.body.get("thread_of")
        shown = await self._renderer.view(RunId(followed)) if followed is not None else None
        thread = shown.surface(OutboxKind.THREAD) if shown is not None else None
        if thread is None or thread.channel in self._rollover.deleted_channels:
            return None
        # No hash of a name: that stands with the run for which the thread was opened.
        return Surface(run=row.run, kind=row.kind, ref=row.ref, channel=thread.channel, posted_at=self._clock.now_ms())

    async def _open_thread(self, run_view: RunView, row: OutboxRow) -> Surface:
        if (joined := await self._joined_thread(row)) is not None:
            return joined
        summary = run_view.surface(OutboxKind.SUMMARY)
        if summary is None or summary.message is None:
            raise SendFailed("its mirror could not be posted", is_final=True)
        if not self._rest.takes_threads(summary.channel):
            raise SendFailed("the bot may not write in threads there", is_closed=True)
        return await self._thread_names.open(run_view, summary, summary.message)

    async def _without_thread(self, row: OutboxRow, channel: str, reason: str) -> None:
        """Use the channel instead of a thread that cannot be opened, so that card and answer still arrive."""
        log.warning("delivery.without_thread", run=row.run, reason=reason)
        now = self._clock.now_ms()
        await self._store.delivered(row, _nothing_posted(row, channel, now), at=now)

    async def _place(self, run_view: RunView, row: OutboxRow, channel: str) -> Surface | None:
        """Post it; where the run's thread takes no messages of ours, the summary's channel stands in for it.

        A channel summary goes wherever the run can be shown.
        """
        summary = run_view.surface(OutboxKind.SUMMARY)
        if row.kind is OutboxKind.SUMMARY:
            return await self._post_summary(run_view, row, channel)
        try:
            return await self._post(run_view, row, channel)
        except SendFailed as failed:
            if failed.code not in _NO_ENTRY or _is_for_ops(row) or summary is None or summary.channel == channel:
                raise
            log.warning("delivery.without_thread", run=row.run, kind=row.kind, reason=str(failed))
        posted = await self._post(run_view, row, summary.channel)
        if row.kind is OutboxKind.CARD:  # the live card is where the run is shown from now on
            await self._rollover.quit_thread(run_view, summary.channel)
        return posted

    async def _post_summary(self, run_view: RunView, row: OutboxRow, channel: str) -> Surface | None:
        places = [
            at for at in dict.fromkeys((channel, *self._renderer.homes)) if at not in self._rollover.deleted_channels
        ]
        for place in places[:-1]:
            try:
                return await self._post(run_view, row, place)
            except SendFailed as failed:
                if failed.code != UNKNOWN_CHANNEL:
                    raise
                self._rollover.deleted_channels.add(place)
        return await self._post(run_view, row, places[-1] if places else channel)

    async def _post(self, run_view: RunView, row: OutboxRow, channel: str) -> Surface | None:
        message = self._renderer.render(run_view, row.kind, row.ref)
        file = await self._file(run_view, row) if row.kind is OutboxKind.FILE else None
        if message is None or (row.kind is OutboxKind.FILE and file is None):
            return None
        posted_at = self._clock.now_ms()  # before it is sent: an hour later Discord takes no more edits
        posted = await self._earlier(run_view, row, channel)
        shown_hash: str | None = None
        if posted is not None:
            posted_at = min(posted_at, self._rest.made_at(posted))
        else:
            does_ping = row.kind in _PINGING and self._renderer.does_ping(run_view, row.kind, row.ref)
            if does_ping and message.mentions:
                message = await self._ping_policy.prepared(run_view, row, message, channel)
                does_ping = bool(message.mentions or message.role_mentions)
            elif not message.role_mentions and row.kind is not OutboxKind.QUESTION:
                does_ping = (
                    False  # a sound without a mention is noise; a question of an external agent notifies its channel
                )
            posted = await self._rest.send(
                channel,
                message,
                nonce=row.nonce,
                silent=not does_ping,
                pings=does_ping,
                file=file,
                reply_to=row.body.get("reply"),
            )
            shown_hash = message.payload_hash
        if is_pinned(row.kind, row.ref):
            await self._pin(channel, posted)
            self._rollover.questions.proved.add(posted)
        return Surface(
            run=row.run,
            kind=row.kind,
            ref=row.ref,
            channel=channel,
            message=posted,
            shown_hash=shown_hash,  # None for one found again: what it shows is not known, so it is edited
            shown_position=run_view.position if shown_hash else 0,
            posted_at=posted_at,
        )

    async def _file(self, run_view: RunView, row: OutboxRow) -> tuple[str, bytes] | None:
        """Name and content; None for a file that this run never attached. Text passes the redactor."""
        data = await self._artifact(run_view.run, row.ref)
        name = self._renderer.redact(next((a.name for a in run_view.snapshot.artifacts if a.sha256 == row.ref), "file"))
        if data is None:
            return None
        try:
            return name, self._renderer.redact(data.decode()).encode()
        except UnicodeDecodeError:
            return name, data

    async def _earlier(self, run_view: RunView, row: OutboxRow, channel: str) -> str | None:
        """The message of an earlier try whose answer was lost, or after which the process restarted."""
        is_new = row.attempts == 0 and row.created_at >= self._began and row.id not in self._tried
        self._tried.add(row.id)
        if is_new:
            return None
        number = row.ref if row.kind is OutboxKind.CARD else ""
        kind = OutboxKind.QUESTION if is_pinned(row.kind, row.ref) else row.kind
        if kind is OutboxKind.NOTICE:
            number = question_tag(row.ref)
        request = request_of(run_view.snapshot, row.ref) if kind is OutboxKind.QUESTION else None
        if request is not None:
            number = question_tag(request.ref)
        if kind is OutboxKind.FILE:
            number = question_tag(row.ref)
        wanted = Marker(short_id(row.run), kind, number)
        return await self._rest.find(channel, wanted, since=row.created_at)

    async def _pin(self, channel: str, message: str) -> None:
        """Pin a question where that is permitted; without the pin it is still there.

        Raises SendFailed where another try may succeed: the message is then found again, not posted again.
        """
        try:
            await self._rest.pin(channel, message)
        except SendFailed as failed:
            if failed.may_pass:
                raise
            log.info("question.not_pinned", channel=channel, reason=str(failed))


def _nothing_posted(row: OutboxRow, channel: str, at: Millis) -> Surface:
    return Surface(run=row.run, kind=row.kind, ref=row.ref, channel=channel, posted_at=at)


def _is_for_ops(row: OutboxRow) -> bool:
    """Whether it goes to the ops channel, wherever its run is shown."""
    return Ref.parse(row.ref).kind in {RefKind.OPS, RefKind.DAMAGED, RefKind.RECOVERED}
