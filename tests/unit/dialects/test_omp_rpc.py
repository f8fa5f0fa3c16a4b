"""oh-my-pi's frames: what they mean on a card, what people's words become, and when the work has ended."""

from typing import Any

import pytest

from ompycord.dialects.oh_my_pi.omp_rpc import OmpRpc
from ompycord.dialects.requests.open_requests import OpenRequests
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalWithdrawn,
    ChangedFile,
    FilesChanged,
    Message,
    Note,
    Phase,
    PlanUpdated,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    QuestionWithdrawn,
    RetryCleared,
    RetryLimited,
    SessionOpened,
    Step,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.folds.snapshot import RunPermission, permission_of
from ompycord.domain.run import EndedBy, FailureClass
from tests.support.protocol_sessions import NOON_MS, Dialogue

RESTING: dict[str, Any] = {"isStreaming": False, "isCompacting": False, "queuedMessageCount": 0}


def dialogue(dialect: Any = "omp") -> Dialogue:
    return Dialogue(OmpRpc(prompt="mend it", root="/run/clone", dialect=dialect))


def begun(dialect: Any = "omp") -> Dialogue:
    transcript = dialogue(dialect)
    transcript.on_line(
        {"type": "response", "id": "prompt", "command": "prompt", "success": True}, {"type": "agent_start"}
    )
    transcript.sent.clear()
    return transcript


def assistant(text: str = "Done.", stop: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"type": "text", "text": text}], "stopReason": stop, **more}
    return {"type": "message_end", "message": message}


def state(number: int = 1, **data: Any) -> dict[str, Any]:
    return {"type": "response", "id": f"rest-{number}", "command": "get_state", "success": True, "data": RESTING | data}


def leave(id_: str = "7", title: str = "Allow tool: bash\nCommand: npm publish") -> dict[str, Any]:
    return {
        "type": "extension_ui_request",
        "id": id_,
        "method": "select",
        "title": title,
        "options": ["Approve", "Deny"],
    }


def select(*options: str, id_: str = "q1", title: str = "Which?", **more: Any) -> dict[str, Any]:
    return {
        "type": "extension_ui_request",
        "id": id_,
        "method": "select",
        "title": title,
        "options": list(options),
        **more,
    }


# -- begin and end -----------------------------------------------------------------------------------------------------


def test_it_offers_ask_human_asks_for_the_session_and_prompts() -> None:
    assert [frame["type"] for frame in dialogue().sent] == ["set_host_tools", "get_state", "prompt"]
    assert [frame["type"] for frame in dialogue("pi").sent] == ["get_state", "prompt"]


def test_the_session_and_its_plan_are_told() -> None:
    transcript = dialogue()
    data: dict[str, Any] = {
        "sessionId": "01a1-x",
        "model": {"id": "m", "provider": "p"},
        "todoPhases": [{"name": "A", "tasks": []}],
    }
    transcript.on_line({"type": "response", "id": "state", "success": True, "data": data})
    assert transcript.events == [
        SessionOpened(session="01a1-x", agent="omp", model="m", provider="p"),
        PlanUpdated(phases=(Phase(title="A"),)),
    ]


def test_it_is_done_once_it_rests_after_a_last_message_that_stopped() -> None:
    transcript = begun()
    transcript.on_line(assistant("All good."), {"type": "agent_end", "messages": [], "isTerminal": True})
    assert transcript.outcome is None
    assert transcript.sent == [{"id": "rest-1", "type": "get_state"}]
    transcript.on_line(state())
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.message) == (True, "All good.")


def test_an_end_that_is_not_terminal_is_no_end() -> None:
    transcript = begun()
    transcript.on_line(assistant(), {"type": "agent_end", "messages": [], "isTerminal": False}, state())
    assert transcript.outcome is None


