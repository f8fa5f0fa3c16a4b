"""The Agent Client Protocol from our side: sessions, turns, what people are asked, and frames that nobody expects."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ompycord.dialects.agent_client_protocol.acp import Acp
from ompycord.dialects.agent_client_protocol.acp_history import ARE_YOU_QUIET
from ompycord.dialects.agent_client_protocol.acp_session import SessionOptions
from ompycord.dialects.images import image_of
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalWithdrawn,
    ChangedFile,
    FilesChanged,
    Message,
    Note,
    PlanUpdated,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    QuestionWithdrawn,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    UsageUpdated,
)
from ompycord.domain.folds.snapshot import permission_of
from ompycord.domain.run import EndedBy, FailureClass
from tests.support.protocol_sessions import Dialogue

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
USERS_SETTINGS = {"claudeCode": {"options": {"settingSources": ["user"], "additionalDirectories": ["/run/home/texts"]}}}
"""What claude-agent-acp takes from `_meta`.

The protocol wants every other agent to ignore what it does not know there.
"""
ABLE: dict[str, Any] = {"protocolVersion": 1, "agentCapabilities": {"loadSession": True}}


TOOLS: dict[str, Any] = {"mcp_url": "http://127.0.0.1/mcp/", "mcp_key": "k"}


def working(**options: Any) -> Dialogue:
    """In the middle of the first turn."""
    transcript = Dialogue(Acp(prompt="mend it", root="/run/clone", options=SessionOptions(**options), start="7"))
    transcript.on_line({"id": 0, "result": ABLE}, {"id": 1, "result": {"sessionId": "s"}})
    assert transcript.sent[-1]["method"] == "session/prompt"
    return transcript


def update(kind: str, /, **fields: Any) -> dict[str, Any]:
    return {"method": "session/update", "params": {"sessionId": "s", "update": {"sessionUpdate": kind, **fields}}}


def chunk(text: str, message: str = "m") -> dict[str, Any]:
    return update("agent_message_chunk", content={"type": "text", "text": text}, messageId=message)


def permission(id_: Any = 5, *kinds: str, **call: Any) -> dict[str, Any]:
    options = [{"optionId": f"o-{kind}", "kind": kind, "name": kind} for kind in kinds or ("allow_once", "reject_once")]
    params: dict[str, Any] = {"sessionId": "s", "toolCall": {"toolCallId": "c", **call}, "options": options}
    return {"id": id_, "method": "session/request_permission", "params": params}


def form(id_: Any = 6, message: str = "Which?", **properties: Any) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    return {
        "id": id_,
        "method": "elicitation/create",
        "params": {"mode": "form", "message": message, "requestedSchema": shape},
    }


def ended(number: int = 2, stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    return {"id": number, "result": {"stopReason": stop, **more}}


# -- sessions and turns ------------------------------------------------------------------------------------------------


def test_what_we_send_is_what_the_protocols_own_schema_takes() -> None:
    from acp import schema  # a second of CPU, which not every worker has to pay

    transcript = working(mcp_url="http://127.0.0.1/mcp/", mcp_key="k", texts=Path("/run/home/texts"))
    schema.InitializeRequest.model_validate(transcript.sent[0]["params"])
    opening = schema.NewSessionRequest.model_validate(transcript.sent[1]["params"])
    assert opening.field_meta == USERS_SETTINGS
    schema.PromptRequest.model_validate(transcript.sent[2]["params"])
    transcript.take(transcript.protocol.interrupt())
    schema.CancelNotification.model_validate(transcript.sent[3]["params"])
    assert transcript.sent[0]["params"]["clientCapabilities"]["elicitation"] == {"form": {}}


@pytest.mark.parametrize(
    ("able", "method"),
    [
        ({"loadSession": True, "sessionCapabilities": {"resume": {}}}, "session/resume"),
        ({"loadSession": True}, "session/load"),
    ],
)
def test_an_earlier_session_goes_on_as_far_as_the_agent_can(able: dict[str, Any], method: str) -> None:
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions(session="old")))
    transcript.on_line({"id": 0, "result": {"protocolVersion": 1, "agentCapabilities": able}})
    assert transcript.sent[-1]["method"] == method
    assert transcript.sent[-1]["params"]["sessionId"] == "old"
    assert transcript.sent[-1]["params"]["_meta"]["claudeCode"]["options"]["settingSources"] == ["user"]


def test_an_agent_that_goes_on_in_no_session_says_so_before_it_is_told_anything() -> None:
    """It would get words about a task that it does not know; `agents/resuming.py` begins anew with the whole task."""
    transcript = Dialogue(Acp(prompt="go on", root="/c", options=SessionOptions(session="old")))
    transcript.on_line({"id": 0, "result": {"protocolVersion": 1, "agentCapabilities": {}}})
    assert [frame["method"] for frame in transcript.sent] == ["initialize"]
    assert transcript.outcome is not None
    assert not transcript.outcome.claim


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"result": {"protocolVersion": 2}}, "."),
        (
            {"error": {"code": -32603, "message": "Internal error", "data": {"details": "no node"}}},
            ": Internal error. no node",
        ),
    ],
)
def test_an_agent_of_another_version_is_refused(answer: dict[str, Any], why: str) -> None:
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions()))
    transcript.on_line({"id": 0, **answer})
    assert transcript.outcome is not None
    words = f"The agent does not speak version 1 of the protocol{why}"
    assert (transcript.outcome.claim, transcript.outcome.message, transcript.outcome.failure) == (
        False,
        words,
        FailureClass.ENV,
    )


def test_a_session_that_is_not_opened_says_why() -> None:
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions()))
    transcript.on_line(
        {"id": 0, "result": ABLE}, {"id": 1, "error": {"code": -32000, "message": "Authentication required"}}
    )
    assert transcript.outcome is not None
    assert transcript.outcome.message == "The agent opened no session: Authentication required"


@pytest.mark.parametrize(
    ("stop", "failure"),
    [
        ("max_tokens", FailureClass.REPAIRABLE),
        ("max_turn_requests", FailureClass.REPAIRABLE),
        ("refusal", FailureClass.REPAIRABLE),
        ("cancelled", FailureClass.TRANSIENT),
        ("something_new", FailureClass.REPAIRABLE),
    ],
)
def test_only_end_turn_is_a_claim_of_done(stop: str, failure: FailureClass) -> None:
    transcript = working()
    transcript.on_line(chunk("Half"), ended(stop=stop))
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.failure) == (False, failure)
    assert transcript.of(Message) == [Message(text="Half")]


def test_a_turn_that_fails_is_the_providers_trouble() -> None:
    transcript = working()
    transcript.on_line({"id": 2, "error": {"code": -32603, "message": "Internal error", "data": "503 from the model"}})
    assert transcript.outcome is not None
    assert transcript.outcome.message == "The agent's turn failed: Internal error. 503 from the model"
    assert transcript.outcome.failure is FailureClass.TRANSIENT


LATE = 1_795_266_000
LIMIT = {"type": "usage_limit_reached", "resets_at": LATE}


@pytest.mark.parametrize(
    ("error", "failure", "until"),
    [
        ({"code": -32603, "message": "Internal error", "data": {"error": LIMIT}}, FailureClass.TRANSIENT, LATE * 1000),
        ({"code": 429, "message": "Slow down."}, FailureClass.TRANSIENT, None),
        ({"code": -32603, "message": "Internal error", "data": {"statusCode": 402}}, FailureClass.TRANSIENT, None),
        ({"code": 401, "message": "No."}, FailureClass.ENV, None),
        ({"code": -32603, "message": "Internal error", "data": "Invalid API key"}, FailureClass.ENV, None),
        ({"code": -32603, "message": "Internal error"}, FailureClass.TRANSIENT, None),
    ],
)
def test_a_failed_turn_waits_for_the_provider_unless_a_person_must_mend_it(
    error: dict[str, Any], failure: FailureClass, until: int | None
) -> None:
    transcript = working()
    transcript.on_line({"id": 2, "error": error})
    assert transcript.outcome is not None
    assert (transcript.outcome.failure, transcript.outcome.until) == (failure, until)
    assert transcript.outcome.ended_by is EndedBy.PROVIDER


def test_a_refusal_that_the_agent_gives_as_its_answer_is_one() -> None:
    transcript = working()
    transcript.on_input(Prompted(text="and this"))
    transcript.on_line(chunk("You've hit your limit · resets 5pm"), ended())
    assert transcript.outcome is not None
    assert (transcript.outcome.claim, transcript.outcome.ended_by) == (False, EndedBy.PROVIDER)
    assert transcript.sent[-1]["method"] == "session/prompt"
    assert transcript.sent[-1]["params"]["prompt"][0]["text"] == "mend it"


def test_an_agent_that_nobody_signed_in_says_how_one_can() -> None:
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions()))
    hello = {**ABLE, "authMethods": [{"id": "oauth", "name": "Log in with Google"}, {"id": "gemini-api-key"}]}
    transcript.on_line({"id": 0, "result": hello}, {"id": 1, "error": {"message": "Authentication required"}})
    assert transcript.outcome is not None
    assert transcript.outcome.message == (
        "The agent opened no session: Authentication required (ways to sign in: Log in with Google, gemini-api-key)"
    )
    assert (transcript.outcome.failure, transcript.outcome.ended_by) == (FailureClass.ENV, EndedBy.PROVIDER)


UNKNOWN_METHOD = {"error": {"code": -32601, "message": "Method not found"}}


def test_an_agent_that_offers_to_resume_and_cannot_loads_its_session() -> None:
    transcript = resuming(loadSession=True, sessionCapabilities={"resume": {}})
    transcript.on_line({"id": 1, **UNKNOWN_METHOD})
    assert [frame["method"] for frame in transcript.sent[1:]] == ["session/resume", "session/load"]
    assert transcript.sent[-1]["params"]["sessionId"] == "old"
    transcript.on_line({"id": 2, "result": {}}, {"id": 3, **UNKNOWN_METHOD})
    assert transcript.sent[-1]["method"] == "session/prompt"
    assert transcript.outcome is None


def test_one_that_can_neither_resume_nor_load_says_so() -> None:
    transcript = resuming(sessionCapabilities={"resume": {}})
    transcript.on_line({"id": 1, **UNKNOWN_METHOD})
    assert transcript.outcome is not None
    assert transcript.outcome.message == "The agent cannot go on in an earlier session."


def test_what_an_agent_writes_for_a_terminal_before_a_frame_is_left_out() -> None:
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions()))
    transcript.on_line("\x1b]0;my agent\x07\x1b[?25l" + json.dumps({"id": 0, "result": ABLE}))
    transcript.on_line("\ufeff" + json.dumps({"id": 1, "result": {"sessionId": "s"}}))
    assert transcript.sent[-1]["method"] == "session/prompt"
    assert not transcript.of(Note)


def test_it_is_starting_until_it_has_answered_our_greeting() -> None:
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions()))
    transcript.on_line({"method": "_auth/status_update"})
    assert transcript.protocol.is_starting
    transcript.on_line({"id": 0, "result": ABLE})
    assert not transcript.protocol.is_starting


@pytest.mark.parametrize("id_", ["x" * 104, "é" * 500, ["a"] * 100, 10**300])
def test_a_request_may_have_any_id(id_: Any) -> None:
    transcript = working()
    transcript.on_line(permission(id_, title="ls"), form(id_, which={"type": "string", "enum": ["A", "B"]}))
    asked, question = transcript.of(ApprovalRequested)[0], transcript.of(QuestionAsked)[0]
    transcript.on_input(ApprovalGranted(approval=asked.approval, by="Ada"))
    transcript.on_input(QuestionAnswered(question=question.question, answer="A", by="Ada"))
    assert [frame["id"] for frame in transcript.sent[-2:]] == [id_, id_]
    assert "error" not in transcript.sent[-1]


def test_two_long_ids_stay_two() -> None:
    transcript = working()
    transcript.on_line(permission("x" * 200 + "a", title="ls"), permission("x" * 200 + "b", title="rm"))
    assert len({one.approval for one in transcript.of(ApprovalRequested)}) == 2


@pytest.mark.parametrize(
    ("able", "options", "is_said"),
    [
        ({}, TOOLS, True),
        ({"mcpCapabilities": {"http": False, "sse": True}}, TOOLS, True),
        ({"mcpCapabilities": {"http": True}}, TOOLS, False),
        ({}, {}, False),
    ],
)
def test_an_agent_that_cannot_reach_our_tools_is_told_of_once(
    able: dict[str, Any], options: dict[str, Any], is_said: bool
) -> None:
    dialogue = Dialogue(Acp(prompt="mend it", root="/run/clone", options=SessionOptions(**options), start="7"))
    dialogue.on_line(
        {"id": 0, "result": {"protocolVersion": 1, "agentCapabilities": able}}, {"id": 1, "result": {"sessionId": "s"}}
    )
    notes = [event.text for event in dialogue.events if isinstance(event, Note)]
    assert len([text for text in notes if "no MCP server over HTTP" in text]) == is_said
    opened = next(frame for frame in dialogue.sent if frame["method"] == "session/new")
    assert bool(opened["params"]["mcpServers"]) == (bool(options) and not is_said)


def test_a_session_has_a_prompt_once_its_model_works_on_it() -> None:
    transcript = working()
    assert transcript.on_line(update("available_commands_update")).acknowledged == 0
    assert transcript.on_line(chunk("a"), chunk("b")).acknowledged == 1
    transcript.on_line(permission(4, title="ls"))
    transcript.on_input(ApprovalDenied(approval="leave:7:4", by="Ada", reason="Never."))
    transcript.on_input(Prompted(text="and this"))
    assert transcript.on_line(ended()).acknowledged == 0
    assert transcript.sent[-1]["params"]["prompt"][0]["text"].startswith("Not allowed (")
    assert transcript.on_line(chunk("c", "n"), ended(3)).acknowledged == 0  # what we said, and not a person
    assert transcript.on_line(chunk("d", "o"), ended(4)).acknowledged == 1


def test_a_prompt_whose_turn_was_cut_before_the_model_worked_on_it_is_not_acknowledged() -> None:
    transcript = working()
    transcript.on_input(Prompted(text="stop", when="now"))
    over = transcript.on_line(ended(stop="cancelled"))
    assert (over.acknowledged, over.is_turn_over) == (0, True)


def test_a_turn_that_was_cut_and_told_no_tokens_took_at_least_what_is_known() -> None:
    transcript = working()
    transcript.on_line(ended(stop="cancelled", usage={"inputTokens": 5, "outputTokens": 1}))
    assert transcript.of(UsageUpdated) == [UsageUpdated(input=5, output=1)]
    transcript = working()
    transcript.on_line(ended(stop="cancelled"))
    assert transcript.of(UsageUpdated) == [UsageUpdated(at_least=True)]
    assert transcript.protocol.cut() == ()
    transcript = working()
    assert transcript.protocol.cut() == (UsageUpdated(at_least=True),)
    assert transcript.protocol.cut() == ()
    transcript = working()
    transcript.on_line(ended())
    assert not transcript.of(UsageUpdated)


def test_what_people_say_in_mid_turn_is_the_next_prompt() -> None:
    transcript = working()
    transcript.on_input(Prompted(text="and this"))
    transcript.on_line(chunk("First."), ended())
    assert transcript.outcome is None
    assert transcript.sent[-1]["params"]["prompt"] == [{"type": "text", "text": "and this"}]
    transcript.on_line(chunk("Second.", "n"), ended(3))
    assert transcript.outcome is not None
    assert transcript.outcome.message == "Second."


def test_what_people_say_now_cuts_the_turn_short() -> None:
    transcript = working()
    transcript.on_line(permission(4, title="ls"))
    transcript.on_input(Prompted(text="stop, do this", when="now"))
    transcript.on_input(Prompted(text="and that", when="now"))
    assert [frame.get("method") for frame in transcript.sent[3:]] == ["session/cancel", None]
    assert [gone.approval for gone in transcript.of(ApprovalWithdrawn)] == ["leave:7:4"]
    transcript.on_line(ended(stop="cancelled"), ended(3))
    prompts = [
        frame["params"]["prompt"][0]["text"] for frame in transcript.sent if frame.get("method") == "session/prompt"
    ]
    assert prompts == ["mend it", "stop, do this", "and that"]
    assert transcript.outcome is None


def test_a_word_that_crosses_the_end_is_prompted_at_once() -> None:
    transcript = working()
    transcript.on_line(ended())
    transcript.on_input(Prompted(text="one more"))
    assert transcript.sent[-1]["params"]["prompt"][0]["text"] == "one more"


def test_requests_the_agent_gives_up_and_those_of_an_ended_turn_are_withdrawn() -> None:
    transcript = working()
    transcript.on_line(permission(4, title="ls"), form(5, x={"type": "string"}), form(6, x={"type": "string"}))
    for id_ in (4, 5, 99):
        transcript.on_line({"method": "$/cancel_request", "params": {"requestId": id_}})
    assert transcript.protocol.awaits_person
    transcript.on_line(ended())
    assert [gone.approval for gone in transcript.of(ApprovalWithdrawn)] == ["leave:7:4"]
    assert [gone.question for gone in transcript.of(QuestionWithdrawn)] == ["form:7:5:0", "form:7:6:0"]
    assert not transcript.protocol.awaits_person


def resuming(**able: Any) -> Dialogue:
    """An agent has answered that it goes on in its session."""
    transcript = Dialogue(Acp(prompt="go on", root="/run/clone", options=SessionOptions(session="old")))
    transcript.on_line({"id": 0, "result": {"protocolVersion": 1, "agentCapabilities": able or {"loadSession": True}}})
    return transcript


PAST = (
    chunk("old words"),
    update("tool_call", toolCallId="c", kind="edit", status="completed", locations=[{"path": "/run/clone/a"}]),
    update("plan", entries=[{"content": "old"}]),
)


@pytest.mark.parametrize("able", [{"loadSession": True}, {"sessionCapabilities": {"resume": {}}}])
def test_the_past_of_a_session_is_not_told_again_wherever_it_ends(able: dict[str, Any]) -> None:
    transcript = resuming(**able)
    refused = {"error": {"code": -32601, "message": "Method not found"}}
    transcript.on_line(PAST[0], {"id": 1, "result": {}}, *PAST[1:], {"id": 2, **refused}, *PAST, {"id": 3, **refused})
    assert [frame["method"] for frame in transcript.sent[2:]] == [ARE_YOU_QUIET] * 3
    transcript.on_line(update("available_commands_update"), {"id": 4, **refused})
    assert transcript.sent[-1]["params"]["prompt"] == [{"type": "text", "text": "go on"}]
    transcript.on_line(*PAST, ended(5))
    assert [body.type for body in transcript.events] == [
        "session.opened", "message", "tool.started", "tool.finished", "files.changed", "plan.updated",
    ]  # fmt: skip


def test_the_cost_of_the_past_is_known_already() -> None:
    transcript = resuming()
    transcript.on_line(update("usage_update", cost={"amount": 2.0, "currency": "USD"}), {"id": 1, "result": {}})
    transcript.on_line({"id": 2, "result": {}}, update("usage_update", cost={"amount": 2.5, "currency": "USD"}))
    assert transcript.of(UsageUpdated) == [UsageUpdated(cost_usd=0.5)]


def test_a_cost_in_another_currency_is_unknown_and_said_to_be_once() -> None:
    transcript = resuming()
    transcript.on_line({"id": 1, "result": {}}, {"id": 2, "result": {}})
    for amount in (1.0, 2.5):
        transcript.on_line(update("usage_update", used=1, size=2, cost={"amount": amount, "currency": "EUR"}))
    assert transcript.of(UsageUpdated) == [UsageUpdated()]
    assert [note.text for note in transcript.of(Note) if "EUR" in note.text] == [
        "The agent counts its cost in EUR. Only US dollars are counted, so its cost is unknown."
    ]


def test_a_cost_beyond_all_measure_is_bounded() -> None:
    transcript = resuming()
    transcript.on_line({"id": 1, "result": {}}, {"id": 2, "result": {}})
    transcript.on_line(update("usage_update", used=1, size=2, cost={"amount": 1e300, "currency": "USD"}))
    assert transcript.of(UsageUpdated) == [UsageUpdated(cost_usd=1e6)]


@pytest.mark.parametrize(
    ("agent", "total", "spent", "notes"),
    [("OpenCode", 2.5, 0.5, 0), ("OpenCode", 0.25, 0.25, 1), ("@agentclientprotocol/claude-agent-acp", 2.5, 2.5, 0)],
)
def test_a_session_that_goes_on_costs_what_it_adds(agent: str, total: float, spent: float, notes: int) -> None:
    """Some agents go on with the session's total, one counts anew at every start and may come further than it was."""
    transcript = Dialogue(Acp(prompt="go on", root="/c", options=SessionOptions(session="old", session_usd=2.0)))
    hello = {**ABLE, "agentInfo": {"name": agent, "version": "1.18.33" if agent == "OpenCode" else "0.49.0"}}
    transcript.on_line({"id": 0, "result": hello}, update("usage_update", used=1), {"id": 1, "result": {}}, {"id": 2})
    transcript.on_line(update("usage_update", cost={"amount": total, "currency": "USD"}))
    assert [one.cost_usd for one in transcript.of(UsageUpdated)] == [spent]
    assert len(transcript.of(Note)) == notes


