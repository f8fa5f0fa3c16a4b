"""What `ompycord.text.graphemes` promises: whole characters, both budgets, closed code, the same answer twice."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ompycord.text.graphemes import clusters, code_points, cut, cut_head, cut_lines, stretches, utf16_len

FAMILY = "👨\u200d👩\u200d👧"
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["`", "``", "```", "```py\n", "\n", "\r\n", "🇦", "🇧", FAMILY, "a\u0301", "\u0600", "\ud800", "x"]
        ),
        st.integers(20, 40).map(lambda count: "b" + "\u0316" * count),
    ),
    max_size=30,
).map("".join)


def is_code_open(text: str) -> bool:
    """An independent reading of Discord's rule: a fence ends at the next fence, n backticks at the next n."""
    rest = re.sub(r"`{3,}[^`](?s:.)*?`{3,}", "", text)
    return bool(re.search(r"`{3,}[^`]", rest))


@given(st.one_of(TEXTS, st.text(max_size=40)))
@example("\u0600_a\u0301b")
@example("\n\u0301")
@example("\u0915\u094d\u0937 \u1100\u1161")
def test_a_stretch_is_one_cluster_or_a_run_of_single_units(text: str) -> None:
    found: list[str] = []
    for start, stop, is_run in stretches(text):
        found += text[start:stop] if is_run else [text[start:stop]]
        assert not is_run or utf16_len(text[start:stop]) == stop - start
    assert found == list(clusters(text))


@given(TEXTS, st.integers(-1, 60))
@example("\u0600" * 32 + "\n" + "a" * 40, 33)
def test_a_cut_text_is_within_both_budgets_and_cutting_again_changes_nothing(text: str, budget: int) -> None:
    short = cut(text, budget)
    assert utf16_len(short) <= max(budget, 0)
    assert code_points(short) <= max(budget, 0)
    assert cut(short, budget) == short


@given(TEXTS.map(lambda text: text.replace("`", "")), st.integers(0, 60))
def test_a_cut_never_splits_a_cluster(text: str, budget: int) -> None:
    whole = [piece if utf16_len(piece) <= 32 else "\ufffd" for piece in clusters(text)]
    kept = list(clusters(cut(text, budget, ellipsis="")))
    assert kept == whole[: len(kept)]


@given(TEXTS, st.integers(0, 60), st.integers(1, 5))
def test_cut_lines_keeps_both_limits_and_is_idempotent(text: str, budget: int, lines: int) -> None:
    short = cut_lines(text, budget, lines)
    assert utf16_len(short) <= budget
    assert len(short.split("\n")) <= lines
    assert cut_lines(short, budget, lines) == short


@given(st.text("ab \n", max_size=30), st.text("ab\n", min_size=5, max_size=60), st.integers(5, 60))
def test_a_fence_that_was_open_at_the_cut_is_closed(before: str, inside: str, budget: int) -> None:
    text = f"{before}```{inside}``` and after"
    assert not is_code_open(cut(text, budget))


@pytest.mark.parametrize(
    ("text", "budget", "expected"),
    [
        ("hello world", 11, "hello world"),
        ("hello world", 8, "hello w…"),
        ("a ```py\ncode code``` b", 16, "a ```py\ncod…\n```"),
        ("a ```py\ncode```", 5, "a …"),
        ("say `some code` now", 11, "say `some…`"),
        ("say `` a ` b `` now", 10, "say `` …``"),
        ("it is 5` long, no code", 12, "it is 5` lo…"),
        ("```a``` `b` and more", 14, "```a``` `b` a…"),
        (FAMILY * 2, 10, FAMILY + "…"),
        ("🇦🇧🇨🇩", 7, "🇦🇧…"),
        ("a" + "\u0301" * 7000 + "b", 10, "\ufffdb"),
        ("ab", 0, ""),
        ("ab", -5, ""),
        ("\ud800\ud800", 2, "\ud800\ud800"),
    ],
)
def test_cuts_a_person_has_read(text: str, budget: int, expected: str) -> None:
    assert cut(text, budget) == expected


@pytest.mark.parametrize(
    ("text", "budget", "lines", "expected"),
    [
        ("a\nb\nc", 99, 3, "a\nb\nc"),
        ("a\nb\nc\nd", 99, 3, "a\nb\n…"),
        ("aaaa\nbbbb\ncccc", 11, 9, "aaaa\nbbbb\n…"),
        ("```\nb\nc\nd\n```", 99, 4, "```\nb\n…\n```"),
        ("abcdefgh\nb", 5, 4, "abcd…"),
        ("abc\ndef", 99, 1, "abc…"),
        ("abc", 99, 0, ""),
    ],
)
def test_line_cuts_a_person_has_read(text: str, budget: int, lines: int, expected: str) -> None:
    assert cut_lines(text, budget, lines) == expected


def test_utf16_length_counts_surrogate_pairs_twice() -> None:
    assert (utf16_len("a😀"), code_points("a😀"), utf16_len("\ud83d")) == (3, 2, 1)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["🇦", "a\u0301", "`a``b", "```\n", "👨\u200d", "\u0600", "\r\n"])
def test_a_million_characters_end_in_time(unit: str) -> None:
    """The quadratic form of the flags alone would need an hour; the mark's timeout is the only clock here."""
    text = unit * (1_000_000 // len(unit))
    assert utf16_len(cut(text, 2000)) <= 2000
    assert utf16_len(cut_lines(text, 2000, 10)) <= 2000
    assert cut(text, 2_000_000)


@given(TEXTS, st.integers(-1, 60))
def test_a_cut_head_leaves_the_end_in_whole_characters_within_its_budget(text: str, budget: int) -> None:
    kept = cut_head(text, budget)
    assert utf16_len(kept) <= max(budget, 0)
    if utf16_len(text) <= budget:
        assert kept == text
    elif kept:
        assert kept.startswith("…")
        assert text.endswith(kept[1:])
        assert "".join([*clusters(text)][len([*clusters(text)]) - len([*clusters(kept[1:])]) :]) == kept[1:]


@pytest.mark.parametrize(
    ("text", "budget", "kept"),
    [("abcdef", 6, "abcdef"), ("abcdef", 4, "…def"), ("abcdef", 1, "…"), ("abcdef", 0, ""), ("", 0, ""),
     ("x" + FAMILY + "y", 5, "…y"), ("a" * 1_000_000 + "end", 4, "…end")],
)  # fmt: skip
def test_the_end_is_what_a_cut_head_keeps(text: str, budget: int, kept: str) -> None:
    assert cut_head(text, budget) == kept
