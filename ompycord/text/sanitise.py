"""What agents and strangers wrote, made fit to show: `plain`, `excerpt`, `code`, `label`; its counterpart: `redact.py`.

The order is `clean`, then `Redactor.redact`, then one of the four: a secret broken up by invisible characters is whole
again after `clean`, and a secret cut by a limit is no longer found. All are linear: first cut, then one pass over the
clusters (discord.utils.escape_markdown took 4.9 s on 8,000 hostile characters, PLATFORM.md). Limits are in UTF-16 units
and hold for the result with everything that was added. Mentions are broken by U+200B, not by a backslash.
"""

import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

import regex

from ompycord.text.graphemes import ELLIPSIS, REPLACEMENT, clusters, utf16_len
from ompycord.text.limits import CLUSTER

__all__ = ["clean", "code", "excerpt", "label", "plain"]

_BREAK: Final = "\u200b"
_TICK: Final = "\N{MODIFIER LETTER GRAVE ACCENT}"
_MARKS: Final = 4
"""Combining marks kept on one character: Hebrew with cantillation and Vietnamese need three, zalgo dozens."""

_NEWLINES: Final = regex.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SURROGATES: Final = regex.compile(r"[\ud800-\udfff]")
# Controls, format characters (bidi, zero width, tags), invisible letters, noncharacters; _JOINERS judges the joiner.
_INVISIBLE: Final = regex.compile(
    r"[[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}\u2800]--[\n\t\u200d\ufe0e\ufe0f]]+",
    regex.VERSION1,
)
_MARK_RUNS: Final = regex.compile(rf"(\p{{M}}{{{_MARKS}}})\p{{M}}+")
# Between two pictures U+200D makes one picture (a family); anywhere else it hides.
_JOINERS: Final = regex.compile(
    r"(?<!\p{Extended_Pictographic}[\ufe0f\U0001F3FB-\U0001F3FF]?)\u200d+|\u200d+(?!\p{Extended_Pictographic})|(?<=\u200d)\u200d+"
)
_STRAY_SELECTORS: Final = regex.compile(r"(?<![\p{Emoji}\p{Extended_Pictographic}])[\ufe0e\ufe0f]+")
_BLANK_LINES: Final = regex.compile(r"\n[ \t]*+(?:\n[ \t]*+)+\n")
_SPACES: Final = regex.compile(r"\s+")

_URL: Final = regex.compile(r"https?://[^\s<>()\[\]`*|\\]+", regex.IGNORECASE)
_LINE_MARK: Final = regex.compile(r"^[ \t]*(?:[#>+-]|[0-9]{1,9}(\.))", regex.MULTILINE)
_LIVE_AT: Final = regex.compile(r"[@\uff20\ufe6b](?=everyone|here|[!&]?\p{Nd}|[!&]?$)", regex.IGNORECASE)
_LIVE_ANGLE: Final = regex.compile(
    r"<(?=[@#]|a?:\w|id:|t:|/[^\s<>:]|$)",
    regex.IGNORECASE,
)
_LIVE_ANGLE_IN_CODE: Final = regex.compile(
    r"<(?=[@#][!&]?\p{Nd}|a?:\w{1,32}:\p{Nd}|id:\w|t:-?\p{Nd}|/[^<>\n]{1,100}:\p{Nd}|$)",
    regex.IGNORECASE,
)
_LINK_JOINT: Final = regex.compile(r"\](?=\(|$)")
_ESCAPED: Final = frozenset("\\*_~`|[]<")
_ESCAPED_IN_URL: Final = _ESCAPED - frozenset("_~")
# One look for every place: Discord renders markdown in titles and none on buttons, where a backslash would be seen.
_LOOKALIKES: Final = {
    "*": "\N{ASTERISK OPERATOR}",
    "_": "\N{MODIFIER LETTER LOW MACRON}",
    "~": "\N{TILDE OPERATOR}",
    "`": _TICK,
    "|": "\N{DIVIDES}",
    "\\": "\N{SET MINUS}",
}


def clean(text: str) -> str:
    """`text` in NFC without controls, bidi marks, invisible characters, stacked marks; lines end in LF. Idempotent."""
    text = _SURROGATES.sub(REPLACEMENT, _NEWLINES.sub("\n", text))
    text = _STRAY_SELECTORS.sub("", _JOINERS.sub("", _INVISIBLE.sub("", text)))
    # Marks are capped before normalising, which is quadratic in a run of them, and again since one mark can become two.
    text = unicodedata.normalize("NFC", _MARK_RUNS.sub(r"\1", text))
    return _MARK_RUNS.sub(r"\1", text)


