"""Conversations with the real oh-my-pi, replayed: every frame is understood, or ignored by its name."""

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.dialects.oh_my_pi.omp_rpc import OmpRpc
from ompycord.domain.events import Note
from tests.support.protocol_sessions import Dialogue, recorded

pytestmark = pytest.mark.shared

OURS = {"s1": "state", "g": "state", "r1": "prompt", "1": "prompt", "r2": "say-1", "st2": "say-2"}
"""The recorder's names for what we call otherwise."""


@pytest.mark.parametrize("name", ["omp-rpc", "omp-rpc-ui-ask"])
def test_a_recording_replays_to_what_a_person_approved(name: str, shared: Path, snapshot: SnapshotAssertion) -> None:
    transcript = Dialogue(OmpRpc(prompt="the prompt", root="/repo"))
    for is_agents, frame in recorded(shared / "data/agent-transcripts" / f"{name}.jsonl"):
        if is_agents:
            transcript.on_line(frame | ({"id": OURS[frame["id"]]} if frame.get("id") in OURS else {}))
            rest_after(transcript)
    assert not [note.text for note in transcript.of(Note) if "does not know" in note.text]
    assert str(transcript) == snapshot


def rest_after(transcript: Dialogue) -> None:
    """Answers our asking for rest, which the recorder did not do."""
    last: dict[str, Any] = transcript.sent[-1]
    if last["id"].startswith("rest-"):
        transcript.sent.append({"id": "answered"})
        transcript.on_line({"type": "response", "id": last["id"], "success": True, "data": {"isStreaming": False}})
