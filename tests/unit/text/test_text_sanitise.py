"""What comes from agents and strangers cannot ping, hide, spoof, or cost time, in any of the four forms."""

# ruff: noqa: RUF001  # confusable characters are what is tested here

import re
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ompycord.text import clean, code, excerpt, label, plain, utf16_len

Form = Callable[[str, int], str]
FORMS: Final[list[Form]] = [plain, excerpt, code, label]
LIVE: Final = re.compile(
    r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^<>:]+:\d+>|<t:-?\d+(?::\w)?>|<a?:\w+:\d+>|<id:\w+>", re.IGNORECASE
)
INVISIBLE: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
BITS: Final = [
    *(
        "@",
        "＠",
        "﹫",
        "everyone",
        "here",
        "<",
        ">",
        "@!",
        "@&",
        "#",
        ":",
        "/",
        "a:",
        "t:",
        "id:",
        "123456789012345678",
        "cmd",
    ),
    *(
        "[",
        "](",
        ")",
        "http://evil.example/",
        "*",
        "_",
        "`",
        "```",
        "\\",
        "|",
        "~",
        "-",
        "1.",
        "\n",
        " ",
        "\u1fef",
        "\u037e",
    ),
    *(
        "\u200b",
        "\u200d",
        "\u202e",
        "\u0301",
        "\u0344",
        "\u0338",
        "\ufe0f",
        "\x00",
        "\ud800",
        "\U000e0067",
        "❤",
        "👨",
        "🇦",
        "é",
    ),
]
HOSTILE: Final = st.lists(st.one_of(st.sampled_from(BITS), st.text(max_size=4)), max_size=40).map("".join)
CORPUS: Final = {
    "zalgo": "z" + "\u0336\u0321\u0301" * 60 + "algo",
    "right to left": "\u202egpj.exe\u2066hidden\u2069",
    "one giant cluster": "a" + "\u0301" * 7000,
    "mixed marks": "a" + "\u0301\u0316" * 3500,
    "nul": "a\x00@\x00everyone",
    "split by zero width": "@\u200beve\u200cryone <\u2060@123456789012345678>",
    "lone surrogates": "\ud83d \ude00 \udfff",
    "links": "[a](" * 8000,
    "nested fences": "```a\n````b\n```c``` `` ` ```",
    "homograph ats": "＠everyone ﹫here @еveryone",
    "flags": "🇦" * 8000,
    "angles": "</a" * 8000,
    "joiners": "👨\u200d" * 8000,
    "blank lines": "a" + "\n" * 8000 + "b",
    "backslashes": "\\" * 8001,
    "tags": "🏴" + "\U000e0067\U000e0062\U000e007f" * 100,
}


def rendered(text: str) -> str:
    """What a reader sees of escaped prose: the backslash before punctuation goes, and so does the invisible break."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text).replace("\u200b", "")


def live_markup(text: str) -> list[str]:
    """Characters of `text` that still mean something to Discord's markdown, outside addresses."""
    without = re.sub(r"https?://\S+", "", re.sub(r"\\[^0-9A-Za-z\s]", "x", text))
    return re.findall(r"[*_~`|\[\]\\]|^\s*[#>-]|^\s*\d+\.", without, re.MULTILINE)


@pytest.mark.parametrize("form", FORMS)
@given(text=HOSTILE, limit=st.integers(0, 120))
def test_the_result_is_within_its_limit_and_no_mention_is_alive(form: Form, text: str, limit: int) -> None:
    shown = form(text, limit)
    assert utf16_len(shown) <= limit
    assert not LIVE.search(shown)
    assert not INVISIBLE.search(shown)
    shown.encode("utf-8")


@given(HOSTILE, HOSTILE)
def test_two_strangers_side_by_side_cannot_form_a_mention_together(left: str, right: str) -> None:
    for form in FORMS:
        assert not LIVE.search(form(left, 500) + form(right, 500))


@given(HOSTILE, st.integers(0, 300))
@example("123456789012345678.", 300)
def test_prose_has_no_markup_left(text: str, limit: int) -> None:
    assert live_markup(plain(text, limit)) == []
    assert live_markup(excerpt(text, limit)) == []
    assert "\n" not in excerpt(text, limit)


@given(HOSTILE, st.integers(0, 120))
@example("|\u0338", 2)
@example("*\ufe0f", 2)
@example("@everyone", 3)
@example("@everyone", 4)
def test_code_and_labels_hold_no_backtick_and_twice_is_once(text: str, limit: int) -> None:
    for form in (code, label):
        shown = form(text, limit)
        assert "`" not in shown
        # A cut may go through a mention; the break in what is left of it is harmless, and a second pass drops it.
        assert form(shown, limit).replace("\u200b", "") == shown.replace("\u200b", "")


