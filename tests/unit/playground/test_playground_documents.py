"""JSON as the playground reads it: one kind of number, and only what JSON has."""

import pytest

from ompycord.playground.rules.documents import decode_object, parse


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("5.0", "5"),
        ("-5.0", "-5"),
        ("5e2", "500"),
        ("5.5", "5.5"),
        ("9007199254740993.0", "9007199254740992"),
        ("1e300", "1e+300"),
    ],
)
def test_whole_numbers_are_whole_however_they_are_written(text: str, read: str) -> None:
    assert repr(parse(text)) == read


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse(text)
    assert decode_object(text) is None
