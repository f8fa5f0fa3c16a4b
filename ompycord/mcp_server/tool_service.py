"""What the MCP tools do, without MCP: read the task, post an update, ask people and wait. Counterpart: `server.py`.

Clients end tool calls after 25 to 60 s (docs/platform/agents.md, *MCP clients*), so a question is a ticket that can be
waited for again.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

from ompycord.conductor import Bus, EventRecorder, Inboxes, Messages, Slots, Snapshots, wait_for
from ompycord.conductor.roles.waiting import StillAllowed
from ompycord.conductor.secret_requests import SecretRequests
from ompycord.conductor.transcript import Transcript
from ompycord.domain import events as ev
from ompycord.domain.base import Frozen
from ompycord.domain.folds.snapshot import Approval, Question, StatusSnapshot
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.mcp_server.memory_tools import MemoryTools

__all__ = ["LONGEST_WAIT_S", "Attach", "Remark", "TaskView", "ToolAnswer", "ToolService"]

LONGEST_WAIT_S = 25.0
"""Seconds between two reads without a change: so long an ending process waits for us."""
_TITLE, _COMMAND, _RISK = 500, 32_768, 128
"""Characters of an approval request's texts (`domain/events/people.py`); nothing of them is left out."""
REMARKS = 50
"""Messages of people that are returned, the latest; no agent reads more."""

Attach = Callable[[RunId, str], Awaitable[ev.ArtifactAdded]]
"""Keep a file of a run's clone. Raises Refused."""


class TaskView(Frozen):
    """What the agent is here for."""

    run: str
    title: str
    prompt: str
    repository: str | None
    mode: str | None
    done_when: str | None
    state: str


class ToolAnswer(Frozen):
    """What became of a question or a request for approval. While `waiting`, call wait_answer with the ticket again.

    The answer to a request begins with `allowed` or `denied`; only the first is an approval.
    """

    ticket: str
    status: Literal["waiting", "answered", "withdrawn"]
    answer: str | None = None
    by: str | None = None


class Remark(Frozen):
    """One thing that a person wrote in the run's thread."""

    kind: Literal["said", "answered", "allowed", "denied"]
    by: str | None
    text: str
    about: str | None = None
    """What was asked, for an answer or a decision."""


