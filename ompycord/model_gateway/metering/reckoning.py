"""How many tokens a text has where no provider states it: by its words, and by this run's own answers. Pure.

A token is about a word, a sign or a line break, whoever made the tokenizer; how many of them there are in all is
learned from the answers of the same run whose usage is exact. The weights were fitted to cl100k_base over prose, code
and calls of tools (`tests/unit/model_gateway/test_reckoning.py` has the error that is left).
"""

import re
from typing import Final

from ompycord.model_gateway.metering.usage import TokenUsage

__all__ = ["Reckoning", "pieces_of"]

_PIECES: Final = re.compile(r"[A-Za-z]+|[0-9]+|\s+|[^\sA-Za-z0-9]+")
_WORD, _MORE_OF_WORD, _DIGITS, _SIGNS, _SIGN, _SPACE = 0.97, 0.48, 1.4, 0.48, 0.21, 1.35
_LETTERS: Final = 6
"""Letters of a word after which it mostly has one more token."""
_FIRST_BYTES: Final = 3.0
"""Bytes of a request for a token of input, before this run's own is known."""
_KEPT: Final = 0.95
"""How much an earlier answer counts beside the one after it."""
_MOST_SIZES: Final = 8


def pieces_of(text: str) -> float:
    """About how many tokens a text has, by a usual tokenizer."""
    found = 0.0
    for piece in _PIECES.findall(text):
        first = piece[0]
        if first.isascii() and first.isalpha():
            found += _WORD + _MORE_OF_WORD * ((len(piece) - 1) // _LETTERS)
        elif first.isdigit():
            found += _DIGITS * -(-len(piece) // 3)
        elif first.isspace():
            found += _SPACE if piece != " " else 0.0
        else:
            found += _SIGNS + _SIGN * len(piece)
    return found


class Reckoning:
    """What one run's exact answers tell of its tokens."""

    def __init__(self) -> None:
        self._pieces = 0.0
        self._tokens = 0.0
        self._sizes: list[tuple[int, int]] = []
        """Bytes and tokens of the latest requests whose input is known."""

    def learn(self, *, size: int, usage: TokenUsage, pieces: float) -> None:
        """An exact answer to a request of `size` bytes."""
        if usage.whole_input and size:
            self._sizes = [*self._sizes[1 - _MOST_SIZES :], (size, usage.whole_input)]
        visible = usage.output - usage.reasoning
        if visible > 0 and pieces:
            self._pieces = self._pieces * _KEPT + pieces
            self._tokens = self._tokens * _KEPT + min(max(visible, pieces / 8), pieces * 8)

    def input_tokens(self, size: int) -> int:
        """Of a request of `size` bytes: an agent mostly sends what it sent before, and more."""
        if not self._sizes:
            return round(size / _FIRST_BYTES) + 1
        known, tokens = min(self._sizes, key=lambda one: abs(one[0] - size))
        per_token = min(16.0, max(0.5, known / tokens))
        return max(1, tokens + round((size - known) / per_token))

    def output_tokens(self, pieces: float) -> int:
        """Of a text with so many pieces that a model wrote."""
        return round(pieces * (self._tokens / self._pieces if self._pieces else 1.0))
