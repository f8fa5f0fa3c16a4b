"""Bech32, as age writes its keys: a word that says what follows, 5 bits a character, and six characters of checksum.

https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki; without its limit of 90 characters, as age has none.
"""

from collections.abc import Iterable
from typing import Final

__all__ = ["decoded", "encoded"]

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6


def encoded(word: str, data: bytes) -> str:
    """In small letters; `word` too."""
    values = list(_regrouped(data, 8, 5, is_padded=True))
    checked = _checksum([*_expanded(word), *values, *([0] * _CHECKSUM)]) ^ 1
    values += [(checked >> 5 * (_CHECKSUM - 1 - place)) & 31 for place in range(_CHECKSUM)]
    return f"{word}1{''.join(_LETTERS[value] for value in values)}"


def decoded(word: str, text: str) -> bytes:
    """What follows `word`; all small or all capital letters. Raises ValueError, which repeats nothing of the text."""
    if text not in (text.lower(), text.upper()) or not text.isascii():
        raise ValueError("mixed letters")
    found, _, rest = text.lower().rpartition("1")
    if found != word or len(rest) < _CHECKSUM or not set(rest) <= set(_LETTERS):
        raise ValueError("not of this kind")
    values = [_LETTERS.index(letter) for letter in rest]
    if _checksum([*_expanded(word), *values]) != 1:
        raise ValueError("wrong checksum")
    return bytes(_regrouped(values[:-_CHECKSUM], 5, 8, is_padded=False))


def _expanded(word: str) -> list[int]:
    return [ord(letter) >> 5 for letter in word] + [0] + [ord(letter) & 31 for letter in word]


def _checksum(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return check


def _regrouped(values: Iterable[int], bits: int, to: int, *, is_padded: bool) -> Iterable[int]:
    waiting = count = 0
    for value in values:
        waiting = waiting << bits | value
        count += bits
        while count >= to:
            count -= to
            yield waiting >> count & (1 << to) - 1
        waiting &= (1 << count) - 1
    if is_padded and count:
        yield waiting << to - count & (1 << to) - 1
    elif not is_padded and (count >= bits or waiting):
        raise ValueError("bits are left")
