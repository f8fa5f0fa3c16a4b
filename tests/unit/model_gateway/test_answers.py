"""Each dialect's own answers, with our words in them, and statuses by which agents end."""

import json

import pytest

from ompycord.model_gateway.answers import ModelRefusal, ending, refusal, try_later
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.meter import Meter

WORDS = "The budget of this run is used up: raise it in Discord – then it goes on."
STOPPED = {Dialect.ANTHROPIC: 402, Dialect.CHAT: 402, Dialect.RESPONSES: 400, Dialect.GEMINI: 402}


@pytest.mark.parametrize("dialect", Dialect)
def test_a_stopped_run_is_answered_so_that_its_agent_ends_and_shows_the_words(dialect: Dialect) -> None:
    status, headers, body = refusal(dialect, ModelRefusal.STOPPED, WORDS)
    error = json.loads(body)["error"]
    assert status == STOPPED[dialect]
    assert error["message"] == WORDS
    assert dict(headers) == {b"content-type": b"application/json", b"content-length": str(len(body)).encode()}
    expected = {
        Dialect.ANTHROPIC: ("type", "billing_error"),
        Dialect.CHAT: ("code", "insufficient_quota"),
        Dialect.RESPONSES: ("code", "invalid_prompt"),
        Dialect.GEMINI: ("status", "FAILED_PRECONDITION"),
    }
    name, value = expected[dialect]
    assert error[name] == value


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("why", "statuses"),
    [
        (ModelRefusal.TOKEN, {401}), (ModelRefusal.NOT_ALLOWED, {400, 403}), (ModelRefusal.UNREADABLE, {400}),
        (ModelRefusal.TOO_LARGE, {413}), (ModelRefusal.UPGRADE, {426}), (ModelRefusal.UNREACHABLE, {502}),
    ],
)  # fmt: skip
def test_every_refusal_has_its_status_and_its_words(dialect: Dialect, why: ModelRefusal, statuses: set[int]) -> None:
    status, _, body = refusal(dialect, why, WORDS)
    assert status in statuses
    assert json.loads(body)["error"]["message"] == WORDS
    assert json.loads(body)["error"].get("code") not in {"insufficient_quota", "invalid_prompt"}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("cut", [b"", b'data: {"half": "a li', b"data: {}\n"])
def test_a_stream_ends_with_an_event_of_its_dialect_wherever_it_was_cut(dialect: Dialect, cut: bytes) -> None:
    whole = cut + ending(dialect, WORDS)
    *_, last = [block for block in whole.split(b"\n\n") if block]
    data = next(line for line in last.split(b"\n") if line.startswith(b"data: "))
    content = json.loads(data.removeprefix(b"data: "))
    error = content["response"]["error"] if dialect is Dialect.RESPONSES else content["error"]
    assert error["message"] == WORDS
    meter = Meter(dialect, is_stream=True)
    meter.feed(whole)
    assert not meter.is_exact


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(("wait_s", "seconds"), [(0.2, 1), (2, 2), (30, 30), (3600, 30)])
def test_no_agent_is_sent_to_sleep_for_long(dialect: Dialect, wait_s: float, seconds: int) -> None:
    status, headers, body = try_later(dialect, wait_s, WORDS)
    assert status == 429
    assert dict(headers)[b"retry-after"] == str(seconds).encode()
    error = json.loads(body)["error"]
    assert error["message"] == WORDS
    if dialect is Dialect.GEMINI:
        assert error["details"][0]["retryDelay"] == f"{seconds}s"
