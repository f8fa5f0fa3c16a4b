"""The stored form of a body, the identity that it gives an event, and the splitting of migrations."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain import events as ev
from ompycord.errors import ConfigurationError
from ompycord.store.migrations import statements
from ompycord.store.rows import canonical, encode

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
pieces = st.lists(
    st.sampled_from(["a", " ", "\n", "'x;y'", "'it''s;'", '"q;"', "-- c; d\n", "/* e; f */", "BEGIN", "END", "[g;h]"]),
    min_size=1,
    max_size=8,
)


@given(value=json_values)
def test_canonical_json_is_json_in_utf8_and_says_the_same(value: object) -> None:
    text = canonical(value)
    assert json.loads(text.encode().decode()) == value
    assert canonical(json.loads(text)) == text


@given(data=st.dictionaries(st.text(max_size=8), json_values, max_size=5))
def test_the_order_of_keys_does_not_make_another_event(data: dict[str, object]) -> None:
    backwards = dict(reversed(data.items()))
    assert encode(ev.Opaque(type="x.y", data=data)) == encode(ev.Opaque(type="x.y", data=backwards))


def test_what_a_sender_spells_out_is_what_its_absence_means() -> None:
    assert encode(ev.ToolFinished(tool="a", ok=True, detail=None)).hash == encode(ev.ToolFinished(tool="a")).hash
    assert encode(ev.ToolFinished(tool="a", ok=False)).hash != encode(ev.ToolFinished(tool="a")).hash


def test_two_types_with_equal_data_are_two_events() -> None:
    assert encode(ev.Message(text="a")).hash != encode(ev.Note(text="a")).hash


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_no_json_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(ev.Opaque(type="x.y", data={"a": number}))


@given(first=pieces, second=pieces)
def test_splitting_loses_no_text_and_cuts_no_string(first: list[str], second: list[str]) -> None:
    text = f"SELECT {''.join(first)}\n;\nSELECT {''.join(second)}\n;"
    try:
        found = list(statements(text))
    except ConfigurationError:
        return
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(one.endswith(";") and one.count("'") % 2 == 0 for one in found)
