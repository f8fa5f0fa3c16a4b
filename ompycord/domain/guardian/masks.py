"""Takes out of a text what differs from one run of a program to the next; pure, linear in its length.

What the agent chose is a difference, what the machine made is none. So an action keeps its numbers, names and
times, and loses only what was made at random; a result loses times, durations, addresses, process ids, temporary
paths, long hexadecimal numbers and runs of blanks as well.
"""

import hashlib
import re
from typing import Final

__all__ = ["READ", "mask_action", "mask_result"]

READ: Final = 4_096
"""Characters at each end of a text that are masked; what lies between is compared without digits and blanks."""
_BETWEEN: Final = 1_048_576
_NUMBERS: Final = b"0123456789abcdefABCDEF \t\r\n\x1b"

_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78cDEHM]")
_MADE: Final = re.compile(r"(?:/private)?(?:/var)?/tmp/(?:tmp[\w.]{4,}|pytest-of-\w+/pytest-\d+)")
"""Paths that `mktemp`, Python and pytest name; those that an agent names are a part of what it chose."""
_TEMPORARY: Final = re.compile(
    r"(?:(?:/private)?(?:/var)?/tmp|/var/folders/\w+|/dev/shm)/[^\s'\"`:;,()\[\]{}<>|]+"  # what is masked
)
_TIME: Final = re.compile(
    r"(?:\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT)\b|[+-]\d\d:?\d\d)?"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d\d? )?[A-Z][a-z]{2}(?: \d\d?)?(?: \d{4})? \d\d:\d\d:\d\d"
    r"(?: [A-Z]{3,5})?(?: \d{4})?"
    r"|(?<![\w:.])\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|\b1[5-9]\d{8}(?:\.\d+|\d{3})?)(?!\w)"
)
_DURATION: Final = re.compile(
    r"(?<![\w.])\d+(?:[.,]\d+)? ?(?:ns|[µμu]s|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)(?![\w>])"
)
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{4,}\b|(?<=\d\.\d:)\d{2,5}\b|(?<=localhost:)\d{2,5}\b")
_PID: Final = re.compile(r"\b((?:pid|PID|[Pp]rocess)(?: id)?[ =:#(]{0,3})\d+\b|(?<=\w\[)\d{2,7}(?=\])")
_HEX: Final = re.compile(r"\b(?=[0-9a-fA-F-]*[a-fA-F])(?=[a-fA-F-]*\d)[0-9a-fA-F]{7,}(?:-[0-9a-fA-F]{4,})*\b")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[ \n]*")


def mask_action(text: str) -> str:
    """What an agent does, without escape codes, names made at random and runs of blanks. Idempotent.

    A long one, such as a file that is written whole, stays as it is.
    """
    return text if len(text) > 2 * READ else _MADE.sub("<temporary>", _blanks(_without_escapes(text)))


def mask_result(text: str) -> str:
    """What came of it, without everything that differs by itself. Idempotent for texts that are not cut."""
    if len(text) > 2 * READ:
        return f"{_masked(text[:READ])}\n<{_summary(text[READ:-READ])}>\n{_masked(text[-READ:])}"
    return _masked(text)


def _masked(text: str) -> str:
    text = _blanks(_without_escapes(text))
    text = _TIME.sub("<time>", text)
    text = _TEMPORARY.sub("<temporary>", text)
    text = _ADDRESS.sub("<address>", text)
    text = _PID.sub(lambda found: f"{found[1] or ''}<pid>", text)
    text = _HEX.sub("<hex>", text)
    return _DURATION.sub("<duration>", text)


def _summary(between: str) -> str:
    """A hash of a long text that leaves out all of which numbers and hashes are made: masks would take too long."""
    letters = between[:_BETWEEN].encode("utf-8", "surrogatepass").translate(None, _NUMBERS)
    return hashlib.blake2b(letters, digest_size=8).hexdigest()


def _without_escapes(text: str) -> str:
    """Without sequences that colour or move, and without what is left of one that was cut."""
    return _ANSI.sub("", text).replace("\x1b", "") if "\x1b" in text else text


def _blanks(text: str) -> str:
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