@pytest.mark.parametrize("busy", [{"isStreaming": True}, {"isCompacting": True}, {"queuedMessageCount": 1}])
def test_a_state_that_is_not_at_rest_is_no_end(busy: dict[str, Any]) -> None:
    transcript = begun()
    transcript.on_line(assistant(), {"type": "agent_end"}, state(**busy))
    assert transcript.outcome is None
    transcript.on_line({"type": "agent_start"}, assistant("Now."), {"type": "agent_end"}, state(2))
    assert transcript.outcome is not None
    assert transcript.outcome.message == "Now."


@pytest.mark.parametrize(
    ("stop", "words", "failure"),
    [
        ("error", "The model could not be reached: 503", FailureClass.TRANSIENT),
        ("aborted", "omp was interrupted: 503", FailureClass.TRANSIENT),
        ("length", "The model's answer was cut by its length limit.", FailureClass.REPAIRABLE),
        ("toolUse", "omp ended in the middle of its work (toolUse).", FailureClass.REPAIRABLE),
    ],
)
def test_any_other_stop_reason_is_a_failure(stop: str, words: str, failure: FailureClass) -> None:
    transcript = begun()
    transcript.on_line(assistant("", stop, errorMessage="503"), {"type": "agent_end"}, state())
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.message, transcript.outcome.failure) == (False, words, failure)


@pytest.mark.parametrize(
    ("stop", "ended_by"), [("error", EndedBy.PROVIDER), ("aborted", EndedBy.TURN), ("length", EndedBy.TURN)]
)
def test_who_ended_it_is_a_fact(stop: str, ended_by: EndedBy) -> None:
    transcript = begun()
    transcript.on_line(assistant("", stop, errorMessage="503"), {"type": "agent_end"}, state())
    assert transcript.outcome is not None
    assert transcript.outcome.ended_by is ended_by


@pytest.mark.parametrize(
    ("error", "failure", "until"),
    [
        ('429 {"type":"usage_limit_reached","resets_in_seconds":60}', FailureClass.TRANSIENT, NOON_MS + 60_000),
        ("401 Incorrect API key provided", FailureClass.ENV, None),
    ],
)  # fmt: skip
def test_a_provider_that_refuses_says_until_when(error: str, failure: FailureClass, until: int | None) -> None:
    transcript = begun()
    transcript.on_line(assistant("", "error", errorMessage=error), {"type": "agent_end"}, state())
    assert transcript.outcome is not None
    assert (transcript.outcome.failure, transcript.outcome.until) == (failure, until)
    assert transcript.outcome.ended_by is EndedBy.PROVIDER


def user(text: str) -> dict[str, Any]:
    return {"type": "message_end", "message": {"role": "user", "content": [{"type": "text", "text": text}]}}


def test_a_session_has_a_message_once_it_is_in_its_history() -> None:
    transcript = begun()
    transcript.on_input(Prompted(text="one"))
    transcript.on_input(Prompted(text="two"))
    counts = [
        transcript.on_line(user(text)).acknowledged for text in ("mend it", "a reminder of its own", "two", "one")
    ]
    assert counts == [1, 0, 0, 1]  # what came in before its turn may be told again, what did not come in is


def test_only_the_message_that_was_being_written_is_unknown_when_it_is_cut() -> None:
    transcript = begun()
    assert transcript.protocol.cut() == (UsageUpdated(at_least=True),)
    transcript = begun()
    transcript.on_line(assistant(), {"type": "agent_end"})
    assert transcript.protocol.cut() == ()


def test_a_prompt_that_is_refused_ends_it_also_after_it_was_acknowledged() -> None:
    transcript = dialogue()
    transcript.on_line({"type": "response", "id": "prompt", "success": True})
    assert transcript.outcome is None
    transcript.on_line({"type": "response", "id": "prompt", "success": False, "error": "No API key for stub"})
    assert transcript.outcome is not None
    assert transcript.outcome.message == "omp did not take the prompt: No API key for stub"
    assert transcript.outcome.failure is FailureClass.ENV


