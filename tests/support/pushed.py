"""The recorded payloads that agents pushed by themselves, and what a request with one looks like."""

import json
from pathlib import Path
from typing import Any, NamedTuple


class Pushed(NamedTuple):
    """One post as it came."""

    agent: str
    body: dict[str, Any]
    is_signed: bool
    """Whether it carried the run's key."""


def recorded(shared: Path) -> list[Pushed]:
    """In the order of their arrival; tool calls over MCP aside."""
    lines = (shared / "data/agent-transcripts/hook-payloads.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [entry for line in lines if (entry := json.loads(line))["kind"] == "hook"]
    return [Pushed(entry["agent"], entry["body"], "authorization" in entry["headers"]) for entry in entries]
