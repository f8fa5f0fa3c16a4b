"""Words as the index gets them: identifiers split, scripts without blanks in pairs, nothing that is syntax."""

import pytest

from ompycord.memory.query import MOST_TERMS, query_of
from ompycord.memory.words import index_terms, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("readUserName", ["readusername", "read", "user", "name"]),
        ("HTTPServer2", ["httpserver2", "http", "server"]),
        ("read_user_name", ["read", "user", "name"]),
        ("Fix The Total", ["fix", "the", "total"]),
        ("失敗", ["失敗"]),
        ("ログイン失敗", ["ログ", "グイ", "イン", "ン失", "失敗"]),
        ("gen-itgc後", ["gen", "itgc", "後"]),
        ("로그인", ["로그", "그인"]),
        ("\uff21\uff22\uff23", ["abc"]),
        ("C++ --- \0 ' \" *", []),
    ],
)
def test_a_text_is_cut_into_words(text: str, words: list[str]) -> None:
    assert list(words_of(text)) == words


def test_the_index_gets_only_what_it_has_no_word_for() -> None:
    assert index_terms("plain words of a title") == ""
    assert index_terms("call readUserName in ログイン") == "read user name ログ グイ イン"
    assert index_terms("はgen-itgc後").split() == ["は", "gen", "itgc", "後"]


@pytest.mark.parametrize("text", ["", "---", "\0", "C++", "the of and", '" OR "', "NEAR(", "*"])
def test_what_says_nothing_makes_no_query(text: str) -> None:
    query = query_of(text)
    assert query.match in {"", '"near"'}
    assert not query.is_enough


def test_one_word_is_enough_to_search_and_too_little_to_recall() -> None:
    assert query_of("discounts").match == '"discounts"'
    assert not query_of("the discount, discounts, discounted").is_enough
    assert query_of("the discount of the cart").is_enough


def test_paths_and_error_lines_come_first() -> None:
    text = "Please make checkout nice again.\nTypeError: total is None\nSee src/cart/total.py and notes.md"
    query = query_of(text)
    assert query.paths == {"src/cart/total.py", "notes.md"}
    assert query.terms[:5] == ("src", "cart", "total", "py", "notes")
    assert query.terms.index("typeerror") < query.terms.index("checkout")


@pytest.mark.parametrize("text", ["https://example.org/a/b", "3.14", "ada@example.org", "end. Next", "and/or"])
def test_what_is_no_path_is_none(text: str) -> None:
    assert query_of(text).paths <= {"and/or"}


def test_a_long_text_is_bounded() -> None:
    query = query_of(" ".join(f"word{number}x" for number in range(5000)))
    assert len(query.terms) == MOST_TERMS
