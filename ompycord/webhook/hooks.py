"""`POST /hooks/{source}/{run}`: what agents push by themselves, in their own shapes; `dialects/hooks.py` reads them.

Counterpart: the configuration that `ompycord integrations` writes. Authentication, sizes and refusals are those of
`ingest.py`.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast
from urllib.parse import parse_qs

from starlette.types import Receive

from ompycord.conductor import Bus, RunAccess, Snapshots
from ompycord.dialects.frames import Frame, one_line
from ompycord.dialects.hook_reading import HookReading
from ompycord.dialects.hooks import HOOK_SOURCES
from ompycord.dialects.hooks_claude import decision, halt
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import ApprovalRequested, ApprovalUsed, ApprovalWithdrawn, EventBody, Note, ToolFinished
from ompycord.domain.folds.snapshot import Approval
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.records import Receipt
from ompycord.domain.records import Scope as KeyScope
from ompycord.http.dispatcher import RawHandler
from ompycord.http.keys import Key
from ompycord.http.pipeline import AuthenticatedRequest, ClientDisconnected, RawAnswer, RawRequest, RequestPipeline
from ompycord.http.problems import Headers, Problem, problem
from ompycord.text.strict_json import NotJson, parse_json, require_within_limits
from ompycord.webhook.acknowledgement import JSON, accepted
from ompycord.webhook.backlog import Backlog
from ompycord.webhook.hook_approvals import CANCELLED, ApprovalVerdict, HookApprovals, verdict_of
from ompycord.webhook.hook_runs import HookRuns, Pushed
from ompycord.webhook.limits import EventLimits
from ompycord.webhook.target import EventTarget

__all__ = ["PREFIX", "SESSION", "Hooks"]

PREFIX: Final = "/hooks/"
SESSION: Final = "@session"
"""Given instead of a run's name: each session of the agent is a run, named after it."""
_BEFORE_TOOL: Final = "PreToolUse"
"""The hook of Claude Code that waits before a tool runs."""
_NAME: Final = 128
_VALUES: Final = 65_536
"""A hook cannot choose what it sends: within the size of an event it may have more and longer values than one."""


class _Address(NamedTuple):
    """The parts of the address."""

    source: str
    name: str
    waits: bool
    """Whether the agent waits for a person's decision."""


class Hooks:
    """Takes payloads of the agents in `HOOK_SOURCES`. None of them leads to a 5xx while the process is well."""

    def __init__(
        self,
        *,
        store: EventTarget,
        snapshots: Snapshots,
        pipeline: RequestPipeline,
        backlog: Backlog,
        clock: Clock,
        ids: Ids,
        limits: EventLimits,
        bus: Bus | None,
    ) -> None:
        self._pipeline = pipeline
        self._backlog = backlog
        self._limits = limits
        self._access = RunAccess(store=store, clock=clock, ids=ids)
        self._runs = HookRuns(store=store, clock=clock, ids=ids)
        self._approvals = HookApprovals(snapshots=snapshots, pipeline=pipeline, clock=clock, bus=bus)

    def find(self, path: str, query: bytes, headers: Mapping[bytes, bytes]) -> RawHandler | None:
        """The handler of this address; None for one that is no hook's."""
        if not path.startswith(PREFIX):
            return None
        source, _, name = path.removeprefix(PREFIX).partition("/")
        if source not in HOOK_SOURCES or not 1 <= len(name) <= _NAME:
            return _not_here
        waits = parse_qs(query.decode("latin-1")).get("ask", [""])[-1] == "1" or headers.get(b"ompycord-ask") == b"1"
        return partial(self._serve, _Address(source, name, waits))

    async def _serve(self, address: _Address, request: RawRequest) -> RawAnswer:
        take = partial(self._take, address, request.receive)
        return await self._pipeline.serve(request, take, most=self._limits.event_bytes, scope=KeyScope.EVENTS_WRITE)

    async def _take(self, address: _Address, receive: Receive, authenticated: AuthenticatedRequest) -> RawAnswer:
        await self._backlog.require_room()
        reading = HOOK_SOURCES[address.source](_payload(authenticated.body))
        self._pipeline.require_rate(authenticated.key, 1)
        events = reading.events if reading.is_known else (_unknown_client(address.source, reading.kind),)
        if not events:
            return _nothing(reading)
        pushed = self._pushed(address, authenticated, reading)
        receipts = await self._store(pushed, events)
        if not receipts:
            return _nothing(reading)
        if address.source != "claude":
            return accepted(receipts)
        await self._end_overtaken(pushed, reading, receipts[-1].run)
        verdict = await self._request_approval(address, pushed, reading, receipts, receive)
        if receipts[-1].cancel_requested and reading.kind == _BEFORE_TOOL:
            verdict = CANCELLED
            await self._end_denied(pushed, reading, verdict)
        return _for_claude(receipts, verdict)

    def _pushed(self, address: _Address, authenticated: AuthenticatedRequest, reading: HookReading) -> Pushed:
        key, name = authenticated.key, _name(authenticated.key, address, reading)
        own = reading.id if reading.is_known else f"unknown:{reading.kind}"  # reported once in a run
        id_ = authenticated.webhook_id or self._runs.id_of(key, address.source, name, own=own, body=authenticated.body)
        return Pushed(key, address.source, name, reading.begins, id_)

    async def _store(self, pushed: Pushed, events: tuple[EventBody, ...]) -> list[Receipt]:
        receipts = await self._runs.store(pushed, events)
        self._backlog.stored(sum(not receipt.duplicate for receipt in receipts))
        return receipts

    async def _record_use(self, run: RunId, permission: Approval, wanted: ApprovalRequested) -> None:
        """Store that a permission is used, before the agent gets its answer."""
        body = ApprovalUsed(approval=permission.ref, title=wanted.title, command=wanted.command)
        await self._access.record(run, body, kind=SourceKind.OMPYCORD)
        self._backlog.stored(1)

    async def _request_approval(
        self, address: _Address, pushed: Pushed, reading: HookReading, receipts: list[Receipt], receive: Receive
    ) -> ApprovalVerdict | None:
        """The decision on a tool that waits for approval; None where no person is asked."""
        wanted, run = reading.request, receipts[-1].run
        if not address.waits or wanted is None or not self._approvals.can_wait or receipts[-1].cancel_requested:
            return None
        permission = await self._approvals.permission(run, wanted)
        if permission is not None:
            await self._record_use(run, permission, wanted)
            return verdict_of(permission)
        withdrawal = partial(self._withdraw, pushed, wanted.approval)
        with self._approvals.waiting(run, wanted.approval):
            await self._store(pushed._replace(id=f"{pushed.id}-leave"[:_NAME]), (wanted,))
            try:
                verdict = await self._approvals.decided(run, wanted.approval, receive)
            except ClientDisconnected:
                await withdrawal("Its agent no longer waits.")
                raise
        if verdict is CANCELLED:
            await withdrawal("Its run was cancelled.")
        elif not verdict.is_decided:
            await withdrawal("It is asked at the terminal instead.")
        if verdict.permission == "deny":
            await self._end_denied(pushed, reading, verdict)
        return verdict

    async def _end_denied(self, pushed: Pushed, reading: HookReading, verdict: ApprovalVerdict) -> None:
        """Store that the tool which waited did not run."""
        if reading.if_denied:
            await self._store(pushed._replace(id=f"{pushed.id}-end"[:_NAME]), _denied(reading.if_denied, verdict))

    async def _end_overtaken(self, pushed: Pushed, reading: HookReading, run: RunId) -> None:
        """Withdraw requests that were decided elsewhere, such as after a restart of ours: their session went on."""
        if reading.overtakes is None:
            return
        for approval in await self._approvals.overtaken(run, reading.overtakes or None):
            await self._withdraw(pushed, approval, "Its session went on without it.")

    async def _withdraw(self, pushed: Pushed, approval: str, reason: str) -> None:
        body = ApprovalWithdrawn(approval=approval, reason=reason)
        digest = hashlib.sha256(approval.encode()).hexdigest()[:16]
        await self._store(pushed._replace(id=f"{pushed.id}-gone-{digest}"[:_NAME]), (body,))


