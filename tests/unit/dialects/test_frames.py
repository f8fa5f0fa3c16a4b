"""Every reader of foreign JSON has an answer for every value."""

from typing import Any

import pytest

from ompycord.dialects.frames import count, dig, money, named, one_line, prose, ref, write_frame


@pytest.mark.parametrize(
    ("value", "as_count", "as_money"),
    [
        (7, 7, 7.0),
        (2.9, 2, 2.9),
        (-1, 0, None),
        (True, 0, None),
        ("7", 0, None),
        (None, 0, None),
        (float("nan"), 0, None),
        (float("inf"), 0, None),
        (10**400, 2**53, 1e6),
        (1e308, 2**53, 1e6),
    ],
)
def test_numbers_of_any_kind_become_counts_and_amounts_within_bounds(value: Any, as_count: int, as_money: Any) -> None:
    assert count({"a": value}, "a") == as_count
    assert money({"a": value}, "a") == as_money


def test_a_path_that_leads_nowhere_is_nothing() -> None:
    assert dig({"a": [{"b": 1}]}, "a", 0, "b") == 1
    for path in [("a", 1), ("a", "b"), ("x",), ("a", 0, "b", "c"), (0,)]:
        assert dig({"a": [{"b": 1}]}, *path) is None


def test_texts_fit_their_fields_whatever_they_hold() -> None:
    for text in ["x" * 100_000, "👨‍👩‍👧‍👦" * 9000, "e" + "\u0301" * 40_000, "\ud800\x00\u202e", "", "ﬁ\u0958" * 30_000]:
        assert len(one_line(text)) <= 500
        assert len(prose(text)) <= 32_768
        assert 1 <= len(named(text) or "x") <= 128
        assert 1 <= len(ref(text)) <= 128
        (one_line(text) + prose(text)).encode()


def test_a_frame_is_one_line_of_ascii() -> None:
    assert write_frame({"a": "ü\n\ud800"}) == b'{"a":"\\u00fc\\n\\ud800"}\n'
