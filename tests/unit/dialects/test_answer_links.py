"""The places that an answer names: each is opened, what is not there is struck, and other colons are let alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.dialects.reports.answer_links import named_places, opened_links
from ompycord.domain.folds.reports import CheckedAnswer

LINES = {"cart/total.py": 30, "Makefile": 5, "logo.png": None, "docs/a b.md": 3, "src/app@2.py": 9}


def checked(text: str) -> CheckedAnswer:
    links = opened_links(text, named_places(text, LINES), LINES)
    struck = sum(link.fault is not None for link in links)
    return CheckedAnswer(text=text, commit="c" * 40, links=links, struck=struck, is_checked=True)


def faults(text: str) -> dict[str, str | None]:
    return {f"{link.path}:{link.line}": link.fault for link in checked(text).links}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See `cart/total.py:12`.", {"cart/total.py:12": None}),
        ("See cart/total.py:12-20, or ./Makefile:5.", {"cart/total.py:12": None, "Makefile:5": None}),
        ("[here](cart/total.py#L3) and (src/app@2.py:9)", {"cart/total.py:3": None, "src/app@2.py:9": None}),
        ("`cart/total.py:30` is its last line", {"cart/total.py:30": None}),
    ],
)
def test_a_place_that_is_there_is_opened(text: str, found: dict[str, str | None]) -> None:
    assert faults(text) == found


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("`cart/totals.py:1`", "cart/totals.py:1", "that commit has no such file"),
        ("`totals.py:1`", "totals.py:1", "that commit has no such file"),
        ("`cart/total.py:31`", "cart/total.py:31", "that file has 30 lines"),
        ("`cart/total.py:0`", "cart/total.py:0", "that file has 30 lines"),
        ("`cart/total.py:20-99`", "cart/total.py:20", "that file has 30 lines"),
        ("`cart/total.py:20-3`", "cart/total.py:20", "its last line comes before its first"),
        ("`../secrets.txt:1`", "../secrets.txt:1", "it leads out of the repository"),
        ("`cart/../../x.py:1`", "cart/../../x.py:1", "it leads out of the repository"),
        ("`/etc/passwd:1`", "/etc/passwd:1", "it leads out of the repository"),
        ("`.git/config:1`", ".git/config:1", "it is no path of a file"),
        ("`logo.png:1`", "logo.png:1", "that file has no lines"),
    ],
)
def test_a_place_that_is_not_there_is_struck_and_counted(text: str, place: str, why: str) -> None:
    answer = checked(text)
    assert (faults(text), answer.struck) == ({place: why}, 1)
    assert answer.plain.startswith(f"~~{text}~~")
    assert f"- {place}: {why}" in answer.plain


@pytest.mark.parametrize(
    "text",
    [
        "at 10:30, or 127.0.0.1:8080, or localhost:8787",
        "https://example.com:443/a/b.py and http://x:80",
        "example.com:443 listens, version 1.2.3:4",
        "a:1 b:2 ratio 3:4",
        "std::vector<int>:1",
    ],
)
def test_hosts_times_and_ratios_are_no_places(text: str) -> None:
    assert not checked(text).links
    assert checked(text).plain == text


def test_only_what_is_false_is_struck() -> None:
    answer = checked("`cart/total.py:3`, `no/such.py:3` and ../x.py:1.")
    assert answer.plain.splitlines()[0] == "`cart/total.py:3`, ~~`no/such.py:3`~~ and ~~../x.py:1~~."
    assert "".join(piece for piece, _ in answer.pieces()) == answer.text


@given(st.text(alphabet="ab/.:0123`~#L- \n", max_size=80))
def test_the_pieces_of_an_answer_are_always_the_whole_of_it(text: str) -> None:
    assert "".join(piece for piece, _ in checked(text).pieces()) == text
