"""Words of a text as terms of the index: identifiers split, scripts without blanks cut in pairs; pure and linear.

The index itself (SQLite's FTS5, `porter unicode61`) stems English and folds case and accents; it neither splits
`readUserName` nor finds a word inside `ログイン失敗`. Both are done here, on what is stored and on what is asked alike.
"""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import regex

from ompycord.memory.stop_words import STOP_WORDS

__all__ = ["index_terms", "is_telling", "stem", "words_of"]

_UNSPACED: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc\u3005"
_WORD: Final = regex.compile(
    rf"[{_UNSPACED}][{_UNSPACED}\p{{M}}]*+|[[\p{{L}}\p{{N}}\p{{Co}}]--[{_UNSPACED}]]++", regex.V1
)
"""A stretch of a script without blanks, or a word as the index has it."""
_UNSPACED_START: Final = regex.compile(rf"[{_UNSPACED}]")
_PART: Final = regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]++|\p{N}++|\p{Lu}")
_ENDINGS: Final = ("ational", "ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "e")
_SHORTEST_STEM: Final = 3
_SHORT_NUMBER: Final = 2


def words_of(text: str) -> Iterator[str]:
    """The terms of a text in their order, in lower case: words, the parts of identifiers after them, pairs.

    `NUL` and all else that is no letter or digit separates. A word of one letter says nothing and is left out.
    """
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text)):
        word = match[0]
        if _UNSPACED_START.match(word):
            yield from _pairs(word)
            continue
        if len(word) > 1:
            yield word.casefold()
        yield from _parts(word)


def index_terms(*texts: str) -> str:
    """What the index has no word for in texts that it holds already: parts of identifiers, pairs, compatible forms."""
    found: dict[str, None] = {}
    for text in texts:
        normal = unicodedata.normalize("NFKC", text)
        for match in _WORD.finditer(normal):
            word = match[0]
            if _UNSPACED_START.match(word):
                found.update(dict.fromkeys(_pairs(word)))
            else:
                found.update(dict.fromkeys(_parts(word)))
                if _is_glued(normal, match.start(), match.end()) or word not in text:
                    found[word.casefold()] = None
    return " ".join(found)


def is_telling(word: str) -> bool:
    """Whether a term says what a text is about."""
    return word not in STOP_WORDS and not (word.isdigit() and len(word) <= _SHORT_NUMBER)


def stem(word: str) -> str:
    """A word without its English ending, for comparing texts with each other; the index has its own."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def _pairs(word: str) -> Iterator[str]:
    if len(word) == 1:
        yield word
    for first, second in pairwise(word):
        yield f"{first}{second}"


def _parts(word: str) -> Iterator[str]:
    """The parts of `readUserName` and `HTTPServer2`; none of a word that has only one."""
    if word.islower() or word.isdigit() or (word.isalpha() and word[1:].islower()):
        return
    parts = [part for part in _PART.findall(word) if len(part) > 1]
    if len(parts) > 1 or (parts and parts[0] != word):
        yield from (part.casefold() for part in parts)


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether the index sees a longer word there, since a script without blanks touches it."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return any(_UNSPACED_START.match(one) for one in (before, after) if one)