def test_an_agent_that_is_never_quiet_is_told_its_prompt_all_the_same() -> None:
    transcript = resuming()
    transcript.on_line({"id": 1, "result": {}})
    for number in range(2, 20_000):
        transcript.on_line(chunk("old"), {"id": number, "result": {}})
        if transcript.sent[-1]["method"] == "session/prompt":
            break
    assert transcript.sent[-1]["method"] == "session/prompt"


def test_what_people_say_while_the_past_is_told_waits_for_its_turn() -> None:
    transcript = resuming()
    transcript.on_line({"id": 1, "result": {}})
    transcript.on_input(Prompted(text="and this", when="now"))
    assert [frame["method"] for frame in transcript.sent[2:]] == [ARE_YOU_QUIET]
    transcript.on_line({"id": 2, "result": {}}, ended(3))
    assert [frame["params"]["prompt"][0]["text"] for frame in transcript.sent[3:]] == ["go on", "and this"]


def test_settings_are_made_one_after_the_other_and_a_refusal_is_said() -> None:
    offer: dict[str, Any] = {
        "sessionId": "s",
        "configOptions": [
            {"id": "cm", "category": "model",
             "options": [{"value": "m1"}, {"name": "more", "options": [{"value": "m2"}]}]}
        ],
        "modes": {"availableModes": [{"id": "plan"}]},
    }  # fmt: skip
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions(mode="plan", model="m2")))
    transcript.on_line({"id": 0, "result": ABLE}, {"id": 1, "result": offer})
    transcript.on_line({"id": 2, "error": {"message": "no"}}, {"id": 3, "result": {}})
    assert [(frame["method"], frame["params"]) for frame in transcript.sent[2:4]] == [
        ("session/set_mode", {"sessionId": "s", "modeId": "plan"}),
        ("session/set_config_option", {"sessionId": "s", "configId": "cm", "value": "m2"}),
    ]
    assert transcript.of(Note) == [Note(text="The agent did not take a setting: no")]
    assert transcript.sent[-1]["method"] == "session/prompt"


