"""The loop of the built-in agent: ask its model, do what it wants, give it the results, until it answers in words.

Counterparts: `tool_program.py`, which does the work confined, and `adapter.py`, which starts both.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.agents.native.history import next_turn, save, shortened
from ompycord.agents.native.incoming import Decision, IncomingMessages
from ompycord.agents.native.offers import ASK, GIVE_UP, KEY_REQUEST, PLAN, RUN
from ompycord.agents.native.tool_program import ToolOutput, ToolProgram
from ompycord.dialects.changes import FileChanges
from ompycord.dialects.frames import Frame, listed, objects, one_line, parse_frame, prose, string
from ompycord.dialects.options import Options, question
from ompycord.dialects.requests.open_requests import request_name
from ompycord.dialects.requests.tool_approval import RequestedCall, request_approval
from ompycord.dialects.tools import prints_of, tool_title
from ompycord.domain.events import (
    ApprovalDenied,
    EventBody,
    Message,
    Phase,
    PlanUpdated,
    QuestionAnswered,
    ToolFinished,
    ToolProgress,
    ToolStarted,
)
from ompycord.domain.ports import AgentOutcome, AskSecret, Emit, Inbox
from ompycord.domain.ports.models import (
    Conversation,
    ModelCall,
    ModelReply,
    Models,
    ModelToolCall,
    OfferedTool,
    PromptMessage,
    PromptTemplate,
    ReplyMessage,
    Temperature,
    ToolMessage,
)
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.errors import Refused
from ompycord.processes import RunningProcess
from ompycord.processes.safe_open import NotGranted
from ompycord.render.refusals import Audience, refusal_words
from ompycord.text import cut

__all__ = ["Session", "WorkLoop"]

_SENTENCE: Final = 500
_PHASES: Final = 25
_STATUSES: Final = frozenset({"pending", "active", "done", "failed", "skipped"})
_CUT: Final = "Your last answer was cut off at its limit. Go on, in smaller pieces."


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What one start of the agent works with."""

    name: str
    home: Path
    root: str
    """The clone, as its tools know it."""
    template: PromptTemplate
    tools: tuple[OfferedTool, ...]
    model: str
    temperature: Temperature | None
    most_turns: int
    most_characters: int
    """Of a conversation, before the oldest results of tools are left out."""
    asks_before_commands: bool
    ask_secret: AskSecret | None = None