@given(HOSTILE, st.integers(0, 120))
@example("00_00", 4)
def test_a_label_is_one_line_without_links_or_emphasis(text: str, limit: int) -> None:
    shown = label(text, limit)
    assert not re.search(r"[\n*~|\\]|\]\(|\b_|_\b", shown)


@given(st.one_of(HOSTILE, st.text(max_size=40)))
@example("\u2126\ufb2c")
def test_what_is_tidy_is_cleaned_as_everything_else_is(text: str) -> None:
    """A NUL, which vanishes, takes the long way."""
    assert clean(text) == clean(text + "\x00")


@pytest.mark.parametrize("form", FORMS)
@given(text=HOSTILE, limit=st.integers(1, 120))
@example(text="</a" * 50 + ":1>", limit=40)
def test_what_is_cut_is_the_beginning_of_the_whole(form: Form, text: str, limit: int) -> None:
    """The patterns look at little more than what can be shown, and a run is cut within: both must not be seen."""
    whole, shown = form(text, 4000), form(text, limit)
    if utf16_len(whole) <= limit:
        assert shown == whole
    else:
        assert shown.endswith("…")
        assert whole.startswith(shown[:-1])


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text("abcxyzé中", min_size=2, max_size=80), more=st.integers(1, 79))
def test_what_is_cut_keeps_all_that_there_is_room_for(form: Form, text: str, more: int) -> None:
    """The other properties bound a cut from above; an ellipsis alone keeps them all."""
    limit = max(len(text) - more, 1)
    assert form(text, limit) == text[: limit - 1] + "…"


@pytest.mark.parametrize("form", FORMS)
@given(place=st.integers(0, 60), limit=st.integers(20, 60))
def test_a_piece_that_is_whole_or_not_there_costs_the_text_around_it_nothing(
    form: Form, place: int, limit: int
) -> None:
    family, room = "👩\u200d👩", limit - 1
    whole = "a" * place + family
    kept = whole + "b" * (room - utf16_len(whole)) if utf16_len(whole) <= room else whole[: min(place, room)]
    assert form(whole + "b" * 60, limit) == kept + "…"


@given(HOSTILE)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=80))
def test_a_reader_sees_every_character_of_plain_text(text: str) -> None:
    assert rendered(plain(text, 1000)) == text.strip()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CORPUS)
def test_the_corpus_of_hostile_texts_comes_out_tame(form: Form, name: str) -> None:
    shown = form(CORPUS[name], 300)
    assert 0 < utf16_len(shown) <= 300
    assert not LIVE.search(shown)
    assert not INVISIBLE.search(shown)
    assert not re.search(r"[\u0300-\u036f]{5}", shown)


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (plain, "[click](https://evil.example/a_b)", r"\[click\](https://evil.example/a_b)"),
        (plain, "# big\n- item\n1. one\n> quote\n-# small", "\\# big\n\\- item\n1\\. one\n\\> quote\n\\-# small"),
        (plain, "**a** __b__ ~~c~~ ||d||", r"\*\*a\*\* \_\_b\_\_ \~\~c\~\~ \|\|d\|\|"),
        (plain, "hi @here, mail a@b.example", "hi @\u200bhere, mail a@b.example"),
        (plain, "a\n\n\n\n\nb", "a\n\nb"),
        (plain, "a*b*c*d", r"a\*b\*c\*d"),
        (excerpt, "  two\n\n lines ", "two lines"),
        (code, "echo `date` ```x```", "echo ˋdateˋ ˋˋˋxˋˋˋ"),
        (code, "List<int> a @scope/x </div>", "List<int> a @scope/x </div>"),
        (label, "a_name **bold** [x](y) `c`", "a_name ∗∗bold∗∗ [x]\u200b(y) ˋcˋ"),
        (label, "👨\u200d👩\u200d👧 ❤\ufe0f a\u200db", "👨\u200d👩\u200d👧 ❤\ufe0f ab"),
    ],
)
def test_forms_a_person_has_read(form: Form, text: str, expected: str) -> None:
    assert form(text, 200) == expected


def test_an_escape_is_never_halved_by_the_limit() -> None:
    for limit in range(1, 20):
        assert live_markup(plain("*" * 30, limit)) == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("form", FORMS)
def test_hostile_megabytes_end_in_time(form: Form) -> None:
    """The limit bounds the work, whatever was sent; the mark's timeout is the only clock here."""
    for unit in ("[a](", "a\u0301\u0316", "🇦", "</a", "@", "\u200d", "\n ", "http://", "\u0301"):
        assert utf16_len(form(unit * (4_000_000 // len(unit)), 4000)) <= 4000


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["\u0301\u0316", "\u200d", "👨\u200d", "\r", "\ufe0f", "\ud800"])
def test_cleaning_a_hostile_megabyte_ends_in_time(unit: str) -> None:
    """Normalising alone is quadratic in a run of marks: 80,000 took 4 s."""
    assert len(clean("a" + unit * (1_000_000 // len(unit)))) <= 1_000_001
