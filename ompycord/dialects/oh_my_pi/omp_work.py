"""When oh-my-pi works, when it has ended, and how; part of `omp_rpc.py`.

A prompt is only acknowledged. The work has ended when an `agent_end` that is terminal is followed by a state at rest,
and the last message's stop reason tells how: a closed pipe or an exit code proves nothing
(docs/platform/agents.md, *oh-my-pi RPC*).
"""

from collections import deque
from typing import Final, Literal

from ompycord.dialects.frames import Frame, boolean, count, dig, found, listed, one_line, prose, string
from ompycord.dialects.oh_my_pi.omp_events import message_text
from ompycord.dialects.protocol_session import Reaction
from ompycord.dialects.provider_refusals import ProviderRefusal, read_answer, read_refusal
from ompycord.domain.events import Note, Prompted
from ompycord.domain.ports import AgentOutcome
from ompycord.domain.run import EndedBy, FailureClass

__all__ = ["OmpWork"]

_MOST_WAITING: Final = 256


class OmpWork:
    """The state of one prompt. Messages from people before the agent has begun are held until it has."""

    def __init__(self, *, agent: Literal["omp", "pi"], prompt: str) -> None:
        self._agent = agent
        self._unacknowledged: deque[str] = deque([prompt])
        """Texts that were sent and are not in the session yet, oldest first."""
        self._is_counting = True
        """Whether all of them are there; when too many wait, none is acknowledged any more."""
        self._waiting: deque[Prompted] = deque(maxlen=_MOST_WAITING)
        self._has_begun = self._is_running = self._is_retrying = False
        self._stop = self._error = self._last_words = ""
        self._rests = 0
        self._sent = 0

    def prompt(self, received: Prompted) -> Reaction:
        """A message for the agent: into its work, after its work, or as the next prompt where it rests."""
        if not self._has_begun:
            self._waiting.append(received)
            return Reaction()
        self._rests += 1  # a state that was asked for before knows nothing of this
        self._sent += 1
        if len(self._unacknowledged) < _MOST_WAITING:
            self._unacknowledged.append(received.text)
        else:
            self._is_counting = False
        kind = "follow_up" if self._is_running and received.when == "next" else "steer"
        frame: Frame = {"id": f"say-{self._sent}", "type": kind, "message": received.text}
        if self._agent == "pi" and not self._is_running:  # pi keeps a message at rest until the next prompt
            frame |= {"type": "prompt", "streamingBehavior": "steer"}
        return Reaction(send=(frame,))

    def has_message(self, message: Frame) -> Reaction:
        """Take a user's message that the session has now. A `follow_up` may come in before what was sent earlier."""
        text = message_text(message)
        if text not in self._unacknowledged:
            return Reaction()
        is_next = self._unacknowledged[0] == text
        self._unacknowledged.remove(text)
        return Reaction(acknowledged=1 if is_next and self._is_counting else 0)

    def was_cut(self) -> bool:
        """Whether it was in the midst of its work, which is over now."""
        was_running, self._is_running = self._is_running, False
        return was_running

    def started(self) -> Reaction:
        """Take an `agent_start`."""
        self._is_running = self._has_begun = True
        reaction = Reaction(rests=False)
        while self._waiting:
            reaction += self.prompt(self._waiting.popleft())
        return reaction

    def stopped(self, frame: Frame) -> Reaction:
        """Take an `agent_end`."""
        self._is_running = False
        ended = Reaction(is_turn_over=True)
        for message in reversed(listed(frame, "messages")):
            if string(message, "role") == "assistant":
                self.spoke(found(message))
                break
        if self._stop != "error":  # what its provider refuses is no rest: a message would be refused as well
            ended += Reaction(rests=True)
        return ended if dig(frame, "isTerminal") is False else ended + self._ask_for_rest()

    def spoke(self, message: Frame) -> None:
        """Take the agent's latest message: the one before its end has the reason of the end."""
        self._stop, self._error = string(message, "stopReason"), string(message, "errorMessage")
        self._last_words = message_text(message)

    def retries(self, *, continues: bool) -> Reaction:
        """Note that the provider is tried again later, or that this is over."""
        self._is_retrying = continues
        return Reaction() if continues or self._is_running or not self._has_begun else self._ask_for_rest()

    def prompted(self, frame: Frame) -> Reaction:
        """Take the response to our prompt."""
        if not boolean(frame, "success"):
            error = one_line(string(frame, "error"))
            return self._failed(f"{self._agent} did not take the prompt: {error}", FailureClass.ENV)
        return self.not_invoked(found(frame, "data"))

    def not_invoked(self, frame: Frame) -> Reaction:
        """Note whether the prompt reached an agent at all, where the frame has that."""
        if dig(frame, "agentInvoked") is not False or self._has_begun:
            return Reaction()
        return self._failed(f"The prompt was a command of {self._agent} itself, so no agent worked on it.")

    def on_response(self, frame: Frame) -> Reaction:
        """Take the response to a person's message."""
        trouble = Reaction()
        if not boolean(frame, "success"):
            text = f"{self._agent} did not accept the message: {one_line(string(frame, 'error'))}"
            trouble = Reaction((Note(text=text),))
        return trouble + (self._ask_for_rest() if self._has_begun and not self._is_running else Reaction())

    def at_rest(self, frame: Frame, *, now_ms: int) -> Reaction:
        """Take the response to our request for its state.

        It is the end, if nothing is left to do and no message came since. `now_ms` dates what the provider says.
        """
        state = found(frame, "data")
        queued = count(state, "queuedMessageCount") + count(state, "pendingMessageCount")
        is_busy = boolean(state, "isStreaming") or boolean(state, "isCompacting") or queued > 0 or self._is_retrying
        if is_busy or self._is_running or string(frame, "id") != f"rest-{self._rests}":
            return Reaction()
        if self._stop == "stop":
            words = prose(self._last_words, 500).strip()
            if refusal := read_answer(words, now_ms=now_ms):
                return Reaction(outcome=refusal.outcome(one_line(words)))
            return Reaction(outcome=AgentOutcome(claim=True, message=words or None))
        return self._unfinished(self._error or "no reason given", now_ms)

    def _ask_for_rest(self) -> Reaction:
        self._rests += 1
        return Reaction(send=({"id": f"rest-{self._rests}", "type": "get_state"},))

    def _unfinished(self, why: str, now_ms: int) -> Reaction:
        match self._stop:
            case "error":
                refusal = read_refusal(why, now_ms=now_ms) or ProviderRefusal("time")
                return Reaction(outcome=refusal.outcome(one_line(f"The model could not be reached: {why}")))
            case "aborted":
                return self._failed(f"{self._agent} was interrupted: {why}", FailureClass.TRANSIENT)
            case "length":
                return self._failed("The model's answer was cut by its length limit.")
            case "":
                return self._failed(f"{self._agent} ended without an answer.")
            case _:
                return self._failed(f"{self._agent} ended in the middle of its work ({one_line(self._stop, 64)}).")

    def _failed(self, message: str, failure: FailureClass = FailureClass.REPAIRABLE) -> Reaction:
        outcome = AgentOutcome(claim=False, message=one_line(message), failure=failure, ended_by=EndedBy.TURN)
        return Reaction(outcome=outcome)