@pytest.mark.parametrize(("sees", "blocks"), [(True, ["text", "image", "image"]), (False, ["text"])])
def test_the_first_prompt_shows_pictures_to_an_agent_that_sees_any(sees: bool, blocks: list[str]) -> None:
    png, jpeg = image_of(PNG), image_of(b"\xff\xd8\xffx")
    assert png
    assert jpeg
    transcript = Dialogue(Acp(prompt="p", root="/c", options=SessionOptions(images=(png, jpeg))))
    able = {"promptCapabilities": {"image": sees}}
    transcript.on_line({"id": 0, "result": {"protocolVersion": 1, "agentCapabilities": able}}, {"id": 1, "result": {}})
    first = transcript.sent[-1]["params"]["prompt"]
    assert [one["type"] for one in first] == blocks
    assert first[0]["text"] == "p"
    if sees:
        from acp import schema

        assert (first[1]["mimeType"], base64.b64decode(first[1]["data"])) == ("image/png", PNG)
        schema.ImageContentBlock.model_validate(first[1])
    transcript.on_input(Prompted(text="and this"))
    transcript.on_line(ended())
    assert [one["type"] for one in transcript.sent[-1]["params"]["prompt"]] == ["text"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a..", "image/gif"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x04\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x04\0\0\0WAVEfmt ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"BM6", None),
        (b"", None),
    ],
)
def test_its_first_bytes_tell_what_is_a_picture(data: bytes, kind: str | None) -> None:
    image = image_of(data)
    assert (image.kind if image else None) == kind
    assert image is None or base64.b64decode(image.base64) == data


