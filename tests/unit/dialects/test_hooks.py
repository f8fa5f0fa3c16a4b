"""What four agents push by themselves: recordings read to what a person approved, and whatever else comes."""

import json
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from ompycord.dialects.hook_reading import HookReading
from ompycord.dialects.hooks import HOOK_SOURCES
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import (
    ApprovalRequested,
    ChangedFile,
    FilesChanged,
    Message,
    Note,
    Phase,
    PlanUpdated,
    RetryLimited,
    RunFailed,
    RunFinished,
    RunStarted,
    ToolFinished,
    dump_data,
    load_json,
)
from ompycord.domain.policy import require_authority
from tests.support.examples import examples
from tests.support.protocol_sessions import without_prints
from tests.support.pushed import recorded

CLAUDE: dict[str, Any] = {"session_id": "s1", "cwd": "/repo"}


def read(source: str, payload: dict[str, Any]) -> HookReading:
    reading = HOOK_SOURCES[source](payload)
    return replace(reading, events=tuple(map(without_prints, reading.events)))


def opencode(type_: str, **properties: Any) -> dict[str, Any]:
    return {"kind": "event", "directory": "/repo", "event": {"id": "e1", "type": type_, "properties": properties}}


@pytest.mark.shared
@pytest.mark.parametrize("source", sorted(HOOK_SOURCES))
def test_a_recording_is_read_to_what_a_person_approved(source: str, shared: Path, snapshot: SnapshotAssertion) -> None:
    lines: list[str] = []
    for pushed in recorded(shared):
        if pushed.agent != source:
            continue
        reading = read(source, pushed.body)
        assert reading.is_known, reading.kind
        lines.append(f"{reading.kind} ({reading.session}){' begins' if reading.begins else ''}")
        lines += [f"  {body.type} {json.dumps(dump_data(body), ensure_ascii=False)}" for body in reading.events]
        lines += [f"  ? {json.dumps(dump_data(reading.request), ensure_ascii=False)}"] if reading.request else []
    assert lines
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("source", sorted(HOOK_SOURCES))
def test_what_this_version_does_not_know_is_told_by_its_name(source: str) -> None:
    payload: dict[str, Any] = {"hook_event_name": "NewHook", "type": "NewHook", "event": "NewHook", "kind": "NewHook"}
    if source == "opencode":
        payload = opencode("NewHook")
    reading = read(source, payload)
    assert (reading.kind, reading.is_known, reading.events) == ("NewHook", False, ())


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.sampled_from(["text", "tool"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
# One payload of every kind that an agent's reader knows, with all that it reads: each is told as it stands.
Payloads = list[tuple[str, dict[str, Any]]]
OF_CLAUDE: Payloads = [
    ("SessionStart", {"source": "startup", "model": "opus"}),
    ("UserPromptSubmit", {"prompt": "Fix it", "prompt_id": "p1"}),
    ("PreToolUse", {"tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": "t1"}),
    (
        "PostToolUse",
        {
            "tool_name": "Edit",
            "tool_input": {"file_path": "/repo/a.py"},
            "tool_response": {"filePath": "/repo/a.py", "structuredPatch": [{"lines": ["-x", "+y"]}]},
            "tool_use_id": "t2",
        },
    ),
    (
        "PostToolUse",
        {
            "tool_name": "TodoWrite",
            "tool_input": {"todos": [{"content": "a", "status": "pending", "activeForm": "b"}]},
            "tool_response": {"stdout": "done", "stderr": ""},
            "tool_use_id": "t3",
        },
    ),
    (
        "PostToolUseFailure",
        {"tool_name": "Bash", "tool_input": {}, "tool_use_id": "t4", "error": "Exit code 2"},
    ),
    ("PermissionDenied", {"tool_name": "Bash", "tool_input": {}, "tool_use_id": "t5", "reason": "No"}),
    ("Notification", {"message": "waits"}),
    ("Stop", {"last_assistant_message": "Done.", "prompt_id": "p1"}),
    ("StopFailure", {"error": "rate_limit", "error_details": "429", "prompt_id": "p1"}),
    ("SessionEnd", {"reason": "clear"}),
]
OF_OMP: Payloads = [
    ("session_start", {}),
    ("before_agent_start", {"prompt": "Fix it"}),
    ("tool_execution_start", {"toolCallId": "t1", "toolName": "bash", "args": {"command": "ls"}}),
    (
        "tool_execution_end",
        {
            "toolCallId": "t1",
            "toolName": "bash",
            "isError": False,
            "result": {"content": [{"type": "text", "text": "a.py"}], "details": {}},
        },
    ),
    ("tool_approval_requested", {}),
    (
        "turn_end",
        {
            "message": {
                "role": "assistant",
                "content": [{"type": "text", "text": "Done."}],
                "usage": {"input": 3, "output": 4, "cost": {"total": 0.5}},
                "errorMessage": "overloaded",
                "timestamp": 1,
            }
        },
    ),
    ("agent_end", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Fix it"}]}]}),
    ("auto_retry_start", {"errorMessage": "429"}),
    ("auto_retry_end", {}),
    ("session_shutdown", {}),
]
OF_OPENCODE: Payloads = [
    ("session.created", {"info": {"id": "s1"}}),
    ("session.status", {"status": {"type": "retry", "attempt": 2, "message": "429", "next": 9}}),
    ("session.diff", {"diff": [{"file": "a.py", "status": "added", "additions": 1, "deletions": 0}]}),
    ("session.idle", {}),
    ("session.error", {"error": {"name": "Auth", "data": {"message": "no key"}}}),
    ("message.part.updated", {"part": {"type": "text", "text": "Done.", "time": {"start": 1, "end": 2}}}),
    ("message.part.updated", {"part": {"type": "text", "text": "Fix it"}}),
    (
        "message.part.updated",
        {
            "part": {
                "type": "tool",
                "tool": "bash",
                "callID": "c1",
                "state": {"status": "completed", "input": {"command": "ls"}, "output": "a.py", "title": "ls"},
            }
        },
    ),
    (
        "message.part.updated",
        {
            "part": {
                "type": "step-finish",
                "tokens": {"input": 3, "output": 4, "cache": {"read": 1, "write": 2}},
                "cost": 0.5,
            }
        },
    ),
    ("todo.updated", {"todos": [{"content": "a", "status": "in_progress"}]}),
    ("permission.asked", {"permission": "bash"}),
    ("permission.updated", {"title": "bash"}),
    ("question.asked", {}),
]
WHOLE: dict[str, list[dict[str, Any]]] = {
    "claude": [CLAUDE | {"hook_event_name": kind} | more for kind, more in OF_CLAUDE],
    "codex": [
        {
            "type": "agent-turn-complete",
            "thread-id": "s1",
            "turn-id": "t1",
            "input-messages": ["Fix it"],
            "last-assistant-message": "Done.",
            "cwd": "/repo",
        },
        {"type": "approval-requested", "thread-id": "s1", "reason": "writes", "command": "rm a"},
    ],
    "omp": [{"event": kind, "session": "s1", "cwd": "/repo", "data": data} for kind, data in OF_OMP],
    "opencode": [opencode(kind, sessionID="s1", **what) for kind, what in OF_OPENCODE],
}
"""By the name of the source."""
CASES = [
    pytest.param(source, payload, id=f"{source}-{read(source, payload).kind}-{number}")
    for source, payloads in WHOLE.items()
    for number, payload in enumerate(payloads)
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every member of a payload, however deep."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(cast("dict[str | int, Any]", value).items())
    elif isinstance(value, list):
        inner = list(enumerate(cast("list[Any]", value)))
    return [found for key, one in inner for found in ((*path, key), *places(one, (*path, key)))]


def spoiled(payload: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The payload with another value there."""
    copy: Any = deepcopy(payload)
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize(("source", "payload"), CASES)
def test_a_whole_payload_is_told(source: str, payload: dict[str, Any]) -> None:
    reading = read(source, payload)
    assert reading.is_known
    assert reading.events
    told_as_it_may_be_stored(reading)


@pytest.mark.parametrize("source", ["claude", "omp", "opencode"])
def test_no_kind_that_a_reader_knows_is_left_out_here(source: str) -> None:
    """Codex has two, and no table of them."""
    readers = vars(import_module(HOOK_SOURCES[source].__module__))["_READERS"]
    assert {read(source, payload).kind for payload in WHOLE[source]} == set(readers)


@pytest.mark.examples
@pytest.mark.parametrize(("source", "payload"), CASES)
@settings(max_examples=examples(100))
@given(data=st.data())
def test_no_payload_breaks_a_reader_and_all_that_it_tells_may_be_stored(
    source: str, payload: dict[str, Any], data: st.DataObject
) -> None:
    """Each kind of each agent in turn, with one or two of its members replaced: a payload of chance tells nothing."""
    for _ in range(data.draw(st.integers(1, 2))):
        payload = spoiled(payload, data.draw(st.sampled_from(places(payload))), data.draw(ANYTHING))
    told_as_it_may_be_stored(read(source, payload))


@pytest.mark.examples
@pytest.mark.parametrize("source", sorted(HOOK_SOURCES))
@settings(max_examples=examples(100))
@given(payload=st.dictionaries(st.text(max_size=8), ANYTHING, max_size=4))
def test_no_payload_of_another_shape_breaks_a_reader(source: str, payload: dict[str, Any]) -> None:
    reading = read(source, payload)
    assert not reading.is_known
    told_as_it_may_be_stored(reading)


def told_as_it_may_be_stored(reading: HookReading) -> None:
    assert 1 <= len(reading.kind) <= 64
    for body in (*reading.events, *filter(None, [reading.request]), *reading.if_denied):
        require_authority(body.type, SourceKind.RUN_KEY)
        require_authority(body.type, SourceKind.EXTERNAL)
        assert load_json(body.type, json.dumps(dump_data(body))) == body


def test_a_tool_of_claude_that_waits_for_leave_is_shown_whole() -> None:
    tool: dict[str, Any] = {"tool_name": "Bash", "tool_input": {"command": "rm -rf build\nls"}, "tool_use_id": "t1"}
    reading = read("claude", CLAUDE | tool | {"hook_event_name": "PreToolUse"})
    assert reading.request == ApprovalRequested(
        approval="leave:t1",
        title="Bash: rm -rf build ls",
        command="rm -rf build\nls",
        call=reading.request.call if reading.request else None,
        risk_class="write",
        because="it deletes in a build folder: `build`",
        shell="rm -rf build\nls",
    )
    assert read("claude", CLAUDE | tool | {"hook_event_name": "PostToolUse"}).request is None


def test_an_edit_of_claude_counts_its_lines_and_a_failure_says_why() -> None:
    edit: dict[str, Any] = {
        "hook_event_name": "PostToolUse", "tool_name": "Edit", "tool_use_id": "t1",
        "tool_input": {"file_path": "/repo/a.py"},
        "tool_response": {"filePath": "/repo/a.py", "structuredPatch": [{"lines": ["-x", "+y", "+z", " w"]}]},
    }  # fmt: skip
    assert read("claude", CLAUDE | edit).events == (
        ToolFinished(tool="Edit", title="a.py", call="t1", added=2, removed=1),
    )
    failed: dict[str, Any] = {
        "hook_event_name": "PostToolUseFailure", "tool_name": "Bash", "tool_use_id": "t2",
        "tool_input": {"command": "make"}, "error": "Exit code 2\nno rule",
    }  # fmt: skip
    assert read("claude", CLAUDE | failed).events == (
        ToolFinished(tool="Bash", title="make", call="t2", ok=False, detail="no rule"),
    )


def test_a_model_that_refuses_claude_is_a_wait_and_its_notices_are_notes() -> None:
    limited: dict[str, Any] = {"hook_event_name": "StopFailure", "error": "rate_limit", "error_details": "429"}
    assert read("claude", CLAUDE | limited).events == (RetryLimited(message="rate_limit 429"),)
    notice: dict[str, Any] = {"hook_event_name": "Notification", "message": "Claude needs your permission"}
    assert read("claude", CLAUDE | notice).events == (Note(text="Claude needs your permission"),)


def test_opencode_tells_its_plan_its_files_and_its_failure() -> None:
    todos = [{"content": "one", "status": "in_progress"}, {"content": "two", "status": "cancelled"}]
    assert read("opencode", opencode("todo.updated", sessionID="s", todos=todos)).events == (
        PlanUpdated(phases=(Phase(title="one", status="active"), Phase(title="two", status="skipped"))),
    )
    diff = [{"file": "a.py", "additions": 3, "deletions": 1}, {"file": "b.py", "additions": 1, "status": "added"}]
    assert read("opencode", opencode("session.diff", sessionID="s", diff=diff)).events == (
        FilesChanged(
            files=(
                ChangedFile(path="a.py", added=3, removed=1),
                ChangedFile(path="b.py", status="added", added=1, removed=0),
            ),
            total=2,
        ),
    )
    error = {"name": "ProviderAuthError", "data": {"message": "no key"}}
    (failed,) = read("opencode", opencode("session.error", sessionID="s", error=error)).events
    assert isinstance(failed, RunFailed)
    assert failed.message == "OpenCode stopped: no key"


def test_a_helpers_session_of_opencode_begins_nothing() -> None:
    reading = read("opencode", opencode("session.created", info={"id": "s2", "parentID": "s1"}))
    assert (reading.events, reading.begins, reading.is_known) == ((), False, True)


def test_words_of_a_person_begin_work_in_opencode_and_the_models_do_not() -> None:
    asked = read("opencode", opencode("message.part.updated", part={"type": "text", "text": "Fix it\nplease"}))
    assert asked.begins
    assert asked.events == (RunStarted(agent="opencode", title="Fix it", prompt="Fix it\nplease"),)
    piece = read(
        "opencode", opencode("message.part.updated", part={"type": "text", "text": "Do", "time": {"start": 1}})
    )
    assert (piece.begins, piece.events) == (False, ())
    whole = read(
        "opencode",
        opencode("message.part.updated", part={"type": "text", "text": "Done", "time": {"start": 1, "end": 2}}),
    )
    assert whole.events == (Message(text="Done"),)


def test_each_turn_of_codex_is_a_whole_run() -> None:
    turn: dict[str, Any] = {
        "type": "agent-turn-complete", "thread-id": "t", "turn-id": "u", "input-messages": ["Fix it"],
        "last-assistant-message": "Fixed.",
    }  # fmt: skip
    reading = read("codex", turn)
    assert (reading.begins, reading.id, reading.session) == (True, "u", "t")
    assert isinstance(reading.events[0], RunStarted)
    assert reading.events[-1] == RunFinished(summary="Fixed.")


def test_omp_tells_its_todo_list_and_who_waits_at_its_terminal() -> None:
    phases = [{"name": "Build", "tasks": [{"content": "one", "status": "completed"}]}]
    result: dict[str, Any] = {"content": [], "details": {"phases": phases}}
    data: dict[str, Any] = {"toolCallId": "c1", "toolName": "todo", "result": result}
    plan = read("omp", {"event": "tool_execution_end", "cwd": "/repo", "data": data}).events[-1]
    assert isinstance(plan, PlanUpdated)
    assert (plan.phases[0].title, plan.phases[0].status) == ("Build", "done")
    assert read("omp", {"event": "tool_approval_requested", "data": {}}).events == (
        Note(text="omp waits for approval at its terminal."),
    )
