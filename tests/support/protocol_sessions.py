"""A dialect's conversation, driven frame by frame and written down so that a person can read it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ompycord.dialects.protocol_session import ProtocolSession, Reaction
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import EventBody, ToolFinished, dump_data, load_json
from ompycord.domain.policy import require_authority
from ompycord.domain.ports import AgentInput, AgentOutcome

NOON_MS = 1_795_262_400_000


class Dialogue:
    """Plays the agent and the people; keeps what came of it."""

    def __init__(self, protocol: ProtocolSession) -> None:
        self.protocol = protocol
        self.events: list[EventBody] = []
        """Without the hashes of calls, which `finished` has."""
        self.finished: list[ToolFinished] = []
        self.sent: list[dict[str, Any]] = []
        self.outcome: AgentOutcome | None = None
        self.script: list[str] = []
        self.take(protocol.begin())

    def on_line(self, *frames: dict[str, Any] | str, now_ms: int = NOON_MS) -> Reaction:
        """The agent says these; the sum of what follows."""
        total = Reaction()
        for frame in frames:
            line = frame if isinstance(frame, str) else json.dumps(frame)
            total += self.take(self.protocol.on_line(line, now_ms=now_ms))
        return total

    def on_input(self, said: AgentInput) -> Reaction:
        """A person says or decides this."""
        return self.take(self.protocol.on_input(said))

    def take(self, reaction: Reaction) -> Reaction:
        """Keeps a reaction, and holds every event against what agents may say and what the log can hold."""
        for body in reaction.events:
            require_authority(body.type, SourceKind.AGENT)
            assert load_json(body.type, json.dumps(dump_data(body))) == body
            data = {name: value for name, value in dump_data(body).items() if name != "prints"}  # hashes say nothing
            self.script.append(f"  {body.type} {json.dumps(data, ensure_ascii=False)}")
        for frame in reaction.send:
            sent = json.loads(json.dumps(frame))
            self.sent.append(sent)
            self.script.append(f"> {json.dumps(sent, ensure_ascii=False)}")
        self.events.extend(map(without_prints, reaction.events))
        self.finished += [body for body in reaction.events if isinstance(body, ToolFinished)]
        if reaction.outcome is not None:
            self.outcome = self.outcome or reaction.outcome
            self.script.append(f"= {'done' if reaction.outcome.claim else 'failed'}: {reaction.outcome.message}")
        return reaction

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return [body for body in self.events if isinstance(body, kind)]

    def __str__(self) -> str:
        return "\n".join(self.script)


def without_prints(body: EventBody) -> EventBody:
    """The event without the hashes by which calls are compared."""
    return body.model_copy(update={"prints": None}) if isinstance(body, ToolFinished) else body


def recorded(file: Path) -> Iterator[tuple[bool, dict[str, Any]]]:
    """(came from the agent, frame) of a recording (its README.md has the line shapes)."""
    for line in file.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        yield entry["dir"] in {"<", "INCOMING"}, entry["f"]
