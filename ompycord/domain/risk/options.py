"""A program's arguments by what it is known to allow: options, their values, operands, and the first that is not known.

An option that is abbreviated, unknown or not literal is never taken for a known one. Counterpart of `reading.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ompycord.domain.risk.shell import Word

__all__ = ["Known", "Parsed", "known", "read_options"]


@dataclass(frozen=True, slots=True)
class Known:
    """The options that a program is known to allow in its class."""

    flags: frozenset[str]
    """Long ones with their dashes, short ones as one letter."""
    valued: frozenset[str]
    """Those with a value: `--name=value`, `--name value`, `-n value`, `-nvalue`."""
    is_numeric: bool = False
    """Whether `-20` is an option."""
    is_early: bool = False
    """Whether options end at the first operand, as of a program that starts another one."""
    attached: frozenset[str] = frozenset()
    """Those whose value may be left out: `--colour` and `--colour=always`."""


@dataclass(slots=True)
class Parsed:
    """What was found."""

    options: list[tuple[str, Word | None]] = field(default_factory=list[tuple[str, Word | None]])
    operands: list[Word] = field(default_factory=list[Word])
    unknown: str | None = None
    """The first option that is not among those known, as it was written."""
    unknown_value: str | None = None
    """What stands behind its `=`."""
    unclear: bool = False
    """Whether a word is not literal, so that it may be an option."""

    def has(self, *names: str) -> bool:
        """Whether one of these options is there."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> list[Word]:
        """The values of these options."""
        return [value for name, value in self.options if name in names and value is not None]


def known(flags: str = "", valued: str = "", *, numeric: bool = False, early: bool = False) -> Known:
    """Options from two texts: words with dashes are long ones, the letters of other words short ones.

    A flag that ends with `=` may have a value, too.
    """
    names = list(_names(flags))
    attached = frozenset(name[:-1] for name in names if name.endswith("=") and len(name) > 1)
    plain = frozenset(name for name in names if name.rstrip("=") not in attached) | attached
    return Known(plain, frozenset(_names(valued)), numeric, early, attached)


def _names(text: str) -> Iterable[str]:
    for word in text.split():
        if word.startswith("-"):
            yield word
        else:
            yield from word


def read_options(arguments: Sequence[Word], allowed: Known) -> Parsed:
    """Sort the arguments. All is an operand after `--`."""
    parsed = Parsed()
    index = 0
    while index < len(arguments):
        word = arguments[index]
        index += 1
        text = word.text
        if not word.is_literal and (word.is_bare or text.startswith(("\0", "-"))):
            parsed.unclear = True
        if text == "--":
            parsed.operands.extend(arguments[index:])
            break
        if not text.startswith("-") or text == "-":
            parsed.operands.append(word)
            if allowed.is_early:
                parsed.operands.extend(arguments[index:])
                break
            continue
        following = arguments[index] if index < len(arguments) else None
        took = _option(word, following, allowed, parsed)
        index += took
    return parsed


def _option(word: Word, following: Word | None, allowed: Known, parsed: Parsed) -> int:
    """Take one option; how many of the words behind it are its value."""
    name, equals, value = word.text.partition("=")
    if name in allowed.valued:
        parsed.options.append((name, Word(value, word.is_literal, word.has_pattern) if equals else following))
        return 0 if equals else 1
    if name in allowed.attached and equals:
        parsed.options.append((name, Word(value, word.is_literal, word.has_pattern)))
        return 0
    if name in allowed.flags and not equals:
        parsed.options.append((name, None))
        return 0
    if word.text.startswith("--") or not word.is_literal:
        if parsed.unknown is None:
            parsed.unknown, parsed.unknown_value = name, value if equals else None
        return 0
    if allowed.is_numeric and word.text[1:].isdecimal():
        return 0
    return _letters(word, following, allowed, parsed)


def _letters(word: Word, following: Word | None, allowed: Known, parsed: Parsed) -> int:
    """`-abc`: letters of options, of which the last may have a value behind it."""
    for position, letter in enumerate(word.text[1:], 1):
        if letter in allowed.valued:
            rest = word.text[position + 1 :]
            parsed.options.append((letter, Word(rest) if rest else following))
            return 0 if rest else 1
        if letter not in allowed.flags:
            parsed.unknown = parsed.unknown or word.text
            return 0
        parsed.options.append((letter, None))
    return 0