@pytest.mark.parametrize("where", ["response", "prompt_result"])
def test_a_prompt_that_reached_no_agent_is_no_success(where: str) -> None:
    transcript = dialogue()
    nobody = {"agentInvoked": False}
    transcript.on_line(
        {"type": "response", "id": "prompt", "success": True, "data": nobody}
        if where == "response"
        else {"type": where, **nobody}
    )
    assert transcript.outcome is not None
    assert not transcript.outcome.claim


# -- people's words ----------------------------------------------------------------------------------------------------


def test_words_before_it_began_are_held_and_words_while_it_works_steer_it() -> None:
    transcript = dialogue()
    transcript.sent.clear()
    transcript.on_input(Prompted(text="early", when="now"))
    assert transcript.sent == []
    transcript.on_line({"type": "agent_start"})
    transcript.on_input(Prompted(text="late"))
    transcript.on_input(Prompted(text="at once", when="now"))
    on_input = [(frame["type"], frame["message"]) for frame in transcript.sent]
    assert on_input == [("steer", "early"), ("follow_up", "late"), ("steer", "at once")]


def test_a_word_that_crosses_the_end_is_not_lost() -> None:
    transcript = begun()
    transcript.on_line(assistant(), {"type": "agent_end"})
    transcript.on_input(Prompted(text="one more thing"))
    transcript.on_line(state(1))
    assert transcript.outcome is None, "the state was asked for before the word was said"
    transcript.on_line(
        {"type": "response", "id": "say-1", "command": "steer", "success": True}, state(3, isStreaming=True)
    )
    transcript.on_line({"type": "agent_start"}, assistant("That too."), {"type": "agent_end"}, state(4))
    assert transcript.outcome is not None
    assert transcript.outcome.message == "That too."


def test_a_word_that_was_not_taken_is_said() -> None:
    transcript = begun()
    transcript.on_input(Prompted(text="x"))
    transcript.on_line({"type": "response", "id": "say-1", "command": "steer", "success": False, "error": "no"})
    assert transcript.events == [Note(text="omp did not accept the message: no")]


def test_pi_is_prompted_anew_when_it_rests() -> None:
    transcript = begun("pi")
    transcript.on_input(Prompted(text="a"))
    transcript.on_line(assistant(), {"type": "agent_end"})
    transcript.on_input(Prompted(text="b"))
    assert [frame["type"] for frame in transcript.sent] == ["follow_up", "get_state", "prompt"]


# -- questions ---------------------------------------------------------------------------------------------------------


def test_a_question_is_asked_with_its_options_and_answered_with_the_agents_own_value() -> None:
    transcript = begun()
    options = ("SQLite (Recommended)", "Postgres", "Other (type your own)")
    transcript.on_line(select(*options, optionDetails=[{"description": "embedded"}, {}, {}]))
    (asked,) = transcript.of(QuestionAsked)
    assert asked.text == "Which?\n- SQLite (Recommended): embedded"
    assert (asked.options, asked.free_text) == (options[:2], True)
    assert transcript.protocol.awaits_person
    transcript.on_input(QuestionAnswered(question=asked.question, answer=options[0], by="Ada"))
    assert transcript.sent == [{"type": "extension_ui_response", "id": "q1", "value": options[0]}]
    assert not transcript.protocol.awaits_person


def test_an_answer_of_ones_own_is_typed_into_the_editor_that_omp_opens_next() -> None:
    transcript = begun()
    transcript.on_line(select("A", "Other (type your own)"))
    transcript.on_input(QuestionAnswered(question="question:q1", answer="MySQL", by="Ada"))
    editor = {"type": "extension_ui_request", "id": "q2", "method": "editor", "title": "Which?\n\nEnter your response:"}
    transcript.on_line(editor)
    assert [frame["value"] for frame in transcript.sent] == ["Other (type your own)", "MySQL"]
    assert len(transcript.of(QuestionAsked)) == 1


