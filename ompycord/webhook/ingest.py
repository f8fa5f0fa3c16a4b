"""The hot path: `POST /api/webhook/event` and `/events` as raw ASGI; counterpart of `EventLog.append`.

Raw, because a FastAPI route costs three quarters of the throughput (docs/platform/sqlite.md, *Throughput*).
"""

import hashlib
from typing import NamedTuple

from ompycord.domain.ids import external_source
from ompycord.domain.policy import require_authority
from ompycord.domain.ports import Clock, EventLog, Ids
from ompycord.domain.records import Post, Receipt
from ompycord.domain.records import Scope as KeyScope
from ompycord.errors import BadEvent, IdConflict
from ompycord.http.pipeline import AuthenticatedRequest, RawAnswer, RawRequest, RequestPipeline
from ompycord.http.problems import Problem
from ompycord.webhook.acknowledgement import accepted
from ompycord.webhook.backlog import Backlog
from ompycord.webhook.envelope import Item, read_batch, read_body, read_event, time_ms
from ompycord.webhook.limits import EventLimits

__all__ = ["Ingest"]


class _To(NamedTuple):
    """What all events of a request share."""

    run: str
    source: str | None


class Ingest:
    """Takes in events."""

    def __init__(
        self,
        *,
        store: EventLog,
        pipeline: RequestPipeline,
        backlog: Backlog,
        clock: Clock,
        ids: Ids,
        limits: EventLimits,
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._backlog = backlog
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def event(self, request: RawRequest) -> RawAnswer:
        """`POST /api/webhook/event`: one event. Raises ClientDisconnected."""
        return await self._pipeline.serve(
            request, self._event, most=self._limits.event_bytes, scope=KeyScope.EVENTS_WRITE
        )

    async def batch(self, request: RawRequest) -> RawAnswer:
        """`POST /api/webhook/events`: up to 500 events of one run, all or nothing. Raises ClientDisconnected."""
        return await self._pipeline.serve(
            request, self._batch, most=self._limits.batch_bytes, scope=KeyScope.EVENTS_WRITE
        )

    async def _event(self, authenticated: AuthenticatedRequest) -> RawAnswer:
        await self._backlog.require_room()
        self._pipeline.require_rate(authenticated.key, 1)
        envelope = read_event(authenticated.body)
        digest = hashlib.sha256(authenticated.body).digest()
        post = self._post(authenticated, _To(envelope.run, envelope.source), envelope, digest, authenticated.webhook_id)
        [result] = await self._store.append([post])
        if isinstance(result, BadEvent):
            raise result
        return self._answer([result])

    async def _batch(self, authenticated: AuthenticatedRequest) -> RawAnswer:
        await self._backlog.require_room()
        batch, items = read_batch(authenticated.body, most=self._limits.batch_events)
        self._pipeline.require_rate(authenticated.key, len(items))
        digest = hashlib.sha256(authenticated.body).digest()
        to = _To(batch.run, batch.source)
        posts: list[Post] = []
        for index, item in enumerate(items):
            webhook_id = authenticated.webhook_id if index == len(items) - 1 else None  # it stands for the whole batch
            try:
                posts.append(self._post(authenticated, to, item, digest, webhook_id))
            except Problem as error:
                raise error.at(index) from None
            except BadEvent as error:
                raise Problem(error.slug, str(error)).at(index) from None
        results = await self._store.append(posts, together=True)
        receipts = [result for result in results if isinstance(result, Receipt)]
        refusal = results[-1]
        if isinstance(refusal, IdConflict):
            raise refusal
        if isinstance(refusal, BadEvent):
            raise Problem(refusal.slug, str(refusal)).at(len(results) - 1)
        return self._answer(receipts)

    def _post(
        self, authenticated: AuthenticatedRequest, to: _To, item: Item, digest: bytes, webhook_id: str | None
    ) -> Post:
        key = authenticated.key
        now = self._clock.now_ms()
        require_authority(item.type, key.kind)
        new_id = self._ids.ulid()
        return Post(
            key_id=key.id,
            kind=key.kind,
            name=to.run,
            may_create=key.may_create,
            source=external_source(key.id, to.source),
            at=now if item.at is None else time_ms(item.at, now_ms=now),
            body=read_body(item),
            seq=item.seq,
            event_id=new_id,
            new_run=new_id,  # another table: the run that an event starts may share its id
            webhook_id=webhook_id,
            body_hash=digest,
            channel=key.channel,
            owner=key.owner,
        )

    def _answer(self, receipts: list[Receipt]) -> RawAnswer:
        self._backlog.stored(sum(not receipt.duplicate for receipt in receipts))
        return accepted(receipts)
