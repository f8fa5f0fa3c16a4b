"""Claude Code's stream-json: turns, tools, what people are asked, totals made deltas.

And frames that nobody expects.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.dialects.requests.open_requests import OpenRequests
from ompycord.dialects.stream_json import StreamJson
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
    ToolFinished,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.folds.snapshot import permission_of
from ompycord.domain.run import EndedBy, FailureClass
from tests.support.protocol_sessions import NOON_MS, Dialogue, recorded


def dialogue() -> Dialogue:
    return Dialogue(StreamJson(prompt="mend it", root="/run/clone"))


def assistant(*content: dict[str, Any], parent: str | None = None) -> dict[str, Any]:
    return {"type": "assistant", "message": {"content": list(content)}, "parent_tool_use_id": parent}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(tool: str, id_: str = "t1", /, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id_, "name": tool, "input": arguments}


def outcome_of(id_: str = "t1", content: Any = "", /, *, is_error: bool = False, **result: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": id_, "content": content, "is_error": is_error}
    return {"type": "user", "message": {"content": [block]}, "tool_use_result": result}


def ask(tool: str, id_: str = "r1", /, **arguments: Any) -> dict[str, Any]:
    request = {"subtype": "can_use_tool", "tool_name": tool, "input": arguments}
    return {"type": "control_request", "request_id": id_, "request": request}


def result(words: str = "Done.", subtype: str = "success", **more: Any) -> dict[str, Any]:
    return {"type": "result", "subtype": subtype, "is_error": False, "result": words, **more}


def response(frame: dict[str, Any]) -> Any:
    return frame["response"]["response"]


@pytest.mark.shared
def test_a_recording_replays_to_what_a_person_approved(shared: Path, snapshot: SnapshotAssertion) -> None:
    transcript = Dialogue(StreamJson(prompt="the prompt", root="/repo"))
    decisions = [
        ApprovalGranted(approval="leave:92604e4f-68c3-4d4e-b7bf-2e80dd3da288", by="Ada"),
        ApprovalDenied(approval="leave:bd345001-0726-4b52-80e7-54c850afa593", by="Ada", reason="a human said no"),
    ]
    theirs: list[Any] = []
    for is_agents, frame in recorded(shared / "data/agent-transcripts/claude-stream-json.jsonl"):
        if not is_agents:
            theirs += [frame] if frame["type"] == "control_response" else []
        elif transcript.on_line(frame).events and isinstance(transcript.events[-1], ApprovalRequested):
            transcript.on_input(decisions.pop(0))
    assert not [note.text for note in transcript.of(Note) if "does not know" in note.text]
    assert [frame for frame in transcript.sent if frame["type"] == "control_response"] == theirs
    assert str(transcript) == snapshot


# -- turns -------------------------------------------------------------------------------------------------------------


def test_a_session_opens_once_and_an_untested_version_is_said() -> None:
    transcript = dialogue()
    start = {"type": "system", "subtype": "init", "session_id": "s", "model": "m", "claude_code_version": "3.0.0"}
    transcript.on_line(start, start)
    assert transcript.of(SessionOpened) == [SessionOpened(session="s", agent="claude", model="m")]
    assert [note.text[:12] for note in transcript.of(Note)] == ["claude 3.0.0"]


def test_a_result_is_the_end_and_its_words_are_the_claim() -> None:
    transcript = dialogue()
    transcript.on_line(assistant(text("Working")), result("All good."))
    assert transcript.of(Message) == [Message(text="Working")]
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.message) == (True, "All good.")


@pytest.mark.parametrize(
    ("frame", "words", "failure"),
    [
        (result("", "error_max_turns"), "Claude Code ended its turn: error_max_turns.", FailureClass.REPAIRABLE),
        (
            result("", "error_during_execution"),
            "Claude Code ended its turn: error_during_execution.",
            FailureClass.REPAIRABLE,
        ),
        (result("API Error: 529", is_error=True, api_error_status=529), "API Error: 529", FailureClass.TRANSIENT),
    ],
)
def test_any_other_result_is_a_failure(frame: dict[str, Any], words: str, failure: FailureClass) -> None:
    transcript = dialogue()
    transcript.on_line(frame)
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.message, transcript.outcome.failure) == (False, words, failure)


LATE = 1_795_266_000


@pytest.mark.parametrize(
    ("frames", "failure", "until"),
    [
        ([result("Credit balance is too low")], FailureClass.TRANSIENT, None),
        ([result(f"Claude AI usage limit reached|{LATE}")], FailureClass.TRANSIENT, LATE * 1000),
        ([result("Invalid API key · Please run /login")], FailureClass.ENV, None),
        ([result("No access.", is_error=True, api_error_status=401)], FailureClass.ENV, None),
        ([result("Bad request.", is_error=True, api_error_status=400)], FailureClass.ENV, None),
        (
            [{**assistant(text("It is off.")), "error": "billing_error"}, result("It is off.")],
            FailureClass.TRANSIENT,
            None,
        ),
        (
            [
                {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": LATE}},
                {**assistant(text("Not now.")), "error": "rate_limit"},
                result("Not now."),
            ],
            FailureClass.TRANSIENT,
            LATE * 1000,
        ),
    ],
)
def test_a_providers_refusal_is_no_claim_of_done_also_where_it_is_called_a_success(
    frames: list[dict[str, Any]], failure: FailureClass, until: int | None
) -> None:
    transcript = dialogue()
    transcript.on_input(Prompted(text="and this"))
    transcript.on_line(*frames)
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.ended_by) == (False, EndedBy.PROVIDER)
    assert (transcript.outcome.failure, transcript.outcome.until) == (failure, until)
    assert transcript.outcome.message == frames[-1]["result"]
    assert len(transcript.sent) == 2  # what people wrote is not sent to a provider that refuses


def test_an_error_that_the_agent_overcame_says_nothing_of_its_end() -> None:
    transcript = dialogue()
    transcript.on_line({**assistant(text("Not now.")), "error": "rate_limit"}, assistant(text("Now.")), result("Now."))
    assert transcript.outcome is not None
    assert transcript.outcome.claim


def test_an_answer_about_a_refusal_is_a_claim_of_done() -> None:
    transcript = dialogue()
    transcript.on_line(result("The page now says: Credit balance is too low"))
    assert transcript.outcome is not None
    assert transcript.outcome.claim


def test_a_session_has_a_message_once_its_model_works_on_it() -> None:
    transcript = dialogue()
    assert transcript.on_line({"type": "system", "subtype": "init", "session_id": "s"}).acknowledged == 0
    transcript.on_input(Prompted(text="later"))
    assert transcript.on_line(assistant(text("a")), assistant(text("b"))).acknowledged == 1
    ended = transcript.on_line(result())
    assert (ended.acknowledged, ended.is_turn_over) == (0, True)
    assert transcript.on_line({**assistant(text("No.")), "error": "rate_limit"}).acknowledged == 0
    assert transcript.on_line(assistant(text("c"))).acknowledged == 1


def test_it_is_starting_until_it_answers() -> None:
    transcript = dialogue()
    assert transcript.protocol.is_starting
    transcript.on_line("Welcome!")
    assert transcript.protocol.is_starting
    transcript.on_line("\ufeff\x1b]0;claude\x07" + json.dumps({"type": "control_response", "response": {}}))
    assert not transcript.protocol.is_starting


def test_a_word_is_the_next_turn_and_said_now_it_cuts_this_one_short() -> None:
    transcript = dialogue()
    transcript.on_input(Prompted(text="later"))
    assert transcript.sent[-1]["type"] == "user"
    transcript.on_input(Prompted(text="at once", when="now"))
    transcript.on_input(Prompted(text="at once, too", when="now"))
    assert [frame.get("request", {}).get("subtype") for frame in transcript.sent[2:]] == ["interrupt"]
    transcript.on_line(result("", "error_during_execution"), result("Second."))
    assert transcript.outcome is None
    transcript.on_line(result("Third."), result("Fourth."))
    assert [frame["message"]["content"] for frame in transcript.sent if frame["type"] == "user"] == [
        "mend it", "later", "at once", "at once, too",
    ]  # fmt: skip
    assert transcript.outcome is not None
    assert transcript.outcome.message == "Fourth."


def test_a_word_that_crosses_the_end_is_said_at_once() -> None:
    transcript = dialogue()
    transcript.on_line(result())
    transcript.on_input(Prompted(text="one more"))
    assert transcript.sent[-1] == {"type": "user", "message": {"role": "user", "content": "one more"}}


# -- what it does ------------------------------------------------------------------------------------------------------


def test_tools_start_and_end_and_edits_are_counted() -> None:
    transcript = dialogue()
    patch = [{"lines": [" a", "-b", "+c", "+d"]}]
    transcript.on_line(assistant(use("Edit", file_path="/run/clone/a.py", old_string="b")))
    transcript.on_line(outcome_of(filePath="/run/clone/a.py", structuredPatch=patch))
    transcript.on_line(assistant(use("Write", "t2", file_path="/run/clone/b", content="1\n2\n")))
    transcript.on_line(outcome_of("t2", type="create", filePath="/run/clone/b", structuredPatch=[], content="1\n2\n"))
    transcript.on_line(
        assistant(use("Bash", "t3", command="pytest")), outcome_of("t3", [text("x\n1 failed")], is_error=True)
    )
    assert [one.title for one in transcript.of(ToolStarted)] == ["a.py", "b", "pytest"]
    assert [(one.tool, one.ok, one.added, one.removed, one.detail) for one in transcript.of(ToolFinished)] == [
        ("Edit", True, 2, 1, None),
        ("Write", True, 2, 0, None),
        ("Bash", False, None, None, "1 failed"),
    ]
    assert transcript.of(FilesChanged)[-1].files == (
        ChangedFile(path="a.py", added=2, removed=1),
        ChangedFile(path="b", status="added", added=2, removed=0),
    )


def test_todos_are_the_plan_and_helpers_do_not_speak() -> None:
    transcript = dialogue()
    todos = [{"content": "one", "status": "completed"}, {"content": "two", "status": "in_progress"}]
    transcript.on_line(
        assistant(use("TodoWrite", todos=todos)), assistant(text("among ourselves"), use("Read", "t9"), parent="t1")
    )
    assert transcript.of(PlanUpdated) == [
        PlanUpdated(phases=(Phase(title="one", status="done"), Phase(title="two", status="active")))
    ]
    assert not transcript.of(Message)
    assert [one.tool for one in transcript.of(ToolStarted)] == ["TodoWrite", "Read"]


def test_totals_become_deltas_by_model() -> None:
    transcript = dialogue()
    first = {"a": {"inputTokens": 10, "outputTokens": 2, "cacheReadInputTokens": 1, "costUSD": 0.5}}
    second = {
        "a": {"inputTokens": 15, "outputTokens": 2, "cacheReadInputTokens": 1, "costUSD": 0.75},
        "b": {"outputTokens": 1},
    }
    transcript.on_input(Prompted(text="x"))
    transcript.on_line(result(modelUsage=first), result(modelUsage=second))
    assert transcript.of(UsageUpdated) == [
        UsageUpdated(input=10, output=2, cache_read=1, cost_usd=0.5, model="a"),
        UsageUpdated(input=5, cost_usd=0.25, model="a"),
        UsageUpdated(output=1, model="b"),
    ]


def paid(id_: str, output: int, *, model_input: int = 10) -> dict[str, Any]:
    usage = {"input_tokens": model_input, "output_tokens": output, "cache_read_input_tokens": 3}
    frame = assistant(text("a"))
    frame["message"] |= {"id": id_, "usage": usage}
    return frame


def test_a_turn_that_is_cut_counts_what_its_messages_took_so_far_and_says_that_there_was_more() -> None:
    transcript = dialogue()
    transcript.on_line(paid("m1", 1), paid("m1", 1), paid("m2", 2))
    assert transcript.protocol.cut() == (UsageUpdated(input=20, output=3, cache_read=6, at_least=True),)
    assert transcript.protocol.cut() == ()


@pytest.mark.shared
def test_a_real_turn_that_is_cut_counts_its_messages_and_a_whole_one_its_result(shared: Path) -> None:
    frames = [
        frame for is_agents, frame in recorded(shared / "data/agent-transcripts/claude-stream-json.jsonl") if is_agents
    ]
    assert frames[-1]["type"] == "result"
    transcript = dialogue()
    transcript.on_line(*frames[:-1])
    assert transcript.protocol.cut() == (UsageUpdated(input=3600, output=3, cache_read=600, at_least=True),)
    whole = dialogue()
    whole.on_line(*frames)
    assert [(one.input, one.output, one.at_least) for one in whole.of(UsageUpdated)] == [(3600, 135, False)]
    assert whole.outcome is not None
    assert whole.outcome.claim


def test_a_turn_that_ended_has_told_all_that_it_took() -> None:
    transcript = dialogue()
    transcript.on_line(paid("m1", 1), result(modelUsage={"a": {"inputTokens": 10, "outputTokens": 45}}))
    assert transcript.of(UsageUpdated) == [UsageUpdated(input=10, output=45, model="a")]
    assert transcript.protocol.cut() == ()


def test_the_totals_of_a_turn_that_people_cut_short_leave_out_its_last_message() -> None:
    transcript = dialogue()
    transcript.on_line(paid("m1", 1), paid("m2", 1))
    transcript.on_input(Prompted(text="at once", when="now"))
    cut = result("", "error_during_execution", modelUsage={"a": {"inputTokens": 10, "outputTokens": 45}})
    transcript.on_line(cut)
    assert transcript.of(UsageUpdated) == [
        UsageUpdated(input=10, output=45, model="a"),
        UsageUpdated(input=10, cache_read=6, at_least=True),
    ]


def test_limits_are_told_and_cleared_by_the_next_word() -> None:
    transcript = dialogue()
    transcript.on_line(
        {"type": "system", "subtype": "api_retry", "attempt": 2, "max_retries": 10, "retry_delay_ms": 500,
         "error": "529"},
        assistant(text("back")),
        {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed"}},
        {"type": "rate_limit_event", "rate_limit_info": {
            "status": "rejected", "resetsAt": 1_795_262_400, "rateLimitType": "five_hour"}},
    )  # fmt: skip
    limits = transcript.of(RetryLimited)
    assert limits[0] == RetryLimited(message="529", attempt=2, of=10, until=NOON_MS + 500)
    assert limits[1] == RetryLimited(message="A limit of the provider is reached (five_hour).", until=NOON_MS)
    assert len(transcript.of(RetryCleared)) == 1


def test_strangers_are_named_and_a_request_nobody_knows_is_refused() -> None:
    transcript = dialogue()
    transcript.on_line({"type": "dream"}, {"type": "system", "subtype": "dream"}, "?")
    transcript.on_line({"type": "control_request", "request_id": "z", "request": {"subtype": "mcp_message"}})
    transcript.on_line({"type": "control_response", "response": {"subtype": "error", "error": "no such model"}})
    assert len(transcript.of(Note)) == 5
    assert transcript.sent[-1]["response"]["subtype"] == "error"


# -- people ------------------------------------------------------------------------------------------------------------


def test_leave_is_asked_with_all_arguments_and_a_refusal_has_its_reason() -> None:
    transcript = dialogue()
    transcript.on_line(ask("Bash", command="rm -rf ."), ask("WebFetch", "r2", url="http://x", prompt="read"))
    assert [(one.title, one.command) for one in transcript.of(ApprovalRequested)] == [
        ("Bash: rm -rf .", "rm -rf ."),
        ("WebFetch: http://x", "url: http://x\nprompt: read"),
    ]
    transcript.on_input(ApprovalDenied(approval="leave:r1", by="Ada", reason="Never."))
    transcript.on_input(ApprovalGranted(approval="leave:r2", by="Ada"))
    transcript.on_input(ApprovalGranted(approval="leave:r2", by="Bob"))
    assert [response(frame) for frame in transcript.sent[2:]] == [
        {"behavior": "deny", "message": "Never."},
        {"behavior": "allow", "updatedInput": {"url": "http://x", "prompt": "read"}},
    ]


def test_leave_for_the_run_covers_equal_calls_and_edits_of_the_same_file() -> None:
    transcript = dialogue()
    transcript.on_line(ask("Bash", "1", command="ls"), ask("Edit", "2", file_path="a", old_string="x", new_string="y"))
    for id_ in "12":
        transcript.on_input(ApprovalGranted(approval=f"leave:{id_}", by="Ada", scope="run"))
    transcript.on_line(
        ask("Bash", "3", command="ls"),
        ask("Edit", "4", file_path="a", old_string="y", new_string="z"),
        ask("Bash", "5", command="ls", retries=9),
        ask("Edit", "6", file_path="b", old_string="x", new_string="y"),
        ask("Edit", "7", file_path=".git/hooks/pre-commit", old_string="x", new_string="y"),
        ask("Write", "8", file_path="a", content="z"),
    )
    assert len(transcript.sent) == 4  # no request was answered here by what was allowed before
    command, edit, *later = (permission_of(one) for one in transcript.of(ApprovalRequested))
    assert (later[0], later[1]) == (command, edit)
    assert not {command, edit} & {*later[2:], None}


def test_requests_beyond_the_most_are_refused_with_words_for_both_sides() -> None:
    transcript = dialogue()
    transcript.on_line(*(ask("Bash", str(number), command="ls") for number in range(65)))
    assert len(transcript.of(ApprovalRequested)) == 64
    assert [note.text for note in transcript.of(Note)] == [
        "Claude Code asked for more while 64 of its requests wait for a decision; it was told to wait: Bash"
    ]
    assert response(transcript.sent[-1]) == {"behavior": "deny", "message": OpenRequests.reason}


def test_long_options_and_options_with_commas_are_numbered_and_told_apart() -> None:
    transcript = dialogue()
    long = ["Use the library that " + "x" * 80 + end for end in (" now", " later")]
    questions = [
        {"question": "Which?", "options": [{"label": one} for one in long]},
        {"question": "Many?", "multiSelect": True, "options": [{"label": "a, b"}, {"label": "a"}, {"label": "b"}]},
    ]
    transcript.on_line(ask("AskUserQuestion", questions=questions))
    first, second = transcript.of(QuestionAsked)
    assert [option[:3] for option in first.options] == ["1. ", "2. "]
    assert all(one in first.text for one in long)
    assert second.options == ("1. a, b", "2. a", "3. b")
    transcript.on_input(QuestionAnswered(question=first.question, answer=first.options[1], by="Ada"))
    transcript.on_input(QuestionAnswered(question=second.question, answer="1, b", by="Ada"))
    assert response(transcript.sent[-1])["updatedInput"]["answers"] == {"Which?": long[1], "Many?": "a, b, b"}


def test_its_questions_are_asked_one_by_one_and_answered_together() -> None:
    transcript = dialogue()
    questions = [
        {"question": "Which?", "options": [{"label": "A", "description": "first"}, {"label": "B"}]},
        {"question": "Many?", "multiSelect": True, "options": [{"label": "X"}, {"label": "Y"}, {"label": "Z"}]},
    ]
    transcript.on_line(ask("AskUserQuestion", questions=questions))
    first, second = transcript.of(QuestionAsked)
    assert (first.text, first.options) == ("Which?\n- A: first", ("A", "B"))
    transcript.on_input(QuestionAnswered(question=second.question, answer="X, z, mine", by="Ada"))
    assert len(transcript.sent) == 2
    transcript.on_input(QuestionAnswered(question=first.question, answer="something else", by="Ada"))
    answers = {"Many?": "X, Z, mine", "Which?": "something else"}
    assert response(transcript.sent[-1]) == {
        "behavior": "allow",
        "updatedInput": {"questions": questions, "answers": answers},
    }
    assert not transcript.protocol.awaits_person


def test_what_it_gives_up_and_what_an_ended_turn_leaves_open_is_withdrawn() -> None:
    transcript = dialogue()
    transcript.on_line(
        ask("Bash", command="ls"), ask("AskUserQuestion", "q", questions=[{"question": "?", "options": []}])
    )
    transcript.on_line({"type": "control_cancel_request", "request_id": "r1"}, result())
    assert [one.approval for one in transcript.of(ApprovalWithdrawn)] == ["leave:r1"]
    assert [one.question for one in transcript.of(QuestionWithdrawn)] == ["question:q:0"]