def test_an_answer_that_is_no_option_and_may_not_be_typed_is_said() -> None:
    transcript = begun()
    transcript.on_line(select("A", "B"))
    transcript.on_input(QuestionAnswered(question="question:q1", answer="C", by="Ada"))
    assert transcript.sent == [{"type": "extension_ui_response", "id": "q1", "cancelled": True}]
    assert transcript.of(Note)


def test_confirm_input_and_editor_are_questions_too() -> None:
    transcript = begun()
    transcript.on_line(
        {"type": "extension_ui_request", "id": "1", "method": "confirm", "title": "Clear?", "message": "All goes."},
        {"type": "extension_ui_request", "id": "2", "method": "input", "title": "Name?"},
        {"type": "extension_ui_request", "id": "3", "method": "editor", "title": "Edit", "prefill": "a\nb"},
    )
    assert [(asked.text, asked.options, asked.free_text) for asked in transcript.of(QuestionAsked)] == [
        ("Clear?\nAll goes.", ("Yes", "No"), False),
        ("Name?", (), True),
        ("Edit\na\nb", (), True),
    ]
    for number, answer in (("1", "Yes"), ("2", "Bob"), ("3", "c")):
        transcript.on_input(QuestionAnswered(question=f"question:{number}", answer=answer, by="Ada"))
    assert [frame.get("confirmed", frame.get("value")) for frame in transcript.sent] == [True, "Bob", "c"]


def test_a_second_answer_and_an_answer_to_nothing_change_nothing() -> None:
    transcript = begun()
    transcript.on_line(select("A"))
    for _ in range(2):
        transcript.on_input(QuestionAnswered(question="question:q1", answer="A", by="Ada"))
    transcript.on_input(ApprovalGranted(approval="leave:none", by="Ada"))
    assert len(transcript.sent) == 1


def test_a_question_that_omp_gives_up_is_withdrawn_by_its_word_and_by_its_time() -> None:
    transcript = begun()
    transcript.on_line(select("A"), {"type": "extension_ui_request", "id": "c", "method": "cancel", "targetId": "q1"})
    transcript.on_line(select("A", id_="q2", timeout=5000))
    transcript.on_line({"type": "turn_start"}, now_ms=NOON_MS + 5000)
    assert [gone.question for gone in transcript.of(QuestionWithdrawn)] == ["question:q1", "question:q2"]
    transcript.on_line(leave("9"), {"type": "extension_ui_request", "id": "d", "method": "cancel", "targetId": "9"})
    assert [gone.approval for gone in transcript.of(ApprovalWithdrawn)] == ["leave:9"]
    assert not transcript.protocol.awaits_person


def test_more_options_than_buttons_can_be_typed() -> None:
    transcript = begun()
    transcript.on_line(select(*(f"o{number}" for number in range(30))))
    (asked,) = transcript.of(QuestionAsked)
    assert len(asked.options) == 20
    assert asked.free_text
    assert "o29" in asked.text
    transcript.on_input(QuestionAnswered(question="question:q1", answer=" O29 ", by="Ada"))
    assert transcript.sent[-1]["value"] == "o29"


def test_ask_human_is_a_host_tool_and_gets_the_answer_as_its_result() -> None:
    transcript = begun()
    call = {
        "type": "host_tool_call",
        "id": "h",
        "toolName": "ask_human",
        "arguments": {"question": "Port?", "options": ["1", "2"]},
    }
    transcript.on_line(call)
    transcript.on_input(QuestionAnswered(question="ask:h", answer="9000", by="Ada"))
    assert transcript.sent == [
        {"type": "host_tool_result", "id": "h", "result": {"content": [{"type": "text", "text": "9000"}]}}
    ]
    transcript.on_line(call | {"toolName": "rm"})
    assert transcript.sent[-1]["isError"] is True


# -- leave to act ------------------------------------------------------------------------------------------------------


