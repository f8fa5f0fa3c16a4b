"""The past of a session, which an agent replays when it continues it, and where that ends; part of `acp.py`.

The protocol wants all of it before the answer to `session/load`, and none for `session/resume`. oh-my-pi 18.2.3,
OpenCode 1.18.33, and the adapters of Claude 0.49.0 and Codex 2.6.0 keep to that. Gemini CLI 0.61.0 answers first and
continues the replay: with 2 MB of history its whole next turn, including its end, came in the midst of 2,000 old
messages. Nothing in an update distinguishes old from new, so the first prompt waits until the agent is quiet: a request
of an extension that no agent has, which the protocol makes it refuse
(https://agentclientprotocol.com/protocol/extensibility), is repeated until a whole round trip brings nothing of the
past. All five refuse it at once, and the 2,000 messages took six rounds. Two cases are not recognized: an agent that
continues the replay after a rest, and one that does not answer an unknown request, which breaks JSON-RPC; its idle
clock ends it.
"""

from typing import Final

from ompycord.dialects.agent_client_protocol.acp_updates import AcpUpdates
from ompycord.dialects.frames import Frame, string

__all__ = ["ARE_YOU_QUIET", "HistoryReplay"]

ARE_YOU_QUIET: Final = "_ompycord/are_you_quiet"
_ROUNDS: Final = 10_000
"""Seconds after which an agent that is never quiet gets its prompt all the same."""
_REPLAYED: Final = frozenset({
    "user_message_chunk", "agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan",
})  # fmt: skip
"""The parts of a past. Commands, modes and names of a session may come at any time, and mean nothing here."""


class HistoryReplay:
    """What comes before the first prompt: none of it is shown, and the cost it names counts as already known."""

    def __init__(self, *, updates: AcpUpdates) -> None:
        self._updates = updates
        self._is_telling = False
        self._rounds = 0

    def on_update(self, update: Frame) -> None:
        """Take a `session/update` before the first prompt."""
        self._is_telling = self._is_telling or string(update, "sessionUpdate") in _REPLAYED
        self._updates.baseline(update)

    def is_over(self) -> bool:
        """Whether nothing of the past came since the last call."""
        was_telling, self._is_telling = self._is_telling, False
        self._rounds += 1
        return not was_telling or self._rounds > _ROUNDS
