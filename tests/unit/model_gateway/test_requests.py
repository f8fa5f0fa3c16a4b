"""What may be asked of a model, and what is changed in a request: as little as one value."""

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.model_gateway.dialects import Dialect, ModelRoute, RequestKind, is_model_path, route_of
from ompycord.model_gateway.policy import LARGE, NotAllowed, read_request, with_bound, with_usage
from ompycord.model_gateway.splice import LONG_TEXT, with_value, without_long_texts

ROUTES = {
    ("POST", b"/v1/messages"): (Dialect.ANTHROPIC, RequestKind.GENERATE),
    ("POST", b"/v1/messages/count_tokens"): (Dialect.ANTHROPIC, RequestKind.COUNT),
    ("POST", b"/v1/chat/completions"): (Dialect.CHAT, RequestKind.GENERATE),
    ("POST", b"/v1/responses"): (Dialect.RESPONSES, RequestKind.GENERATE),
    ("POST", b"/v1/responses/compact"): (Dialect.RESPONSES, RequestKind.GENERATE),
    ("GET", b"/v1/responses"): (Dialect.RESPONSES, RequestKind.UPGRADE),
    ("GET", b"/v1/models"): (Dialect.CHAT, RequestKind.LIST),
    ("POST", b"/v1beta/models/g-1.5:streamGenerateContent"): (Dialect.GEMINI, RequestKind.GENERATE),
    ("POST", b"/v1beta/models/g-1.5:generateContent"): (Dialect.GEMINI, RequestKind.GENERATE),
    ("POST", b"/v1beta/models/g-1.5:countTokens"): (Dialect.GEMINI, RequestKind.COUNT),
}
REFUSED = [
    ("POST", b"/v1/files"), ("POST", b"/v1/batches"), ("POST", b"/v1/messages/batches"), ("GET", b"/v1/messages"),
    ("POST", b"/v1/fine_tuning/jobs"), ("GET", b"/v1/organizations"), ("DELETE", b"/v1/responses/resp_1"),
    ("GET", b"/v1/responses/resp_1"), ("POST", b"/v1/../v1/messages"), ("POST", b"/v1//messages"),
    ("POST", b"/v1/messages/"),
    ("POST", b"/v1/messages/../files"), ("POST", b"/v1/%6dessages"), ("PUT", b"/v1/messages"),
    ("POST", b"/v1beta/models/a/b:generateContent"), ("POST", b"/v1beta/models/..:generateContent/x"),
    ("POST", b"/v1beta/models/g:batchGenerateContent"), ("POST", b"/v1beta/files"), ("POST", b"/v1"),
    ("POST", b"/v1/embeddings"), ("POST", b"/v1beta/cachedContents"),
]  # fmt: skip


@pytest.mark.parametrize("asked", ROUTES)
def test_what_agents_ask_has_a_route(asked: tuple[str, bytes]) -> None:
    found = route_of(*asked)
    assert found is not None
    assert (found.dialect, found.kind) == ROUTES[asked]
    assert is_model_path(asked[1])


@pytest.mark.parametrize("asked", REFUSED)
def test_everything_else_below_is_refused(asked: tuple[str, bytes]) -> None:
    assert route_of(*asked) is None
    assert is_model_path(asked[1])


@pytest.mark.parametrize("path", [b"/mcp/", b"/api/webhook/event", b"/livez", b"/v11/messages", b"/", b"http://x/v1/"])
def test_other_paths_are_the_sidecars(path: bytes) -> None:
    assert not is_model_path(path)


def test_the_path_names_geminis_model_and_whether_it_streams() -> None:
    route = route_of("POST", b"/v1beta/models/g-1.5:streamGenerateContent")
    assert route == ModelRoute(Dialect.GEMINI, RequestKind.GENERATE, model="g-1.5", is_stream=True)
    assert route is not None
    assert read_request(route, b'{"contents": []}')[:2] == ("g-1.5", True)