def test_leave_is_asked_with_the_whole_command_and_given_once() -> None:
    transcript = begun()
    transcript.on_line(leave(title="Allow tool: bash\nReason: network\nCommand: npm publish\n--dry-run"))
    (asked,) = transcript.of(ApprovalRequested)
    assert asked == ApprovalRequested(
        approval="leave:7",
        title="bash: npm publish",
        command="Reason: network\nCommand: npm publish\n--dry-run",
        risk="network",
        call=asked.call,
        risk_class="publish",
        because=asked.because,
        shell=asked.shell,
    )
    transcript.on_input(ApprovalGranted(approval="leave:7", by="Ada"))
    transcript.on_line(leave("8"))
    assert transcript.sent == [{"type": "extension_ui_response", "id": "7", "value": "Approve"}]
    assert len(transcript.of(ApprovalRequested)) == 2


def test_leave_for_the_run_covers_the_same_command_and_no_other() -> None:
    transcript = begun()
    transcript.on_line(leave("1"))
    transcript.on_input(ApprovalGranted(approval="leave:1", by="Ada", scope="run"))
    transcript.on_line(leave("2"), leave("3", "Allow tool: bash\nCommand: rm -rf ."))
    assert [frame["id"] for frame in transcript.sent] == ["1"]  # the conductor answers the second
    first, second, third = (permission_of(asked) for asked in transcript.of(ApprovalRequested))
    assert first is not None
    assert second == first
    assert third != first


def call_of(tool: str, **arguments: Any) -> dict[str, Any]:
    call = {"type": "toolCall", "id": "c", "name": tool, "arguments": arguments}
    return {"type": "message_end", "message": {"role": "assistant", "content": [call], "stopReason": "toolUse"}}


def test_leave_for_the_run_to_write_covers_the_same_file_and_no_other() -> None:
    transcript = begun()
    for id_, path, content in (("1", "a", "x"), ("2", "a", "y"), ("3", "b", "y"), ("4", ".git/hooks/x", "y")):
        transcript.on_line(call_of("write", path=path, content=content))
        transcript.on_line(leave(id_, f"Allow tool: write\nPath: {path}\nContent:\n{content}"))
    first, second, third, hook = transcript.of(ApprovalRequested)
    assert first.command == "path: a\ncontent: x"
    assert permission_of(first) == permission_of(second) == RunPermission(None, ("a",), "write", ("write", None))
    assert permission_of(third) != permission_of(first)
    assert hook.edits == ()


def test_arguments_that_a_dialog_leaves_out_are_shown_and_part_of_the_leave() -> None:
    transcript = begun()
    for id_, timeout in (("1", 5), ("2", 9)):
        transcript.on_line(call_of("bash", command="ls", timeout=timeout), leave(id_, "Allow tool: bash\nCommand: ls"))
    first, second = transcript.of(ApprovalRequested)
    assert first.command == "command: ls\ntimeout: 5"
    assert permission_of(first) != permission_of(second)


def test_a_dialog_that_fits_no_call_is_taken_by_its_own_words() -> None:
    transcript = begun()
    transcript.on_line(call_of("write", path="a", content="x"))
    transcript.on_line(leave("1", "Allow tool: write\nPath: b\nContent:\nother"))
    (asked,) = transcript.of(ApprovalRequested)
    assert asked.command == "b\nContent:\nother"
    assert asked.edits == ()


def test_dialogs_beyond_the_most_are_refused_with_words_for_both_sides() -> None:
    transcript = begun()
    transcript.on_line(*(leave(str(number)) for number in range(65)))
    assert len(transcript.of(ApprovalRequested)) == 64
    assert "it was told to wait: Allow tool: bash" in transcript.of(Note)[-1].text
    assert transcript.sent[-2:] == [
        {"type": "extension_ui_response", "id": "64", "cancelled": True},
        {"id": "why", "type": "steer", "message": OpenRequests.reason},
    ]


