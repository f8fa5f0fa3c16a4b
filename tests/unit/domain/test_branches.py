"""The name of a result's branch says what was asked for, in letters that every program takes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ompycord.domain.ids import RunId
from ompycord.domain.repository import SLUG_LIMIT, branch_fault, branch_of, slug_of

RUN = RunId("01JD000000000000000000AB3K")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Fix the discount for several pieces", "fix-the-discount-for-several-pieces"),
        ("  Don't --  panic!  ", "dont-panic"),
        ("Grüße an Zoë, naïve Straße", "grusse-an-zoe-naive-strasse"),
        ("Seite 日本 fix", "seite-fix"),
        ("日本語だけ", ""),
        ("🚀", ""),
        ("../../etc/passwd", "etc-passwd"),
        ("main.lock", "main-lock"),
        ("-x", "x"),
        ("one two three four five six seven eight nine ten", "one-two-three-four-five-six-seven-eight"),
        ("a" * 50, "a" * 40),
        ("fix " + "b" * 50, "fix-" + "b" * 36),
        ("a" * 40 + " b", "a" * 40),
    ],
)
def test_a_title_is_its_ascii_words(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@example("x" * 41)
@example("İstanbul ﬁx ½")
@given(st.text(max_size=200))
def test_every_title_gives_a_name_that_git_takes(title: str) -> None:
    slug = slug_of(title)
    assert len(slug) <= SLUG_LIMIT
    assert not slug or (slug.isascii() and slug[0].isalnum() and slug[-1].isalnum())
    for prefix in ("ompycord/", "bot-", "agents/#"):
        assert branch_fault(branch_of(prefix, title, RUN)) is None


def test_the_name_ends_with_the_run() -> None:
    assert branch_of("ompycord/", "Fix it", RUN) == "ompycord/fix-it-00ab3k"
    assert branch_of("ompycord/", "日本", RUN) == "ompycord/00ab3k"