CHAT = ModelRoute(Dialect.CHAT, RequestKind.GENERATE)
ANTHROPIC = ModelRoute(Dialect.ANTHROPIC, RequestKind.GENERATE)
RESPONSES = ModelRoute(Dialect.RESPONSES, RequestKind.GENERATE)
GEMINI = ModelRoute(Dialect.GEMINI, RequestKind.GENERATE, model="g")
Body = dict[str, Any]
NOT_ALLOWED: list[tuple[ModelRoute, Body, str]] = [
    (RESPONSES, {"background": True}, "background"), (RESPONSES, {"store": True}, "store"),
    (CHAT, {"service_tier": "flex"}, "service_tier"), (RESPONSES, {"service_tier": "priority"}, "service_tier"),
    (ANTHROPIC, {"service_tier": "batch"}, "service_tier"), (ANTHROPIC, {"fallbacks": [{"model": "x"}]}, "fallbacks"),
]  # fmt: skip
ALLOWED: list[tuple[ModelRoute, Body]] = [
    (RESPONSES, {"background": False, "store": False}), (CHAT, {"service_tier": "default"}), (CHAT, {"stream": True}),
    (ANTHROPIC, {"service_tier": "standard_only", "unknown": {"field": 1}}), (ANTHROPIC, {"fallbacks": []}),
]  # fmt: skip
PROVIDERS_TOOLS: list[tuple[ModelRoute, Body]] = [
    (ANTHROPIC, {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
    (ANTHROPIC, {"mcp_servers": [{"url": "https://x.example"}]}),
    (RESPONSES, {"tools": [{"type": "function", "name": "a"}, {"type": "web_search"}]}),
    (RESPONSES, {"tools": [{"type": "mcp", "server_url": "https://x.example"}]}),
    (GEMINI, {"tools": [{"googleSearch": {}}]}),
]
OWN_TOOLS: list[tuple[ModelRoute, Body]] = [
    (ANTHROPIC, {"tools": [{"name": "web_search_of_mine", "input_schema": {}}]}),
    (RESPONSES, {"tools": [{"type": "function", "name": "web_search"}, {"type": "custom", "name": "x"}]}),
    (GEMINI, {"tools": [{"functionDeclarations": [{"name": "a"}]}]}),
]


@pytest.mark.parametrize(("route", "more", "word"), NOT_ALLOWED)
def test_what_would_pass_the_budget_by_is_refused_in_words(
    route: ModelRoute, more: dict[str, object], word: str
) -> None:
    with pytest.raises(NotAllowed, match=word):
        read_request(route, json.dumps({"model": "m", **more}).encode())


@pytest.mark.parametrize(("route", "more"), ALLOWED)
def test_what_agents_send_passes(route: ModelRoute, more: dict[str, object]) -> None:
    assert read_request(route, json.dumps({"model": "m", **more}).encode()).model == "m"


@pytest.mark.parametrize(("route", "more"), PROVIDERS_TOOLS)
def test_tools_of_the_provider_pass_unless_they_are_forbidden(route: ModelRoute, more: dict[str, object]) -> None:
    body = json.dumps({"model": "m", **more}).encode()
    read_request(route, body)
    with pytest.raises(NotAllowed, match=r"provider|mcp_servers"):
        read_request(route, body, has_provider_tools=False)


@pytest.mark.parametrize(("route", "more"), OWN_TOOLS)
def test_tools_of_the_agent_pass_all_the_same(route: ModelRoute, more: dict[str, object]) -> None:
    read_request(route, json.dumps({"model": "m", **more}).encode(), has_provider_tools=False)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"null", b"\xff"])
def test_a_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_request(CHAT, body)


@pytest.mark.parametrize("body", [b"{}", b'{"model": ""}', b'{"model": 5}'])
def test_a_request_names_its_model(body: bytes) -> None:
    with pytest.raises(NotAllowed, match="no model"):
        read_request(CHAT, body)


@pytest.mark.parametrize(
    ("route", "more", "bound"),
    [
        (ANTHROPIC, {"max_tokens": 8}, 8), (CHAT, {"max_tokens": 8}, 8), (CHAT, {"max_completion_tokens": 9}, 9),
        (RESPONSES, {"max_output_tokens": 8}, 8), (GEMINI, {"generationConfig": {"maxOutputTokens": 8}}, 8),
        (CHAT, {}, None), (CHAT, {"max_tokens": None}, None), (GEMINI, {"generationConfig": None}, None),
    ],
)  # fmt: skip
def test_the_bound_is_read_and_written_where_each_dialect_has_it(
    route: ModelRoute, more: dict[str, object], bound: int | None
) -> None:
    body = json.dumps({"model": "m", **more}).encode()
    assert read_request(route, body).bound == bound
    assert read_request(route, with_bound(route.dialect, body, 5)).bound == 5


