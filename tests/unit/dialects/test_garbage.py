"""Whatever an agent sends, its dialect never raises and says only what agents may say."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.dialects.agent_client_protocol.acp import Acp
from ompycord.dialects.agent_client_protocol.acp_session import SessionOptions
from ompycord.dialects.oh_my_pi.omp_rpc import OmpRpc
from ompycord.dialects.protocol_session import ProtocolSession
from ompycord.dialects.stream_json import StreamJson
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
)
from tests.support.protocol_sessions import Dialogue

Make = Callable[[], ProtocolSession]

TEXTS = st.sampled_from(
    [
        "", "x", "a" * 5000, "\x00\x1b[31m\ud800", "\u202eabc", "e" + "\u0301" * 400, "👨‍👩‍👧‍👦" * 90, "\n\n", "-9",
        "../../etc",
        "/run/clone/a", "Allow tool: ", "assistant", "select", "confirm", "editor", "stop", "error", "bash", "write",
        "todo",
        "edit", "ask_human", "rest-1", "say-1", "prompt", "state", "Other (type your own)", "Approve", "Deny", "text",
        "toolCall",
    ]
)  # fmt: skip
WORDS = TEXTS.filter(lambda text: "\ud800" not in text)
"""What a person can type: the bot takes no half surrogates."""
NUMBERS = st.sampled_from([0, 1, -1, 7, 2**63, 10**400, -(2**70), 0.5, -0.5, 1e308, float("nan"), float("inf")])
KEYS = st.sampled_from(
    [
        "subtype", "request", "request_id", "tool_name", "tool_use_id", "tool_use_result", "filePath",
        "structuredPatch", "lines",
        "is_error", "modelUsage", "costUSD", "inputTokens", "response", "rate_limit_info", "resetsAt", "questions",
        "label",
        "multiSelect", "session_id", "todos",
        "id", "type", "method", "title", "message", "options", "optionDetails", "role", "content", "text", "name",
        "arguments", "command", "args", "toolCallId", "toolName", "result", "partialResult", "details", "phases",
        "tasks", "status", "diff", "path", "perFileResults", "usage", "cost", "total", "input", "output",
        "stopReason", "errorMessage", "success", "data", "sessionId", "model", "todoPhases", "isStreaming",
        "queuedMessageCount", "messages", "isTerminal", "isError", "timeout", "toolCall", "rawInput", "oldText",
        "newText", "locations", "kind", "requestedSchema", "properties", "enum", "oneOf", "items", "mode", "url",
        "modes", "availableModes", "configOptions", "category", "value", "optionId", "entries", "amount", "currency",
        "messageId", "limit", "line", "agentCapabilities", "sessionCapabilities", "targetId", "attempt",
        "maxAttempts", "delayMs", "question", "agentInvoked", "description", "blocker", "error",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | TEXTS, inner, max_size=5),
    max_leaves=12,
)
OMP_TYPES = [
    "response", "prompt_result", "agent_start", "agent_end", "message_end", "tool_execution_start",
    "tool_execution_update",
    "tool_execution_end", "extension_ui_request", "host_tool_call", "host_tool_cancel", "host_uri_request",
    "auto_retry_start",
    "auto_retry_end", "auto_compaction_end", "retry_fallback_applied", "extension_error", "rpc_frame_error", "notice",
    "command_output", "ready", "unheard_of",
]  # fmt: skip


CLAUDE_TYPES = [
    "system", "assistant", "user", "result", "control_request", "control_cancel_request", "control_response",
    "rate_limit_event", "stream_event", "unheard_of",
]  # fmt: skip
ACP_METHODS = [
    "session/update", "session/request_permission", "elicitation/create", "fs/read_text_file", "fs/write_text_file",
    "terminal/create", "_auth/status_update", "",
]  # fmt: skip
ACP_UPDATES = [
    "agent_message_chunk", "tool_call", "tool_call_update", "plan", "plan_update", "usage_update", "user_message_chunk",
    "new",
]  # fmt: skip


def omp() -> ProtocolSession:
    return OmpRpc(prompt="x", root="/run/clone")


def acp() -> ProtocolSession:
    return Acp(prompt="x", root="/run/clone", options=SessionOptions(session="s", mode="m", model="n"))


def claude() -> ProtocolSession:
    return StreamJson(prompt="x", root="/run/clone")


def of_kind(kind: str, rest: dict[str, Any]) -> dict[str, Any]:
    return rest | {"type": kind}


def frames(types: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.builds(of_kind, st.sampled_from(types), st.dictionaries(KEYS, VALUES, max_size=8)), max_size=8)


def survives(make: Make, garbage: list[dict[str, Any]], words: list[str]) -> None:
    transcript = Dialogue(make())
    transcript.on_line(*garbage)
    for word in words:
        for asked in transcript.of(QuestionAsked):
            transcript.on_input(QuestionAnswered(question=asked.question, answer=word[:4000], by="Ada"))
        for asked in transcript.of(ApprovalRequested):
            transcript.on_input(ApprovalGranted(approval=asked.approval, by="Ada", scope="run"))
            transcript.on_input(ApprovalDenied(approval=asked.approval, by="Ada", reason=word[:500]))
        transcript.on_input(Prompted(text=word))
    transcript.on_line(*garbage)


@given(frames(OMP_TYPES), st.lists(WORDS, max_size=2))
def test_omp_survives_frames_of_the_right_kind_and_the_wrong_shape(
    garbage: list[dict[str, Any]], words: list[str]
) -> None:
    survives(omp, garbage, words)


@given(frames(CLAUDE_TYPES), st.lists(WORDS, max_size=2))
def test_claude_survives_frames_of_the_right_kind_and_the_wrong_shape(
    garbage: list[dict[str, Any]], words: list[str]
) -> None:
    survives(claude, garbage, words)


def call(method: str, kind: str, params: dict[str, Any], update: dict[str, Any], number: int) -> dict[str, Any]:
    """A frame of JSON-RPC: a request, a notification, or an answer to one of ours."""
    body = params | {"update": update | {"sessionUpdate": kind}}
    if not method:
        return (
            {"id": number, "result": body | {"protocolVersion": 1}} if number % 3 else {"id": number, "error": params}
        )
    return {"method": method, "params": body, **({"id": number} if method != "session/update" else {})}


@given(
    st.lists(
        st.builds(
            call,
            st.sampled_from(ACP_METHODS),
            st.sampled_from(ACP_UPDATES),
            st.dictionaries(KEYS, VALUES, max_size=6),
            st.dictionaries(KEYS, VALUES, max_size=6),
            st.integers(0, 5),
        ),
        max_size=8,
    ),
    st.lists(WORDS, max_size=2),
)
def test_acp_survives_frames_of_the_right_kind_and_the_wrong_shape(
    garbage: list[dict[str, Any]], words: list[str]
) -> None:
    def working() -> ProtocolSession:
        transcript = Dialogue(acp())
        for number in range(4):
            transcript.on_line({"id": number, "result": {"protocolVersion": 1, "sessionId": "s"}})
        return transcript.protocol

    survives(acp, garbage, words)
    survives(working, garbage, words)


@pytest.mark.parametrize("make", [omp, acp, claude])
@given(st.text(max_size=200) | VALUES.map(json.dumps))
def test_every_dialect_survives_any_line(make: Make, line: str) -> None:
    Dialogue(make()).on_line(line)


@pytest.mark.parametrize("make", [omp, acp, claude])
def test_every_dialect_survives_depth_and_size(make: Make) -> None:
    Dialogue(make()).on_line(
        "[" * 100_000,
        '{"type":"message_end","message":' + '{"content":' * 900 + "1" + "}" * 900 + "}",
        '{"a":' + "9" * 5000 + "}",
    )