# -- what the agent does -----------------------------------------------------------------------------------------------


def test_words_become_one_message_a_piece_and_keep_their_place_among_the_tools() -> None:
    transcript = working()
    transcript.on_line(
        chunk("Let "),
        chunk("me."),
        update("tool_call", toolCallId="c", kind="read", locations=[{"path": "/run/clone/a"}]),
    )
    transcript.on_line(chunk("One", "a"), chunk("Two", "b"), ended())
    assert [body.type for body in transcript.events][1:] == ["message", "tool.started", "message", "message"]
    assert [message.text for message in transcript.of(Message)] == ["Let me.", "One", "Two"]


def test_a_tool_is_told_once_something_is_known_of_it() -> None:
    transcript = working()
    content = [{"type": "content", "content": {"type": "text", "text": "1 failed"}}]
    transcript.on_line(update("tool_call", toolCallId="c", title="bash", kind="execute", status="pending", rawInput={}))
    assert not transcript.of(ToolStarted)
    transcript.on_line(
        update("tool_call_update", toolCallId="c", status="in_progress", title="pytest", rawInput={"command": "pytest"})
    )
    transcript.on_line(update("tool_call_update", toolCallId="c", status="in_progress", content=content))
    transcript.on_line(update("tool_call_update", toolCallId="c", status="failed", content=content))
    assert transcript.events[1:] == [
        ToolStarted(tool="execute", title="pytest", call="c"),
        ToolProgress(call="c", text="1 failed"),
        ToolFinished(tool="execute", title="pytest", call="c", ok=False, detail="1 failed"),
    ]


