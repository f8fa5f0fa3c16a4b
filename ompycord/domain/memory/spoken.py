"""Whether somebody says a decision of the team in a message; pure, and linear in the message's length.

It only offers a button, so it is literal: a sentence begins with one of a few phrases, and neither asks nor denies.
No pattern is matched against what people write.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["spoken_decision"]

_READ: Final = 2000
"""Characters of a message that are read."""
_SHORTEST: Final = 12
"""Characters of a sentence that says anything beyond its first words."""
_STARTS: Final = (
    "we decided", "we have decided", "we've decided", "it is decided", "it's decided", "decision:", "decided:",
    "final decision:", "we agreed", "we have agreed", "we've agreed", "agreed:", "we settled on", "we chose",
    "we have chosen", "we've chosen", "let's go with", "we will go with", "we'll go with", "we go with",
    "we are going with", "we're going with", "from now on", "going forward", "we always", "we never", "our rule is",
    "the rule is", "convention:", "policy:",
)  # fmt: skip
_LEADING: Final = ("ok", "okay", "so", "and", "then", "right", "yes", "alright", "fine", "all right", "hence", "good")
"""Words before the phrase that change nothing."""
_DENIED: Final = (
    "not decided", "n't decided", "n't decide", "not agreed", "n't agreed", "n't agree", "no decision", "not sure",
    "if we", "unless we", "should we", "whether", "i think", "maybe", "perhaps", "undecided",
)  # fmt: skip
_ENDS: Final = frozenset(".!?\n…")
_MARKS: Final = " \t*_`>\"'-–—•:,"  # dashes as people type them
_INVISIBLE: Final = frozenset({"Cf", "Cc"})
_APOSTROPHES: Final = dict.fromkeys(map(ord, "\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}`"), "'")


def spoken_decision(text: str) -> str | None:
    """The first sentence that says a decision, as it was written; None where none does."""
    for sentence in _sentences(text[:_READ]):
        if _decides(sentence):
            return sentence.strip(" \t*_`>")
    return None


def _sentences(text: str) -> Iterator[str]:
    """With what ends each; a dot within a word, such as in a version, ends none."""
    start = 0
    for at, letter in enumerate(text):
        if letter in _ENDS and (letter == "\n" or at + 1 == len(text) or text[at + 1].isspace()):
            yield text[start : at + 1]
            start = at + 1
    if start < len(text):
        yield text[start:]


def _decides(sentence: str) -> bool:
    plain = unicodedata.normalize("NFKC", sentence).translate(_APOSTROPHES).casefold()
    plain = " ".join(
        "".join(one for one in plain if one.isspace() or unicodedata.category(one) not in _INVISIBLE).split()
    )
    if plain.endswith("?") or any(denied in plain for denied in _DENIED):
        return False
    plain = plain.lstrip(_MARKS)
    for _ in range(2):
        word = next((one for one in _LEADING if plain.startswith((f"{one} ", f"{one},"))), "")
        plain = plain[len(word) :].lstrip(_MARKS)
    start = next((one for one in _STARTS if plain.startswith(one)), None)
    if start is None:
        return False
    rest = plain[len(start) :]
    is_word = not rest[:1].isalnum()
    return is_word and len(rest.strip(_MARKS + ".!…")) >= _SHORTEST
