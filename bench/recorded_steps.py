"""The steps of real agents, from the recordings beside the repository, read by the product's own dialects."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ompycord.dialects.agent_client_protocol.acp import Acp
from ompycord.dialects.agent_client_protocol.acp_session import SessionOptions
from ompycord.dialects.hooks import HOOK_SOURCES
from ompycord.dialects.oh_my_pi.omp_rpc import OmpRpc
from ompycord.dialects.protocol_session import ProtocolSession
from ompycord.dialects.stream_json import StreamJson
from ompycord.domain.events import EventBody

__all__ = ["recorded_sessions"]

_ACP: Final = ("omp", "opencode", "claude", "codex", "gemini")
_RPC: Final = ("omp-rpc", "omp-rpc-ui-ask")
_EVERY_MS: Final = 2_000
"""Between two frames where a recording has no times."""


def recorded_sessions(shared: Path) -> Iterator[tuple[str, list[tuple[int, EventBody]]]]:
    """Every recorded session by name: its events, each with the millisecond since its start."""
    folder = shared / "data" / "agent-transcripts"
    for agent in _ACP:
        session = Acp(prompt="p", root="/repo", options=SessionOptions())
        yield f"acp-{agent}", _replay(folder / f"acp-{agent}.jsonl", session)
    for name in _RPC:
        yield name, _replay(folder / f"{name}.jsonl", OmpRpc(prompt="p", root="/repo"))
    yield "claude-stream-json", _replay(folder / "claude-stream-json.jsonl", StreamJson(prompt="p", root="/repo"))
    yield from _pushed(folder / "hook-payloads.jsonl")


def _replay(file: Path, session: ProtocolSession) -> list[tuple[int, EventBody]]:
    session.begin()
    events: list[tuple[int, EventBody]] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        entry = json.loads(line)
        if entry["dir"] in {"<", "INCOMING"}:
            at = int(entry["t"] * 1000) if "t" in entry else number * _EVERY_MS
            events += [(at, body) for body in session.on_line(json.dumps(entry["f"]), now_ms=at).events]
    return events


def _pushed(file: Path) -> Iterator[tuple[str, list[tuple[int, EventBody]]]]:
    """What agents posted by themselves, by agent."""
    by_agent: dict[str, list[tuple[int, EventBody]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["kind"] == "hook" and entry["agent"] in HOOK_SOURCES:
            events = HOOK_SOURCES[entry["agent"]](entry["body"]).events
            by_agent.setdefault(entry["agent"], []).extend((int(entry["t"] * 1000), body) for body in events)
    for agent, events in by_agent.items():
        yield f"hooks-{agent}", events