def test_diffs_are_counted_and_files_outside_the_clone_are_not_listed() -> None:
    transcript = working()
    diff = [{"type": "diff", "path": "/run/clone/a.py", "oldText": "1\n2\n3\n", "newText": "1\n2b\n3\n4\n"}]
    for number, path in enumerate(("/run/clone/a.py", "/etc/passwd")):
        transcript.on_line(
            update("tool_call", toolCallId=str(number), kind="edit", content=diff, locations=[{"path": path}])
        )
        transcript.on_line(update("tool_call_update", toolCallId=str(number), status="completed"))
    assert [(one.added, one.removed) for one in transcript.of(ToolFinished)] == [(2, 1), (2, 1)]
    assert transcript.of(FilesChanged) == [FilesChanged(files=(ChangedFile(path="a.py", added=2, removed=1),), total=1)]


def test_a_total_cost_becomes_deltas_and_a_new_count_is_said() -> None:
    transcript = working()
    for amount in (0.25, 0.75, 0.75, 0.5):
        transcript.on_line(update("usage_update", used=1, size=2, cost={"amount": amount, "currency": "USD"}))
    transcript.on_line(
        update("usage_update", used=1, size=2),
        ended(usage={"inputTokens": 5, "outputTokens": 1, "cachedReadTokens": 2}),
    )
    assert [one.cost_usd for one in transcript.of(UsageUpdated)] == [0.25, 0.5, 0.5, 0.0]
    assert transcript.of(UsageUpdated)[-1] == UsageUpdated(input=5, output=1, cache_read=2, cost_usd=0.0)
    assert transcript.of(Note) == [Note(text="The agent's cost counter was reset.")]


