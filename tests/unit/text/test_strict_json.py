"""The short way through the rules for JSON agrees with the long one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.text.strict_json import DEPTH, KEY, NODES, NotJson, is_within_limits, parse_json, require_within_limits

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
    lambda below: st.lists(below, max_size=6) | st.dictionaries(st.text(max_size=160), below, max_size=4),
    max_leaves=60,
)


@given(VALUES)
def test_what_takes_the_short_way_passes_the_long_one(value: object) -> None:
    raw = json.dumps(value).encode()
    try:
        parsed = parse_json(raw)
    except NotJson:
        return
    if is_within_limits(raw):
        require_within_limits(parsed)


@pytest.mark.parametrize(
    "value",
    [
        "[" * (DEPTH + 1) + "]" * (DEPTH + 1),
        "[" + "1," * NODES + "1]",
        '"\\u0041"',
        '"é"',
    ],
)
def test_what_may_be_too_much_does_not_take_it(value: str) -> None:
    assert not is_within_limits(value.encode())


def test_a_key_that_is_too_long_is_refused_on_either_way() -> None:
    with pytest.raises(NotJson, match="longer than 128"):
        parse_json(json.dumps({"k" * (KEY + 1): 1}).encode())