def test_what_omp_cut_from_a_long_command_is_put_back() -> None:
    transcript = begun()
    command = "echo " + "é😀" * 2000
    shown = command.encode("utf-16-le")[:4000].decode("utf-16-le", "replace")
    cut = len(command.encode("utf-16-le")) // 2 - 2000
    call = {"type": "toolCall", "id": "c", "name": "bash", "arguments": {"command": command}}
    transcript.on_line(
        {"type": "message_end", "message": {"role": "assistant", "content": [call], "stopReason": "toolUse"}}
    )
    transcript.on_line(leave(title=f"Allow tool: bash\nCommand: {shown}[…{cut}ch elided…]"))
    assert transcript.of(ApprovalRequested)[0].command == command


def test_leave_for_the_run_covers_nothing_where_the_command_is_not_whole() -> None:
    transcript = begun()
    for id_ in "12":
        transcript.on_line(leave(id_, "Allow tool: bash\nCommand: echo a[…9ch elided…]"))
        transcript.on_input(ApprovalGranted(approval=f"leave:{id_}", by="Ada", scope="run"))
    assert len(transcript.of(ApprovalRequested)) == 2
    assert not any(asked.whole or permission_of(asked) for asked in transcript.of(ApprovalRequested))


def test_a_refusal_is_told_with_its_reason() -> None:
    transcript = begun()
    transcript.on_line(leave())
    transcript.on_input(ApprovalDenied(approval="leave:7", by="Ada", reason="Not on a Friday."))
    assert transcript.sent == [
        {"type": "extension_ui_response", "id": "7", "value": "Deny"},
        {"id": "why", "type": "steer", "message": "Not allowed (bash: npm publish): Not on a Friday."},
    ]


def test_a_models_question_cannot_pass_for_leave() -> None:
    transcript = begun()
    transcript.on_line(select("Yes", "No", title="Allow tool: bash\nCommand: ls"))
    assert transcript.of(QuestionAsked)
    assert not transcript.of(ApprovalRequested)


# -- what it does ------------------------------------------------------------------------------------------------------


def tool(kind: str, name: str = "bash", **more: Any) -> dict[str, Any]:
    return {"type": f"tool_execution_{kind}", "toolCallId": "c1", "toolName": name, **more}


def test_a_command_starts_goes_on_and_ends_with_its_last_line() -> None:
    transcript = begun()
    text: dict[str, Any] = {
        "content": [{"type": "text", "text": "2 passed\n1 failed\n\nWall time: 0.1 seconds"}],
        "details": {},
    }
    transcript.on_line(
        tool("start", args={"command": "pytest"}),
        tool("update", partialResult=text),
        tool("end", result=text, isError=True),
    )
    assert transcript.events == [
        ToolStarted(tool="bash", title="pytest", call="c1"),
        ToolProgress(call="c1", text="1 failed"),
        ToolFinished(tool="bash", title="pytest", call="c1", ok=False, detail="1 failed"),
    ]


def test_edits_are_counted_and_listed_with_paths_inside_the_clone_only() -> None:
    transcript = begun()
    diff = {"diff": " 1|one\n-2|two\n+2|TWO\n+3|x", "path": "/run/clone/src/a.py"}
    transcript.on_line(tool("start", "edit", args={"input": "x"}), tool("end", "edit", result={"details": diff}))
    transcript.on_line(
        tool("start", "write", args={"path": "b.txt", "content": "1\n2\n"}), tool("end", "write", result={})
    )
    transcript.on_line(tool("end", "edit", result={"details": diff | {"path": "/etc/passwd"}}))
    finished = transcript.of(ToolFinished)
    assert [(one.added, one.removed) for one in finished] == [(2, 1), (2, 0), (2, 1)]
    assert transcript.of(FilesChanged)[-1] == FilesChanged(
        files=(ChangedFile(path="src/a.py", added=2, removed=1), ChangedFile(path="b.txt", added=2, removed=0)), total=2
    )