def test_tokens_without_a_price_leave_the_cost_unknown() -> None:
    transcript = working()
    transcript.on_line(ended(_meta={"quota": {"token_count": {"input_tokens": 24, "output_tokens": 9}}}))
    assert transcript.of(UsageUpdated) == [UsageUpdated(input=24, output=9)]


def test_strangers_are_named_and_a_request_nobody_knows_is_refused() -> None:
    transcript = working()
    transcript.on_line(
        update("mood_update"),
        {"method": "new/thing"},
        {"id": 9, "method": "terminal/create"},
        {"id": 99, "result": {}},
        "?",
    )
    names = [
        note.text.removeprefix("The agent sent something that this version does not know: ")
        for note in transcript.of(Note)
    ]
    assert names == [
        "session/update mood_update.", "new/thing.", "terminal/create.", "an answer to nothing that was asked.",
        "a line that is no JSON object.",
    ]  # fmt: skip
    assert transcript.sent[-1] == {"jsonrpc": "2.0", "id": 9, "error": {"code": -32601, "message": "Method not found"}}


def test_files_are_wished_for_and_not_touched_here() -> None:
    transcript = working()
    read = transcript.on_line(
        {"id": 1, "method": "fs/read_text_file", "params": {"path": "/a", "line": 3, "limit": 2}}
    ).files[0]
    write = transcript.on_line(
        {"id": 2, "method": "fs/write_text_file", "params": {"path": "/a", "content": ""}}
    ).files[0]
    assert (read.path, read.content, read.line, read.limit, write.content) == ("/a", None, 3, 2, "")
    assert read.granted("x") == {"jsonrpc": "2.0", "id": 1, "result": {"content": "x"}}
    assert write.granted("") == {"jsonrpc": "2.0", "id": 2, "result": {}}
    assert write.refused("no")["error"] == {"code": -32000, "message": "no"}


# -- people ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "yes", "no"),
    [
        (("allow_always", "allow_once", "reject_once"), "o-allow_once", "o-reject_once"),
        (("allow_always", "reject_always"), "o-allow_always", "o-reject_always"),
        (("allow_once",), "o-allow_once", None),
    ],
)
def test_a_decision_takes_the_agents_own_option_and_once_before_always(
    kinds: tuple[str, ...], yes: str, no: str | None
) -> None:
    transcript = working()
    transcript.on_line(permission(5, *kinds, title="ls"), permission("x", *kinds, title="ls"))
    transcript.on_input(ApprovalGranted(approval="leave:7:5", by="Ada", scope="once"))
    transcript.on_input(ApprovalDenied(approval="leave:7:x", by="Ada"))
    granted, denied = (frame["result"]["outcome"] for frame in transcript.sent[-2:])
    assert granted == {"outcome": "selected", "optionId": yes}
    assert denied == ({"outcome": "selected", "optionId": no} if no else {"outcome": "cancelled"})