class ToolService:
    """One for all runs; every method takes the run to which the caller's key is bound."""

    def __init__(
        self,
        *,
        recorder: EventRecorder,
        messages: Messages,
        snapshots: Snapshots,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        attach: Attach,
        slots: Slots | None = None,
        inboxes: Inboxes | None = None,
        memory: MemoryTools | None = None,
        secrets: SecretRequests | None = None,
        still: StillAllowed | None = None,
    ) -> None:
        """`slots`: an answer is kept until the run of a waiting agent has a slot again.

        `inboxes`: they know what agents of a run were answered that work no more.

        `still`: a permission counts while whoever gave it may.
        """
        self.memory = memory
        """What is remembered of earlier work; None where nothing is."""
        self.secrets = secrets
        """What people give to agents that ask for a secret; None where nobody can."""
        self._slots = slots
        self._inboxes = inboxes
        self._still = still
        self._recorder = recorder
        self._messages = messages
        self._snapshots = snapshots
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._attach = attach
        self._is_ending = False

    def drain(self) -> None:
        """End the waits: within a second each caller learns that there is no answer yet.

        Tickets outlive the process.
        """
        self._is_ending = True

    async def task(self, run: RunId) -> TaskView:
        """The task of a run. Raises Refused when there is nothing to read."""
        snapshot = await self._snapshot(run)
        return TaskView(
            run=run,
            title=snapshot.title,
            prompt=snapshot.prompt,
            repository=snapshot.repository,
            mode=snapshot.mode,
            done_when=snapshot.done_when,
            state=snapshot.state,
        )

    async def post_update(self, run: RunId, text: str) -> None:
        """Add a note of the agent, shown on the card. Raises Refused when it is empty or the run has ended."""
        text = text.strip()
        if not text:
            raise Refused(RefusalCode.TEXT_MISSING, what="An update", part="text")
        await self._open(run)
        await self._recorder.observe(run, ev.Message(text=text[:2000]))

    async def set_plan(self, run: RunId, phases: tuple[ev.Phase, ...]) -> None:
        """Replace the whole plan. Raises Refused when the run has ended."""
        await self._open(run)
        await self._recorder.observe(run, ev.PlanUpdated(phases=phases))

    async def attach_file(self, run: RunId, path: str) -> ev.ArtifactAdded:
        """Keep a file of the run's clone and show it in the thread. Raises Refused."""
        await self._open(run)
        added = await self._attach(run, path)
        await self._recorder.observe(run, added)
        return added

    async def read_thread(self, run: RunId) -> list[Remark]:
        """What people wrote in this run, oldest first, the last 50. Raises Refused when there is nothing to read."""
        await self._snapshot(run)
        return remarks(await self._messages.transcript(run))[-REMARKS:]

    async def report_result(self, run: RunId, summary: str, outcome: Literal["complete", "partial", "failed"]) -> None:
        """Record what the agent reports of its work: a claim. Raises Refused when it is empty or the run has ended."""
        summary = summary.strip()
        if not summary:
            raise Refused(RefusalCode.TEXT_MISSING, what="A result", part="summary")
        await self._open(run)
        if outcome == "failed":
            await self._recorder.observe(run, ev.RunFailed(message=summary[:4000]))
        else:
            await self._recorder.observe(run, ev.RunFinished(summary=summary[:4000], outcome=outcome))

    async def ask(
        self, run: RunId, text: str, options: tuple[str, ...] = (), *, free_text: bool = True, wait_s: float = 20.0
    ) -> ToolAnswer:
        """Ask people; waits at most 25 s for the answer.

        The same question asked again is the same ticket while it is open, and while the agent has not got its answer.
        An agent that begins anew, as after a crash, gets the answer that one before it had. Raises Refused.
        """
        snapshot = await self._open(run)
        text = text.strip()
        if not text:
            raise Refused(RefusalCode.TEXT_MISSING, what="A question", part="text")
        if not options and not free_text:
            raise Refused(RefusalCode.OPTIONS_MISSING)
        again = next((q for q in snapshot.open_questions if q.text == text[:4000] and q.options == options), None)
        if again is not None:
            return await self.wait(run, again.ref, wait_s=wait_s)
        found = ev.QuestionAsked(question=self._ids.ulid(), text=text[:4000], options=options, free_text=free_text)
        inbox = None if self._inboxes is None else self._inboxes.of(run)
        earlier = None if inbox is None else await inbox.earlier(found)
        if earlier is not None:
            return await self._wait(run, earlier.name, wait_s, is_known=True)
        await self._recorder.observe(run, found)
        return await self._wait(run, found.question, wait_s, is_known=True)

    async def request_approval(
        self, run: RunId, title: str, *, command: str | None = None, risk: str | None = None, wait_s: float = 20.0
    ) -> ToolAnswer:
        """Ask for approval to act; waits like `ask`.

        The same text again is the same ticket while it is open or its decision has not reached the agent, and where it
        was approved for the whole run; then this use of the permission is recorded. Raises Refused without a title, or
        where it is too long to be shown whole.
        """
        snapshot = await self._open(run)
        title, command, risk = title.strip(), command or None, (risk or "").strip() or None
        if not title:
            raise Refused(RefusalCode.TEXT_MISSING, what="An approval request", part="title")
        for part, text, limit in (("title", title, _TITLE), ("command", command, _COMMAND), ("risk", risk, _RISK)):
            if len(text or "") > limit:
                raise Refused(RefusalCode.REQUEST_TOO_LONG, part=part, limit=limit)
        found = ev.ApprovalRequested(approval=self._ids.ulid(), title=title, command=command, risk=risk)
        known = snapshot.permission_for(found)
        if known is not None and await self._lost(run, known.ref) is None:
            used = ev.ApprovalUsed(approval=known.ref, title=title, command=command)
            await self._recorder.record(run, used)
            return await self.wait(run, known.ref, wait_s=wait_s)
        inbox = None if self._inboxes is None else self._inboxes.of(run)
        earlier = None if inbox is None else await inbox.earlier_request(found)
        if earlier is not None:
            return await self._wait(run, earlier.name, wait_s, is_known=True)
        known = snapshot.open_request_for(found)
        if known is not None:
            return await self.wait(run, known.ref, wait_s=wait_s)
        await self._recorder.observe(run, found)
        return await self._wait(run, found.approval, wait_s, is_known=True)

    async def wait(self, run: RunId, ticket: str, *, wait_s: float = 20.0) -> ToolAnswer:
        """Wait at most 25 s for an answer. Raises Refused for a ticket that this run never had."""
        return await self._wait(run, ticket, wait_s, is_known=False)

    async def _wait(self, run: RunId, ticket: str, wait_s: float, *, is_known: bool) -> ToolAnswer:
        """Wait for an answer.

        A question that was just stored is known, although the projector may not have read it yet.
        """

        def closed(snapshot: StatusSnapshot | None) -> ToolAnswer | None:
            found = _find(snapshot, ticket)
            if found is not None and found.status != "open":
                if self._slots is not None and self._slots.is_waiting(run):
                    self._slots.want(run)
                    return None
                status = "withdrawn" if found.status == "withdrawn" else "answered"
                return ToolAnswer(ticket=ticket, status=status, answer=_answer(found), by=found.by)
            is_over = snapshot is not None and snapshot.is_final
            return ToolAnswer(ticket=ticket, status="withdrawn") if is_over else None

        answer = await wait_for(
            closed, run, wait_s=min(max(wait_s, 0.0), LONGEST_WAIT_S), is_ending=lambda: self._is_ending,
            snapshots=self._snapshots, bus=self._bus, clock=self._clock,
        )  # fmt: skip
        if answer is not None:
            lost = await self._lost(run, ticket) if answer.status == "answered" else None
            await self._pass_on(run, answer)
            return answer if lost is None else answer.model_copy(update={"answer": f"denied: {lost}", "by": "Ompycord"})
        if not is_known and not self._is_ending and _find(await self._snapshots.of(run), ticket) is None:
            raise Refused(RefusalCode.NO_SUCH_TICKET, run=short_id(run), ticket=repr(ticket[:26]))
        return ToolAnswer(ticket=ticket, status="waiting")

    async def _pass_on(self, run: RunId, answer: ToolAnswer) -> None:
        """Record of an answer or a decision that its agent gets it, before it does."""
        inbox = None if self._inboxes is None else self._inboxes.of(run)
        snapshot = await self._snapshots.of(run)
        if inbox is None or answer.status != "answered" or snapshot is None:
            return
        kind = RefKind.APPROVAL if snapshot.question(answer.ticket) is None else RefKind.QUESTION
        await inbox.pass_on(Ref(kind, answer.ticket))

    async def _lost(self, run: RunId, ticket: str) -> str | None:
        """Why a permission does not count any more; None while it does."""
        return None if self._still is None else await self._still.ticket(run, ticket)

    async def _snapshot(self, run: RunId) -> StatusSnapshot:
        snapshot = await self._snapshots.of(run)
        if snapshot is None:
            raise Refused(RefusalCode.NOTHING_KNOWN_YET, run=short_id(run))
        return snapshot

    async def _open(self, run: RunId) -> StatusSnapshot:
        snapshot = await self._snapshot(run)
        if snapshot.is_final:
            raise Refused(RefusalCode.RUN_ENDED, run=short_id(run))
        return snapshot