def test_todo_phases_become_the_plan() -> None:
    transcript = begun()
    phases = [
        {
            "name": "Build",
            "tasks": [{"content": "one", "status": "completed"}, {"content": "two", "status": "in_progress"}],
        },
        {"name": "Ship", "tasks": [{"content": "three", "status": "blocked", "blocker": "CI"}]},
        {"name": "Old", "tasks": [{"content": "four", "status": "abandoned"}]},
    ]
    transcript.on_line(tool("end", "todo", result={"details": {"op": "start", "phases": phases}}))
    assert transcript.of(PlanUpdated) == [
        PlanUpdated(
            phases=(
                Phase(
                    title="Build",
                    status="active",
                    steps=(Step(title="one", status="done"), Step(title="two", status="active")),
                ),
                Phase(title="Ship", steps=(Step(title="three (blocked: CI)"),)),
                Phase(title="Old", status="done", steps=(Step(title="four", status="skipped"),)),
            )
        )
    ]


def test_what_is_said_and_what_it_cost_are_told_a_price_of_nothing_is_unknown() -> None:
    transcript = begun()
    usage = {"input": 1000, "output": 45, "cacheRead": 200, "cacheWrite": 1, "cost": {"total": 0.25}}
    transcript.on_line(assistant("Hi\x1b[31m", "toolUse", usage=usage, model="m", provider="p"))
    transcript.on_line(assistant("", usage=usage | {"cost": {"total": 0}}), assistant("", usage={"input": 0}))
    known = UsageUpdated(input=1000, output=45, cache_read=200, cache_write=1, cost_usd=0.25, model="m", provider="p")
    unknown = UsageUpdated(input=1000, output=45, cache_read=200, cache_write=1)
    assert [body for body in transcript.events if not isinstance(body, Message)] == [known, unknown]
    assert len(transcript.of(Message)) == 1


def test_retries_are_told_with_their_time_and_end_nothing() -> None:
    transcript = begun()
    retry = {
        "type": "auto_retry_start",
        "attempt": 1,
        "maxAttempts": 3,
        "delayMs": 2000,
        "errorMessage": "529 Overloaded",
    }
    transcript.on_line(assistant("", "error"), {"type": "agent_end"}, retry, state())
    assert transcript.of(RetryLimited) == [
        RetryLimited(message="529 Overloaded", attempt=1, of=3, until=NOON_MS + 2000)
    ]
    assert transcript.outcome is None
    transcript.on_line({"type": "auto_retry_end", "success": False, "attempt": 3}, state(2))
    assert transcript.of(RetryCleared)
    assert transcript.outcome is not None
    assert transcript.outcome.failure is FailureClass.TRANSIENT


def test_a_stranger_is_noted_once_by_its_name() -> None:
    transcript = begun()
    transcript.on_line({"type": "brand_new"}, {"type": "brand_new"}, {}, "no json", "[1]")
    assert [note.text for note in transcript.of(Note)] == [
        "omp sent something that this version does not know: brand_new.",
        "omp sent something that this version does not know: no type.",
        "omp sent something that this version does not know: a line that is no JSON object.",
    ]


def test_streamed_partials_are_dropped_unread() -> None:
    transcript = begun()
    assert transcript.protocol.skips('{"type":"message_update","assistantMessageEvent":{')
    transcript.on_line('{"type":"message_update", this is not even JSON')
    assert transcript.events == []


def test_troubles_are_notes() -> None:
    transcript = begun()
    transcript.on_line(
        {"type": "extension_error", "error": "boom"},
        {"type": "notice", "level": "error", "message": "disk full"},
        {"type": "notice", "level": "info", "message": "hello"},
        {"type": "rpc_frame_error", "error": "too large"},
        {"type": "extension_ui_request", "id": "n", "method": "notify", "message": "look"},
        {"type": "auto_compaction_end", "errorMessage": "no"},
        {"type": "host_uri_request", "id": "u", "operation": "read", "url": "db://x"},
    )
    assert len(transcript.of(Note)) == 5
    assert transcript.sent == [
        {"type": "host_uri_result", "id": "u", "isError": True, "error": "There is no such address."}
    ]