def _denied(events: tuple[EventBody, ...], verdict: ApprovalVerdict) -> tuple[EventBody, ...]:
    """What happened instead of the tool's use, with who denied it."""
    detail = {"detail": one_line(verdict.reason)}
    return tuple(body.model_copy(update=detail) if isinstance(body, ToolFinished) else body for body in events)


async def _not_here(request: RawRequest) -> RawAnswer:
    return problem(Problem("not-found"))


def _payload(body: bytes) -> Frame:
    """Raises Problem: malformed-json, schema-invalid."""
    try:
        value = parse_json(body)
        require_within_limits(value, most=_VALUES, longest=len(body))
    except NotJson as error:
        raise Problem("malformed-json", str(error)) from None
    if not isinstance(value, dict):
        raise Problem("schema-invalid", "A hook's payload is a JSON object.", errors=[("", "dict_type")])
    return cast("Frame", value)


def _name(key: Key, address: _Address, reading: HookReading) -> str:
    """The sender's name of the run. Raises Problem where only the session could name it and there is none."""
    if address.name != SESSION:
        return address.name
    if key.run is not None:
        return key.run
    if reading.session is None:
        raise Problem("schema-invalid", f"The payload names no session: put a name in the place of {SESSION}.")
    return f"{address.source}-{reading.session}"[:_NAME]


def _unknown_client(source: str, kind: str) -> Note:
    return Note(text=f"{source} sent something that this version does not know: {kind}.")


def _nothing(reading: HookReading) -> RawAnswer:
    """The answer where nothing is stored: the kind is ignored by its name, or its run has ended."""
    return _json(202, {"accepted": 0, "duplicates": 0, "run": None, "position": 0, "cancel_requested": False})


def _for_claude(receipts: list[Receipt], verdict: ApprovalVerdict | None) -> RawAnswer:
    """The answer that Claude Code reads: a decision, and that a person wants the run to end.

    An order to end takes effect once its step has ended, so a tool that waits for the answer is denied as well.
    """
    status, headers, body = accepted(receipts)
    more: Frame = {}
    if verdict is not None:
        more |= decision(verdict.permission, verdict.reason)
    if receipts[-1].cancel_requested or verdict is CANCELLED:
        more |= halt(CANCELLED.reason)
    if not more:
        return status, headers, body
    return _json(status, {**json.loads(body), **more})


def _json(status: int, content: Mapping[str, Any]) -> RawAnswer:
    body = json.dumps(content, separators=(",", ":")).encode()
    headers: Headers = (JSON, (b"content-length", str(len(body)).encode()))
    return status, headers, body
