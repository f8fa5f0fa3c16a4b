"""Conversations with five real agents over the Agent Client Protocol, replayed.

Every frame is understood or ignored by name.
"""

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.dialects.agent_client_protocol.acp import Acp
from ompycord.dialects.agent_client_protocol.acp_session import SessionOptions
from ompycord.domain.events import ApprovalGranted, ApprovalRequested, Note
from tests.support.protocol_sessions import Dialogue, recorded

pytestmark = pytest.mark.shared


@pytest.mark.parametrize("agent", ["omp", "opencode", "claude", "codex", "gemini"])
def test_a_recording_replays_to_what_a_person_approved(agent: str, shared: Path, snapshot: SnapshotAssertion) -> None:
    mode = "read-only" if agent == "codex" else None
    transcript = Dialogue(Acp(prompt="the prompt", root="/repo", options=SessionOptions(mode=mode)))
    for is_agents, frame in recorded(shared / "data/agent-transcripts" / f"acp-{agent}.jsonl"):
        if not is_agents:
            continue
        for body in transcript.on_line(frame).events:
            if isinstance(body, ApprovalRequested):
                transcript.on_input(ApprovalGranted(approval=body.approval, by="Ada"))
    assert not [note.text for note in transcript.of(Note) if "does not know" in note.text]
    assert transcript.outcome is not None
    assert transcript.outcome.claim
    assert str(transcript) == snapshot


def test_we_answer_as_the_recorded_client_did(shared: Path) -> None:
    for agent in ("omp", "opencode", "claude", "gemini"):
        transcript = Dialogue(Acp(prompt="p", root="/repo", options=SessionOptions()))
        theirs: list[Any] = []
        for is_agents, frame in recorded(shared / "data/agent-transcripts" / f"acp-{agent}.jsonl"):
            if not is_agents:
                theirs += [frame["result"]] if "result" in frame else []
                continue
            for body in transcript.on_line(frame).events:
                if isinstance(body, ApprovalRequested):
                    transcript.on_input(ApprovalGranted(approval=body.approval, by="Ada"))
        ours = [frame["result"] for frame in transcript.sent if "result" in frame]
        assert ours == [one for one in theirs if one], (
            agent
        )  # the recorder's `{}` answered a file, which the shell does
