"""One line of the JSON-lines dialect: an event, or a refusal that names the rule and repeats nothing."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.dialects.jsonl import Refusal, parse_line
from ompycord.dialects.strict_json import JsonError, parse_json
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import AUTHORITY, Message, Opaque, ToolStarted


def test_a_line_becomes_its_event() -> None:
    assert parse_line('{"type":"message","data":{"text":"hi"}}') == Message(text="hi")
    whole = '{"schema":"ompycord/event@1","at":"2026-11-20T12:00:00.5Z","type":"tool.started","data":{"tool":"edit"}}'
    assert parse_line(whole) == ToolStarted(tool="edit")


def test_an_unknown_type_is_kept_as_it_came() -> None:
    assert parse_line('{"type":"weather.seen","data":{"sky":[1]}}') == Opaque(type="weather.seen", data={"sky": [1]})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "not JSON at character"),
        ("hello", "not JSON at character"),
        ("[1]", "model_type"),
        ('{"data":{}}', "/type missing"),
        ('{"type":"message","data":{"text":"x"},"run":"r"}', "/run extra_forbidden"),
        ('{"type":"message","data":{"text":"x"},"seq":1}', "/seq extra_forbidden"),
        ('{"type":"message","data":{"text":7}}', "/text string_type"),
        ('{"type":"message","data":{"text":"x","type":"note"}}', "/type extra_forbidden"),
        ('{"type":"message","data":{"secret":"hunter22"}}', "/text missing; /secret extra_forbidden"),
        ('{"schema":"ompycord/event@2","type":"message","data":{"text":"x"}}', "/schema value_error"),
        ('{"type":"message","at":"yesterday","data":{"text":"x"}}', "/at value_error"),
        ('{"type":"message","at":"2026-11-20T12:00:00","data":{"text":"x"}}', "/at value_error"),
        ('{"type":"Not A Type","data":{}}', "/type string_pattern_mismatch"),
        ('{"type":"x","type":"y"}', "a key is repeated"),
        ('{"type":"usage.updated","data":{"cost_usd":NaN}}', "NaN or an infinity"),
        ('{"type":"usage.updated","data":{"cost_usd":1e999}}', "beyond the range of floats"),
        ('{"type":"usage.updated","data":{"input":9007199254740993}}', "an integer beyond"),
        ('{"type":"usage.updated","data":{"input":' + "9" * 5000 + "}}", "an integer beyond"),
        ('{"type":"message","data":{"text":"\\u0000"}}', "NUL character"),
        ('{"type":"message","data":{"text":"\\ud800"}}', "lone surrogate"),
        ('{"type":"x.y","data":{"\\ud800":1}}', "lone surrogate"),
        ('{"type":"x.y","data":' + "[" * 20_000 + "]" * 20_000 + "}", "too deep"),
        ('{"type":"x.y","data":{"a":' + "[" * 16 + "]" * 16 + "}}", "deeper than 16"),
        ('{"type":"x.y","data":{"a":[' + "1," * 2000 + "1]}}", "more than 2,000 values"),
        ('{"type":"x.y","data":{"' + "k" * 129 + '":1}}', "key is longer than 128"),
        ('{"type":"x.y","data":{"a":"' + "v" * 5000 + '"}}', "larger than 4 KiB"),
        ('{"type":"message","data":{"text":"' + "v" * 40_000 + '"}}', "a text or key is longer than 32768"),
        ('{"type":"message","data":{"text":"' + "v" * 70_000 + '"}}', "longer than 64 KiB"),
    ],
    ids=lambda value: str(value)[:48],
)
def test_what_is_no_event_is_refused_with_its_reason(line: str, reason: str) -> None:
    refusal = parse_line(line)
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
    assert "hunter22" not in refusal.reason
    assert len(refusal.reason) < 600


def test_a_line_that_was_cut_is_refused_even_where_it_still_parses() -> None:
    assert isinstance(parse_line('{"type":"message","data":{"text":"x"}}', was_cut=True), Refusal)


@pytest.mark.parametrize("type_", sorted(AUTHORITY))
def test_an_agent_says_only_what_agents_may_say(type_: str) -> None:
    parsed = parse_line(json.dumps({"type": type_, "data": {"nonsense": 1}}))
    assert isinstance(parsed, Refusal)
    assert ("not for agent sources" in parsed.reason) is (SourceKind.AGENT not in AUTHORITY[type_])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_every_value_within_the_bounds_is_read_as_it_is(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_line_is_an_event_or_a_refusal(line: str) -> None:
    parse_line(line)
    with contextlib.suppress(JsonError):
        parse_json(line)