def test_the_whole_command_is_asked_for_and_leave_for_the_run_covers_it_alone() -> None:
    transcript = working()
    transcript.on_line(permission(1, title="ls", kind="execute", rawInput={"command": "ls", "cwd": "/tmp"}))
    (asked,) = transcript.of(ApprovalRequested)
    assert (asked.title, asked.command, asked.risk) == ("ls", "command: ls\ncwd: /tmp", "execute")
    transcript.on_input(ApprovalGranted(approval=asked.approval, by="Ada", scope="run"))
    transcript.on_line(permission(2, title="ls", kind="execute", rawInput={"command": "ls", "cwd": "/tmp"}))
    transcript.on_line(permission(3, title="ls", kind="execute", rawInput={"command": "ls", "cwd": "/"}))
    first, second, third = (permission_of(one) for one in transcript.of(ApprovalRequested))
    assert first is not None
    assert second == first
    assert third != first


def test_gemini_that_sends_a_title_and_its_folder_gets_no_leave_for_the_run() -> None:
    """It has no arguments: the folder's line was taken for the call, so that one command allowed every other."""
    transcript = working()
    folder = [{"type": "content", "content": {"type": "text", "text": "[in /run/clone]"}}]
    for id_, title in ((1, "touch harmless.txt"), (2, "rm -rf src")):
        transcript.on_line(permission(id_, title=title, kind="execute", content=folder))
    first, second = transcript.of(ApprovalRequested)
    assert (first.title, first.command) == ("touch harmless.txt", "[in /run/clone]")
    assert permission_of(first) is permission_of(second) is None


def test_what_was_said_of_a_call_before_is_part_of_its_request() -> None:
    transcript = working()
    transcript.on_line(
        update("tool_call", toolCallId="c", title="Fetch", kind="fetch", rawInput={"url": "http://x", "body": "b"}),
        permission(1),
    )
    (asked,) = transcript.of(ApprovalRequested)
    assert (asked.title, asked.command, asked.risk) == ("Fetch", "url: http://x\nbody: b", "fetch")
    assert asked.whole
    assert not asked.only_once


def test_an_edit_shows_what_is_removed_and_binds_leave_to_its_file() -> None:
    transcript = working()
    diff = {"type": "diff", "path": "/run/clone/a.py", "oldText": "one\ntwo", "newText": "one\n2"}
    transcript.on_line(permission(1, title="Edit a.py", kind="edit", content=[diff]))
    transcript.on_line(permission(2, title="Edit a.py", kind="edit", content=[diff], rawInput={"command": "ls"}))
    transcript.on_line(permission(3, title="Edit", kind="edit", content=[diff | {"path": "/run/clone/.git/hooks/x"}]))
    edit, command, hook = transcript.of(ApprovalRequested)
    assert edit.command == "/run/clone/a.py\n one\n-two\n+2"
    assert (edit.edits, command.edits, hook.edits) == (("a.py",), (), ())


def test_requests_beyond_the_most_are_refused_with_words_for_both_sides() -> None:
    transcript = working()
    transcript.on_line(*(permission(number, title=f"ls {number}", kind="execute") for number in range(66)))
    assert len(transcript.of(ApprovalRequested)) == 64
    assert [note.text for note in transcript.of(Note)] == [
        "The agent asked for more while 64 of its requests wait for a decision; it was told to wait: ls 64"
    ]
    assert transcript.sent[-1]["result"] == {"outcome": {"outcome": "cancelled"}}
    transcript.on_line(ended())
    assert transcript.sent[-1]["params"]["prompt"][0]["text"].startswith("Not asked: 64 requests of yours wait")


def test_leave_for_the_run_without_a_word_on_what_covers_nothing() -> None:
    transcript = working()
    for id_ in (1, 2):
        transcript.on_line(permission(id_, title="Use it", kind="other"))
        transcript.on_input(ApprovalGranted(approval=f"leave:7:{id_}", by="Ada", scope="run"))
    assert len(transcript.of(ApprovalRequested)) == 2
    assert [permission_of(one) for one in transcript.of(ApprovalRequested)] == [None, None]


def test_the_reason_of_a_refusal_is_the_next_prompt() -> None:
    transcript = working()
    transcript.on_line(permission(1, title="ls"))
    transcript.on_input(ApprovalDenied(approval="leave:7:1", by="Ada", reason="Use rg."))
    transcript.on_line(ended())
    assert transcript.sent[-1]["params"]["prompt"][0]["text"] == "Not allowed (ls): Use rg."


def test_a_long_message_is_cut_into_messages_and_each_has_room_of_its_own() -> None:
    """Nothing is lost at the border. Twice: what is counted for the first one does not count for the second."""
    transcript = working()
    most = 32_768
    for number in range(1, 3):
        transcript.on_line(chunk("a" * (most - 1)), chunk("a"))
        assert len(transcript.of(Message)) == 2 * number - 2
        transcript.on_line(chunk("b"), chunk("c"))
        assert len(transcript.of(Message)) == 2 * number - 1
        transcript.on_line(update("plan", entries=[]))
    assert [message.text for message in transcript.of(Message)] == ["a" * most, "bc"] * 2