class WorkLoop:
    """One start of the agent, from its first message to its last words."""

    def __init__(
        self, *, session: Session, models: Models, tools: ToolProgram, people: IncomingMessages, emit: Emit,
        inbox: Inbox, process: RunningProcess,
    ) -> None:  # fmt: skip
        self._session = session
        self._models = models
        self._tools = tools
        self._people = people
        self._emit = emit
        self._inbox = inbox
        self._process = process
        self._changes = FileChanges(root=session.root)
        self._messages: tuple[Conversation, ...] = ()
        self._unacknowledged = 0
        self._end: AgentOutcome | None = None

    async def run(self, earlier: tuple[Conversation, ...], prompt: str) -> AgentOutcome:
        """Go on after `earlier` with this text. Raises ModelFailed, and what `emit` raises."""
        self._messages = earlier
        self._prompted(prompt)
        try:
            return await self._until_done()
        except asyncio.CancelledError:
            with suppress(OSError, NotGranted):  # stopped: the next start knows what this one did
                save(self._session.home, self._session.name, self._messages)
            raise

    async def _until_done(self) -> AgentOutcome:
        for _ in range(self._session.most_turns):
            for text in self._people.messages():
                self._prompted(text)
            await self._kept()
            reply = await self._models.reply(self._call())
            await self._answered(reply)
            if self._end is not None:
                return self._end
            if reply.is_cut:
                self._messages = (*self._messages, PromptMessage(text=_CUT))
            elif not reply.calls and not await self._people.has_more():
                await self._kept()
                return AgentOutcome(claim=True, message=cut(prose(reply.text), _SENTENCE) or None)
        words = f"It was not done after {self._session.most_turns} answers of its model, so Ompycord stopped it."
        return AgentOutcome(claim=False, message=words, failure=FailureClass.REPAIRABLE, ended_by=EndedBy.LIMITS)

    def _call(self) -> ModelCall:
        session = self._session
        return ModelCall(
            template=session.template,
            messages=self._messages,
            model=session.model,
            tools=session.tools,
            temperature=session.temperature,
        )

    def _prompted(self, text: str) -> None:
        self._messages = (*self._messages, PromptMessage(text=text))
        self._unacknowledged += 1

    async def _kept(self) -> None:
        """The session has what it was told once its file has it; one that cannot be written is not gone on with."""
        session = self._session
        self._messages = shortened(self._messages, session.most_characters)
        try:
            await asyncio.to_thread(save, session.home, session.name, self._messages)
        except (OSError, NotGranted):
            return
        if self._unacknowledged:
            count, self._unacknowledged = self._unacknowledged, 0
            await self._inbox.acknowledge(count)

    async def _answered(self, reply: ModelReply) -> None:
        turn = next_turn(self._messages)
        calls = tuple(  # some models give every call the same id
            call.model_copy(update={"id": f"call_{turn}_{number}"}) for number, call in enumerate(reply.calls)
        )
        self._messages = (*self._messages, ReplyMessage(text=reply.text, calls=calls))
        if text := prose(reply.text).strip():
            await self._emit(Message(text=text))
        for call in calls:
            result = await self._done(self._in_run(call))
            self._messages = (*self._messages, ToolMessage(call=call.id, tool=call.tool, text=result))
            if self._end is not None:
                return

    def _in_run(self, call: ModelToolCall) -> ModelToolCall:
        """The call under an id that no other session of the run has; models get one that a replay has too."""
        return call.model_copy(update={"id": f"{self._session.name[:6]}_{call.id}"})

    # -- tools ---------------------------------------------------------------------------------------------------------

    async def _done(self, call: ModelToolCall) -> str:
        """What a call gave, for the model."""
        offered = {one.name for one in self._session.tools}
        arguments = parse_frame(call.arguments) if call.arguments.strip() else {}
        if call.tool not in offered:
            return f"There is no tool {call.tool[:64]!r} here. There are: {', '.join(sorted(offered))}."
        if arguments is None:
            return "The arguments are no JSON object. Call it again."
        if call.tool == PLAN:
            return await self._planned(arguments)
        if call.tool == ASK:
            return await self._question(call.id, arguments)
        if call.tool == KEY_REQUEST:
            return await self._secret(arguments)
        return self._given_up(arguments) if call.tool == GIVE_UP else await self._used(call, arguments)

    async def _used(self, call: ModelToolCall, arguments: Frame) -> str:
        title = tool_title(arguments, root=self._session.root)
        if call.tool == RUN and self._session.asks_before_commands:
            refusal = await self._refusal_of(call, arguments, title or call.tool)
            if refusal is not None:
                return refusal
        await self._emit(ToolStarted(tool=call.tool, title=title, call=call.id))
        answer = await self._tools.call(call.id, call.tool, arguments, partial(self._progressed, call.id))
        await self._emit(*self._events_of(call, arguments, title, answer))
        return answer.text

    async def _progressed(self, call: str, text: str) -> None:
        await self._emit(ToolProgress(call=call, text=text))

    def _events_of(
        self, call: ModelToolCall, arguments: Frame, title: str | None, answer: ToolOutput
    ) -> Sequence[EventBody]:
        has_changed = answer.path is not None
        finished = ToolFinished(
            tool=call.tool,
            title=title,
            call=call.id,
            ok=answer.ok,
            detail=answer.detail or (None if answer.ok else one_line(answer.text)),
            added=answer.added if has_changed else None,
            removed=answer.removed if has_changed else None,
            prints=prints_of(call.tool, arguments, answer.text),
        )
        if answer.path is None:
            return (finished,)
        changed = self._changes.edited(answer.path, added=answer.added, removed=answer.removed, is_new=answer.is_new)
        return (finished,) if changed is None else (finished, changed)

    async def _planned(self, arguments: Frame) -> str:
        phases = [
            Phase.model_validate({"title": one_line(string(one, "title")), "status": string(one, "status")})
            for one in objects(arguments, "steps")[:_PHASES]
            if string(one, "status") in _STATUSES and one_line(string(one, "title"))
        ]
        if phases:
            await self._emit(PlanUpdated(phases=tuple(phases)))
        return "Shown." if phases else "Nothing was shown: give steps with a title and a status."

    def _given_up(self, arguments: Frame) -> str:
        why = cut(prose(string(arguments, "reason")), _SENTENCE) or "The model gave up without a reason."
        self._end = AgentOutcome(claim=False, message=why, failure=FailureClass.REPAIRABLE)
        return "Your work has ended."

    # -- people --------------------------------------------------------------------------------------------------------

    async def _refusal_of(self, call: ModelToolCall, arguments: Frame, title: str) -> str | None:
        """Ask for approval of a command; what the model is told where it was not given."""
        name = request_name("leave", self._session.name, call.id)
        requested = RequestedCall(tool=call.tool, arguments=arguments)
        decision = await self._decided(name, request_approval(name, requested, title=title, root=self._session.root))
        if not isinstance(decision, ApprovalDenied):
            return None
        why = f": {decision.reason.rstrip('.')}." if decision.reason else "."
        return f"{decision.by} does not allow this command{why} Go on without it."

    async def _question(self, call: str, arguments: Frame) -> str:
        name, text = request_name("question", self._session.name, call), string(arguments, "question").strip()
        if not text:
            return "The question is empty."
        options = Options([one for one in listed(arguments, "options") if isinstance(one, str)])
        decision = await self._decided(name, question(name, text, options))
        answer = decision.answer if isinstance(decision, QuestionAnswered) else ""
        return f"{decision.by} answered: {options.pick(answer) or answer}"

    async def _secret(self, arguments: Frame) -> str:
        """Where people must give it, the run is paused by now, and this start of the agent is about to be stopped."""
        assert self._session.ask_secret is not None
        try:
            return await self._session.ask_secret(string(arguments, "name").strip(), string(arguments, "why"))
        except Refused as error:
            return refusal_words(error, Audience.AGENT)

    async def _decided(self, name: str, request: EventBody) -> Decision:
        """Store the request, wait for its decision; the clocks stand still meanwhile."""
        decision = self._people.expect(name)
        await self._emit(request)
        self._process.waits_for_person(waiting=True)
        try:
            return await decision
        finally:
            self._process.waits_for_person(waiting=False)
