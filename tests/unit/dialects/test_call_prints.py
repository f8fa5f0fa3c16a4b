"""The hashes by which uses of a tool are compared, as every dialect makes them."""

import json
from typing import Any

import pytest

from ompycord.dialects.agent_client_protocol.acp_updates import AcpUpdates
from ompycord.dialects.frames import Frame
from ompycord.dialects.hooks import HOOK_SOURCES
from ompycord.dialects.oh_my_pi.omp_events import OmpTools
from ompycord.dialects.protocol_session import UnknownFrames
from ompycord.dialects.stream_json import StreamJson
from ompycord.dialects.tools import prints_of
from ompycord.domain.events import CallPrints, EventBody, ToolFinished, parse_body
from tests.support.protocol_sessions import Dialogue


def frame(value: dict[str, Any]) -> Frame:
    """The same as it comes over the wire."""
    return json.loads(json.dumps(value))


def claude(arguments: dict[str, Any], result: str, *, call: str = "t1") -> CallPrints | None:
    transcript = Dialogue(StreamJson(prompt="x", root="/repo"))
    use = {"type": "tool_use", "id": call, "name": "Bash", "input": arguments}
    transcript.on_line({"type": "assistant", "message": {"content": [use]}})
    ended = {"type": "tool_result", "tool_use_id": call, "content": result}
    transcript.on_line({"type": "user", "message": {"content": [ended]}})
    return transcript.finished[-1].prints


def omp(arguments: dict[str, Any], result: str) -> CallPrints | None:
    tools = OmpTools(root="/repo")
    tools.started(frame({"toolCallId": "c", "toolName": "bash", "args": arguments}))
    content = {"content": [{"type": "text", "text": result}]}
    return last(tools.ended(frame({"toolCallId": "c", "toolName": "bash", "result": content})))


def acp(arguments: dict[str, Any], result: str) -> CallPrints | None:
    updates = AcpUpdates(root="/repo", unknown=UnknownFrames(agent="x"))
    call = {"sessionUpdate": "tool_call", "toolCallId": "c", "kind": "execute", "rawInput": arguments, "title": "x"}
    updates.on_update(frame(call))
    text = {"type": "content", "content": {"type": "text", "text": result}}
    ended = {"sessionUpdate": "tool_call_update", "toolCallId": "c", "status": "completed", "content": [text]}
    return last(updates.on_update(frame(ended)).events)


def opencode_hook(arguments: dict[str, Any], result: str) -> CallPrints | None:
    state = {"status": "completed", "input": arguments, "output": result}
    part = {"type": "tool", "tool": "bash", "callID": "c", "state": state}
    event = {"id": "e", "type": "message.part.updated", "properties": {"part": part}}
    return last(HOOK_SOURCES["opencode"](frame({"kind": "event", "directory": "/repo", "event": event})).events)


def last(events: tuple[EventBody, ...]) -> CallPrints | None:
    return next(body.prints for body in reversed(events) if isinstance(body, ToolFinished))


@pytest.mark.parametrize("dialect", [claude, omp, acp, opencode_hook])
def test_a_call_is_compared_by_all_of_its_arguments_and_its_result(dialect: Any) -> None:
    known = dialect({"command": "make", "description": "first try"}, "took 3 s")
    assert known == prints_of("Bash" if dialect is claude else "execute" if dialect is acp else "bash",
                              {"command": "make"}, "took 3 s")  # fmt: skip
    again = dialect({"command": "make", "description": "once more"}, "took 4 s")
    assert (again.action, again.result) == (known.action, known.result)
    assert again.output != known.output
    assert dialect({"command": "make", "timeout": 5}, "took 3 s").action != known.action
    assert dialect({"command": "make"}, "took a while").result != known.result


def test_two_edits_of_one_file_differ_where_an_agent_shows_only_their_diffs() -> None:
    def edit(new: str) -> CallPrints | None:
        updates = AcpUpdates(root="/repo", unknown=UnknownFrames(agent="x"))
        diff = {"type": "diff", "path": "/repo/a.py", "oldText": "a", "newText": new}
        call = {"sessionUpdate": "tool_call", "toolCallId": "c", "kind": "edit", "title": "a.py", "status": "completed"}
        return last(updates.on_update(frame({**call, "content": [diff]})).events)

    assert edit("b") == edit("b")
    assert edit("b") != edit("c")


def test_the_end_of_a_call_whose_start_was_not_seen_has_no_hashes() -> None:
    assert last(OmpTools(root="/repo").ended({"toolCallId": "c", "toolName": "bash", "result": {}})) is None


def test_no_one_else_may_send_hashes() -> None:
    with pytest.raises(ValueError, match="prints"):
        parse_body(
            "tool.finished", {"tool": "bash", "prints": {"action": "0" * 16, "result": "0" * 16, "output": "0" * 16}}
        )
