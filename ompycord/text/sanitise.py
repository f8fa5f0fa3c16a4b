"""Makes foreign text fit to show: `plain`, `excerpt`, `code`, `label`; its counterpart is `redact.py`.

The order is `clean`, then `Redactor.redact`, then one of the four: a secret broken up by invisible characters is whole
again after `clean`, and a secret cut by a limit is no longer found. All are linear: first cut, then one pass over the
stretches between what is escaped (discord.utils.escape_markdown took 4.9 s on 8,000 hostile characters). Limits are in
UTF-16 units and hold for the result with everything that was added. Mentions are broken by U+200B, not by a backslash.
A caller that has already called `clean` sets `is_clean`.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

import regex

from ompycord.text.graphemes import ELLIPSIS, REPLACEMENT, is_oversized, stretches, utf16_len

__all__ = ["clean", "code", "excerpt", "label", "plain"]

_BREAK: Final = "\u200b"
_TICK: Final = "\N{MODIFIER LETTER GRAVE ACCENT}"
_MARKS: Final = 4
"""Combining marks kept on one character: Hebrew with cantillation and Vietnamese need three, zalgo dozens."""

# Without any of these, `clean` has nothing to do but normalise; one search instead of seven passes.
_UNTIDY: Final = regex.compile(
    r"[[\p{C}\p{M}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]--[\n\t]]", regex.VERSION1
)
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

_URL: Final = regex.compile(r"https?://[^\s<>()\[\]`*|\\]+", regex.IGNORECASE)
_LINE_MARK: Final = regex.compile(r"^[ \t]*(?:[#>+-]|[0-9]++(\.))", regex.MULTILINE)
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
_LOOKAHEAD: Final = 128
"""More characters than any pattern above reads behind the place that it marks; a command mention in code reads 104."""
_ESCAPED: Final = frozenset("\\*_~`|[]<")
_ESCAPED_CHAR: Final = regex.compile(r"[\\*_~`|\[\]<]")
_ESCAPED_IN_URL: Final = _ESCAPED - frozenset("_~")
# One search for every place: Discord renders markdown in titles and none on buttons, where a backslash would be seen.
_LOOKALIKES: Final = {
    "*": "\N{ASTERISK OPERATOR}",
    "_": "\N{MODIFIER LETTER LOW MACRON}",
    "~": "\N{TILDE OPERATOR}",
    "`": _TICK,
    "|": "\N{DIVIDES}",
    "\\": "\N{SET MINUS}",
}
_LOOKALIKE_CHAR: Final = regex.compile(r"[*_~`|\\]")


def clean(text: str) -> str:
    """`text` in NFC without controls, bidi marks, invisible characters, stacked marks; lines end in LF. Idempotent."""
    if _UNTIDY.search(text) is None:
        return unicodedata.normalize("NFC", text)
    text = _SURROGATES.sub(REPLACEMENT, _NEWLINES.sub("\n", text))
    text = _INVISIBLE.sub("", text)
    if "\u200d" in text:
        text = _JOINERS.sub("", text)
    if "\ufe0f" in text or "\ufe0e" in text:
        text = _STRAY_SELECTORS.sub("", text)
    # Marks are capped before normalising, which is quadratic in a run of them, and again since one mark can become two.
    capped = _MARK_RUNS.sub(r"\1", text)
    text = unicodedata.normalize("NFC", capped)
    return text if text == capped else _MARK_RUNS.sub(r"\1", text)


def plain(text: str, limit: int, *, is_clean: bool = False) -> str:
    """Prose that shows the characters of `text`: markdown is escaped, no mention, link or heading takes effect.

    Lines are kept, more than one empty line in a row is not. Not idempotent: escaping twice shows backslashes.
    """
    text, was_cut = _bounded(text, limit, is_clean=is_clean)
    text = text.replace("\t", " ")
    text = _BLANK_LINES.sub("\n\n", text) if "\n" in text else text
    return _prose(text.strip(), limit, was_cut=was_cut)


def excerpt(text: str, limit: int, *, is_clean: bool = False) -> str:
    """The beginning of `text` as one line of escaped prose."""
    text, was_cut = _bounded(text, limit, is_clean=is_clean)
    return _prose(" ".join(text.split()), limit, was_cut=was_cut)


def code(text: str, limit: int, *, is_clean: bool = False) -> str:
    """For the inside of a code span or fence: backticks become U+02CB, mentions are broken. Idempotent.

    Start a fence with a newline, else a first word is taken for its language. Empty text gives an empty string.
    """
    text, was_cut = _bounded(text, limit, is_clean=is_clean)
    text = _near(text, limit)
    breaks = _ends(_LIVE_AT, text) | _ends(_LIVE_ANGLE_IN_CODE, text)
    parts = _parts(text.replace("`", _TICK), lambda _, cluster: cluster, set(), breaks)
    return _joined(parts, limit, was_cut=was_cut)


def label(text: str, limit: int, *, is_clean: bool = False) -> str:
    """One line for titles, field names, buttons: look-alikes replace markup. Idempotent.

    An underscore between letters or digits stays, so `a_name` can be copied.
    """
    text, was_cut = _bounded(text, limit, is_clean=is_clean)
    text = _near(" ".join(text.split()), limit)
    breaks = _ends(_LIVE_AT, text) | _ends(_LIVE_ANGLE, text) | _ends(_LINE_MARK, text) | _ends(_LINK_JOINT, text)

    def sanitized(at: int, cluster: str) -> str:
        between = cluster == "_" and text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()
        if between or cluster[0] not in _LOOKALIKES:
            return cluster
        # Its marks and selectors may mean something else on the look-alike: U+2223 and a stroke are one character.
        return clean(_LOOKALIKES[cluster[0]] + cluster[1:])

    parts = _parts(text, sanitized, _starts(_LOOKALIKE_CHAR, text), breaks)
    return _joined(parts, limit, was_cut=was_cut, not_last="_")


def _prose(text: str, limit: int, *, was_cut: bool) -> str:
    text = _near(text, limit)
    breaks = _ends(_LIVE_AT, text) | _ends(_LIVE_ANGLE, text)
    in_urls = (
        {at for match in _URL.finditer(text) for at in range(*match.span())} if "://" in text else frozenset[int]()
    )
    line_marks = {match.start(1) if match.group(1) else match.end() - 1 for match in _LINE_MARK.finditer(text)}

    def escaped(at: int, cluster: str) -> str:
        special = _ESCAPED_IN_URL if at in in_urls else _ESCAPED
        return "\\" + cluster if cluster[0] in special or at in line_marks else cluster

    return _joined(_parts(text, escaped, _starts(_ESCAPED_CHAR, text) | line_marks, breaks), limit, was_cut=was_cut)


def _bounded(text: str, limit: int, *, is_clean: bool) -> tuple[str, bool]:
    """`text` cleaned, as far as it can matter unless nearly all of it is invisible; and whether that cut it."""
    reach = max(limit, 0) * 16 + 4096
    return text[:reach] if is_clean else clean(text[:reach]), len(text) > reach


def _near(text: str, limit: int) -> str:
    """The beginning that `limit` units can show, with as much more as patterns read.

    It is at least one cluster more, so that the cut is noticed.
    """
    spare = max(limit, 0) + 1
    if len(text) <= spare + _LOOKAHEAD:
        return text
    for start, stop, is_run in stretches(text):
        spare -= stop - start if is_run else 1
        if spare <= 0:
            return text[: stop + (spare if is_run else 0) + _LOOKAHEAD]
    return text


def _starts(pattern: "regex.Pattern[str]", text: str) -> set[int]:
    return {match.start() for match in pattern.finditer(text)}


def _ends(pattern: "regex.Pattern[str]", text: str) -> set[int]:
    return {match.end() for match in pattern.finditer(text)}


def _parts(
    text: str, shown: Callable[[int, str], str], special: set[int], breaks: set[int]
) -> Iterator[tuple[str, bool]]:
    """(part, is_run): runs are shown as they are and may be cut anywhere, every other part is whole or not there.

    `shown` is asked for what begins at a `special` place and for clusters of several characters; U+200B follows where a
    mention would otherwise come alive.
    """
    places = sorted(special | {end - 1 for end in breaks})
    index = 0
    for start, stop, is_run in stretches(text):
        if not is_run:
            cluster = text[start:stop]
            piece = REPLACEMENT if is_oversized(cluster) else shown(start, cluster)
            yield (piece + _BREAK if stop in breaks else piece), False
            continue
        done = start
        index = bisect_left(places, start, index)
        while index < len(places) and places[index] < stop:
            at = places[index]
            index += 1
            if at > done:
                yield text[done:at], True
            piece = shown(at, text[at])
            done = at + 1
            yield (piece + _BREAK if done in breaks else piece), False
        if done < stop:
            yield text[done:stop], True


def _joined(parts: Iterator[tuple[str, bool]], limit: int, *, was_cut: bool, not_last: str = "") -> str:
    """Parts up to `limit` units; else the ellipsis is counted in and never follows `not_last`."""
    kept: list[tuple[str, bool]] = []
    units = 0
    for part, is_run in parts:
        kept.append((part, is_run))
        units += len(part) if is_run or part.isascii() else utf16_len(part)
        if units > limit:
            was_cut = True
            break
    if not was_cut:
        return "".join(part for part, _ in kept)
    room = limit - utf16_len(ELLIPSIS)
    if room < 0:
        return ""
    while kept and (units > room or kept[-1][0] == not_last):
        part, is_run = kept.pop()
        cut = max(units - room, 1) if is_run else len(part)
        if cut < len(part):
            kept.append((part[:-cut], True))
            units -= cut
        else:
            units -= len(part) if is_run else utf16_len(part)
    return "".join(part for part, _ in kept) + ELLIPSIS