def _find(snapshot: StatusSnapshot | None, ticket: str) -> Question | Approval | None:
    found = (*snapshot.questions, *snapshot.approvals) if snapshot else ()
    return next((one for one in found if one.ref == ticket), None)


def _answer(found: Question | Approval) -> str | None:
    """The answer as text for an agent."""
    if isinstance(found, Question):
        return found.answer
    match found.status:
        case "granted":
            return {"run": "allowed for this run", "day": "allowed for a day"}.get(found.scope or "", "allowed once")
        case "denied":
            return f"denied: {found.reason}" if found.reason else "denied"
        case _:
            return None


def remarks(transcript: Transcript) -> list[Remark]:
    """What people wrote and decided, in the order of the log."""
    found = [(one.position, Remark(kind="said", by=one.body.by, text=one.body.text)) for one in transcript.messages]
    for request in transcript.requests.values():
        match request.body, request.decided:
            case ev.QuestionAsked(text=about), ev.QuestionAnswered() as answered:
                remark = Remark(kind="answered", by=answered.by, text=answered.answer, about=about)
            case ev.ApprovalRequested(title=about), ev.ApprovalGranted() as granted:
                remark = Remark(kind="allowed", by=granted.by, text=f"allowed {granted.scope}", about=about)
            case ev.ApprovalRequested(title=about), ev.ApprovalDenied() as denied:
                remark = Remark(kind="denied", by=denied.by, text=denied.reason or "denied", about=about)
            case _:
                continue
        found.append((request.decided_at, remark))
    return [remark for _, remark in sorted(found, key=lambda entry: entry[0])]