@pytest.mark.parametrize(
    ("field", "options", "answer", "value"),
    [
        ({"type": "string", "enum": ["A", "B"]}, ("A", "B"), "B", "B"),
        ({"type": "string", "oneOf": [{"const": "a", "title": "Aye"}]}, ("a",), "a", "a"),
        ({"type": "string"}, (), "free", "free"),
        ({"type": "boolean"}, ("Yes", "No"), "No", False),
        ({"type": "integer"}, (), "42", 42),
        ({"type": "number"}, (), "0.5", 0.5),
        ({"type": "array", "items": {"enum": ["A", "B", "C"]}}, ("A", "B", "C"), "c, A", ["C", "A"]),
    ],
)
def test_a_form_of_one_field_is_a_question(
    field: dict[str, Any], options: tuple[str, ...], answer: str, value: Any
) -> None:
    transcript = working()
    transcript.on_line(form(x=field))
    (asked,) = transcript.of(QuestionAsked)
    assert asked.options == options
    transcript.on_input(QuestionAnswered(question=asked.question, answer=answer, by="Ada"))
    assert transcript.sent[-1] == {"jsonrpc": "2.0", "id": 6, "result": {"action": "accept", "content": {"x": value}}}


def test_a_form_that_takes_several_values_says_how_and_takes_words_too() -> None:
    """A list with choices, a list without, a choice of one, words: beside one another, so that none stands for all."""
    transcript = working()
    choices: dict[str, Any] = {"type": "string", "enum": ["A", "B"]}
    many = {"type": "array", "items": choices}
    transcript.on_line(form(a=many, b={"type": "array", "items": {"type": "string"}}, c=choices, d={"type": "string"}))
    questions = transcript.of(QuestionAsked)
    assert [one.free_text for one in questions] == [True, True, False, True]
    assert ["Several are possible, with commas between them." in one.text for one in questions] == [
        *(True, True, False, False)
    ]
    for one, answer in zip(questions, ("B, A", "x, y", "A", "free"), strict=True):
        transcript.on_input(QuestionAnswered(question=one.question, answer=answer, by="Ada"))
    assert transcript.sent[-1]["result"] == {
        "action": "accept",
        "content": {"a": ["B", "A"], "b": ["x", "y"], "c": "A", "d": "free"},
    }


def test_a_form_of_several_fields_is_answered_once_all_are() -> None:
    transcript = working()
    transcript.on_line(form(a={"type": "string", "title": "Name"}, b={"type": "boolean", "description": "Sure?"}))
    first, second = transcript.of(QuestionAsked)
    assert (first.text, second.text) == ("Which?\nName", "Which?\nSure?")
    transcript.on_input(QuestionAnswered(question=second.question, answer="Yes", by="Ada"))
    assert transcript.sent[-1]["method"] == "session/prompt"
    assert transcript.protocol.awaits_person
    transcript.on_input(QuestionAnswered(question=first.question, answer="Bob", by="Ada"))
    assert transcript.sent[-1]["result"] == {"action": "accept", "content": {"a": "Bob", "b": True}}
    assert not transcript.protocol.awaits_person


def test_an_answer_that_does_not_fit_and_a_page_to_open_are_said() -> None:
    transcript = working()
    transcript.on_line(
        form(n={"type": "integer"}),
        {"id": 8, "method": "elicitation/create", "params": {"mode": "url", "url": "http://x"}},
    )
    transcript.on_input(QuestionAnswered(question=transcript.of(QuestionAsked)[0].question, answer="many", by="Ada"))
    assert [frame["result"] for frame in transcript.sent[-2:]] == [{"action": "decline"}, {"action": "cancel"}]
    assert len(transcript.of(Note)) == 2


def test_omps_form_for_leave_is_an_approval() -> None:
    transcript = working()
    transcript.on_line(
        form(message="Allow tool: bash\nCommand: ls", value={"type": "string", "enum": ["Approve", "Deny"]})
    )
    (asked,) = transcript.of(ApprovalRequested)
    assert (asked.title, asked.command) == ("bash: ls", "ls")
    transcript.on_input(ApprovalDenied(approval=asked.approval, by="Ada"))
    assert transcript.sent[-1]["result"] == {"action": "accept", "content": {"value": "Deny"}}


def test_a_cancelled_turn_answers_what_is_open() -> None:
    transcript = working()
    transcript.on_line(permission(1, title="ls"), form(2, x={"type": "string"}))
    transcript.take(transcript.protocol.interrupt())
    assert [frame.get("method") or frame["result"] for frame in transcript.sent[-3:]] == [
        "session/cancel",
        {"outcome": {"outcome": "cancelled"}},
        {"action": "cancel"},
    ]


def test_a_plan_is_told_with_what_is_done_and_what_is_not() -> None:
    transcript = working()
    states = {"one": "completed", "two": "in_progress", "three": "pending", "four": "of another version"}
    transcript.on_line(
        update("plan", entries=[{"content": title, "status": status} for title, status in states.items()])
    )
    plan = transcript.events[-1]
    assert isinstance(plan, PlanUpdated)
    assert [(phase.title, phase.status) for phase in plan.phases] == [
        ("one", "done"),
        ("two", "active"),
        ("three", "pending"),
        ("four", "pending"),
    ]