def plain(text: str, limit: int) -> str:
    """Prose that shows the characters of `text`: markdown escaped, no mention, link or heading comes alive.

    Lines are kept, more than one empty line in a row is not. Not idempotent: escaping twice shows backslashes.
    """
    text, was_cut = _bounded(text, limit)
    return _prose(_BLANK_LINES.sub("\n\n", text.replace("\t", " ")).strip(), limit, was_cut=was_cut)


def excerpt(text: str, limit: int) -> str:
    """The beginning of `text` as one line of escaped prose."""
    text, was_cut = _bounded(text, limit)
    return _prose(_SPACES.sub(" ", text).strip(), limit, was_cut=was_cut)


def code(text: str, limit: int) -> str:
    """For the inside of a code span or fence: backticks become U+02CB, mentions are broken. Idempotent.

    Start a fence with a newline, else a first word is taken for its language. Empty text gives an empty string.
    """
    text, was_cut = _bounded(text, limit)
    breaks = _ends(_LIVE_AT, text) | _ends(_LIVE_ANGLE_IN_CODE, text)
    pieces = _pieces(text.replace("`", _TICK), lambda _, cluster: cluster, breaks)
    return _joined(pieces, limit, was_cut=was_cut)


def label(text: str, limit: int) -> str:
    """One line for titles, field names, buttons: look-alikes replace markup. Idempotent.

    An underscore between letters or digits stays, so `a_name` can be copied.
    """
    text, was_cut = _bounded(text, limit)
    text = _SPACES.sub(" ", text).strip()
    breaks = _ends(_LIVE_AT, text) | _ends(_LIVE_ANGLE, text) | _ends(_LINE_MARK, text) | _ends(_LINK_JOINT, text)

    def inert(at: int, cluster: str) -> str:
        between = cluster == "_" and text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()
        if between or cluster[0] not in _LOOKALIKES:
            return cluster
        # Its marks and selectors may mean something else on the look-alike: U+2223 and a stroke are one character.
        return clean(_LOOKALIKES[cluster[0]] + cluster[1:])

    return _joined(_pieces(text, inert, breaks), limit, was_cut=was_cut, not_last="_")


def _prose(text: str, limit: int, *, was_cut: bool) -> str:
    breaks = _ends(_LIVE_AT, text) | _ends(_LIVE_ANGLE, text)
    in_urls = {at for match in _URL.finditer(text) for at in range(*match.span())}
    line_marks = {match.start(1) if match.group(1) else match.end() - 1 for match in _LINE_MARK.finditer(text)}

    def escaped(at: int, cluster: str) -> str:
        special = _ESCAPED_IN_URL if at in in_urls else _ESCAPED
        return "\\" + cluster if cluster[0] in special or at in line_marks else cluster

    return _joined(_pieces(text, escaped, breaks), limit, was_cut=was_cut)


def _bounded(text: str, limit: int) -> tuple[str, bool]:
    """`text` cleaned, as far as it can matter unless nearly all of it is invisible; and whether that cut it."""
    reach = max(limit, 0) * 16 + 4096
    return clean(text[:reach]), len(text) > reach


def _ends(pattern: "regex.Pattern[str]", text: str) -> set[int]:
    return {match.end() for match in pattern.finditer(text)}


def _pieces(text: str, shown: Callable[[int, str], str], breaks: set[int]) -> Iterator[str]:
    """Each cluster as it is shown, with U+200B where a mention would otherwise come alive."""
    at = 0
    for cluster in clusters(text):
        piece = shown(at, cluster) if utf16_len(cluster) <= CLUSTER else REPLACEMENT
        at += len(cluster)
        yield piece + _BREAK if at in breaks else piece


def _joined(pieces: Iterator[str], limit: int, *, was_cut: bool, not_last: str = "") -> str:
    """Whole pieces up to `limit` units; else the ellipsis is counted in and never follows `not_last`."""
    kept: list[str] = []
    units = 0
    for piece in pieces:
        kept.append(piece)
        units += utf16_len(piece)
        if units > limit:
            was_cut = True
            break
    if not was_cut:
        return "".join(kept)
    while kept and (kept[-1] == not_last or units + utf16_len(ELLIPSIS) > limit):
        units -= utf16_len(kept.pop())
    return "".join(kept) + ELLIPSIS if utf16_len(ELLIPSIS) <= limit else ""