def test_usage_is_asked_for_where_a_stream_would_not_state_it() -> None:
    stream = b'{"model":"m","stream":true,"messages":[]}'
    assert not read_request(CHAT, stream).states_usage
    assert json.loads(with_usage(stream))["stream_options"] == {"include_usage": True}
    other = b'{"model":"m","stream":true,"stream_options":{"x":1,"include_usage":false}}'
    assert with_usage(other) == b'{"model":"m","stream":true,"stream_options":{"x":1,"include_usage":true}}'
    assert read_request(CHAT, with_usage(other)).states_usage
    assert read_request(CHAT, b'{"model":"m"}').states_usage


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    content=st.dictionaries(st.text() | st.sampled_from(["a", "b", 'q"\\']), JSON, max_size=6),
    name=st.sampled_from(["a", 'q"\\', "new"]),
    value=st.integers(0, 9) | st.just({"x": [1]}),
    indent=st.sampled_from([None, 1]),
    is_ascii=st.booleans(),
)
def test_one_value_is_changed_and_every_other_byte_is_kept(
    content: dict[str, object], name: str, value: object, indent: int | None, is_ascii: bool
) -> None:
    body = json.dumps(content, indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    changed = with_value(body, (name,), value)
    assert json.loads(changed) == {**content, name: value}
    if name in content:
        old = json.dumps(content[name], indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
        assert len(changed) == len(body) - len(_as_written(body, content, name, old)) + len(_compact(value))
    else:
        assert changed.endswith(body[1:])


def _as_written(body: bytes, content: dict[str, object], name: str, old: bytes) -> bytes:
    """The value as it stands in an indented document: its lines are further in."""
    return old if old in body else old.replace(b"\n", b"\n ")


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def test_a_value_further_in_is_made_with_what_is_missing_around_it() -> None:
    assert with_value(b"{}", ("a", "b"), 1) == b'{"a":{"b":1}}'
    assert with_value(b'{"a":null}', ("a", "b"), 1) == b'{"a":{"b":1}}'
    assert with_value(b'{"a":{"c":2}}', ("a", "b"), 1) == b'{"a":{"b":1,"c":2}}'
    assert with_value(b'{"a":1,"a":2}', ("a",), 3) == b'{"a":1,"a":3}'


def emptied(value: object) -> object:
    """The same without long texts, by their length in JSON."""
    if isinstance(value, str):
        return "" if len(json.dumps(value)) > LONG_TEXT else value
    if isinstance(value, list):
        return [emptied(one) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        return {emptied(name): emptied(one) for name, one in cast("dict[str, object]", value).items()}
    return value


LONG = st.sampled_from(["x", '"', "\\", '\\"', "é"]).map(lambda one: one * LONG_TEXT)


@given(content=st.dictionaries(st.text() | LONG, st.recursive(JSON | LONG, st.lists, max_leaves=4), max_size=4))
def test_a_large_request_is_read_without_its_long_texts_and_with_all_else(content: dict[str, object]) -> None:
    assert json.loads(without_long_texts(json.dumps(content).encode())) == emptied(content)


@pytest.mark.parametrize("body", [b'{"a": "', b'"', b'{"a": "\\', b'{"a": "' + b'\\"' * LONG_TEXT])
def test_a_text_without_an_end_is_read_to_the_end(body: bytes) -> None:
    assert without_long_texts(body).startswith(body[:7])


def test_a_picture_of_megabytes_is_passed_over_and_bound_and_usage_are_set() -> None:
    picture = "A" * (2 * LARGE)
    body = json.dumps({"messages": [picture], "model": "m", "max_tokens": 900, "stream": True}).encode()
    request = read_request(CHAT, body)
    assert (request.model, request.bound, request.states_usage) == ("m", 900, False)
    changed = json.loads(with_bound(Dialect.CHAT, with_usage(body), 7))
    wanted = {"messages": [picture], "model": "m", "max_tokens": 7, "stream": True}
    assert changed == {**wanted, "stream_options": {"include_usage": True}}
