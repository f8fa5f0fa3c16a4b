"""Which values are secrets: judged by the name under which they stand and by how they look. Pure.

Used where values of settings, variables and granted files become known (`app/known_secrets.py`): what everybody writes,
such as `production` or a path, must not be taken out of every text.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from ompycord.text.secret_shapes import MIN_SECRET, shapes

__all__ = ["is_common", "is_hidden", "is_secret", "looks_secret", "names_secret", "password_in", "values_in_file"]

WHOLE_BYTES: Final = 8 * 1024
"""A file up to this size is a value itself too; of a larger one only what stands in it."""
READ_BYTES: Final = 64 * 1024
"""No more of a file is read for values."""
MOST_VALUES: Final = 200
"""Values of one file."""

_NAMES: Final = re.compile(
    r"(?i)key|token|secret|passw|passphrase|passwd|pwd|credential|auth|cookie|session|private|dsn"
)
_COMMON: Final = frozenset(
    {
        "changeme",
        "default",
        "development",
        "disabled",
        "enabled",
        "english",
        "example",
        "information",
        "localhost",
        "password",
        "postgres",
        "production",
        "required",
        "staging",
        "standard",
        "testing",
        "undefined",
        "unlimited",
        "username",
        "xterm-256color",
        "en_us.utf-8",
        "c.utf-8",
        "application",
        "application/json",
        "utf-8-sig",
        "verbose",
        "warning",
        "critical",
        "notrequired",
        "placeholder",
        "interactive",
    }
)
_VARIED: Final = 4
"""Different characters of a secret; `--------` and `00000000` have fewer."""
_PATH: Final = re.compile(r"(?:~|\.{0,2})(?:/[\w.@+-]+)+/?(?::(?:~|\.{0,2})(?:/[\w.@+-]+)+/?)*|/")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.+-]+Z?)?")
_SEGMENTS: Final = re.compile(r"[^A-Za-z0-9+]+")
_LONG: Final = 12
_MIXED: Final = 8
_PAIR: Final = re.compile(r"""^[\s"'{,-]*(?:export\s+)?([A-Za-z_][\w .-]{0,80}?)["']?\s*[:=]\s*(.+?)[\s,;}]*$""")
_WORDS: Final = re.compile(r"""[^\s"'`,;(){}\[\]<>=]+""")
_QUOTED: Final = re.compile(r"""^(["'])(.*)\1$""")


def is_common(value: str) -> bool:
    """Whether a value is too short to be searched, or a word, a time or a row of signs that everybody writes."""
    text = value.strip()
    if len(text) < MIN_SECRET or len(set(text)) < _VARIED:
        return True
    return text.casefold() in _COMMON or _TIME.fullmatch(text) is not None


def is_hidden(name: str, value: str) -> bool:
    """Whether a value of a setting or a variable is taken out of what is shown: all but common ones and mere places."""
    return not is_common(value) and (names_secret(name) or not _is_place(value))


def names_secret(name: str) -> bool:
    """Whether what stands under this name is meant to be a secret."""
    return _NAMES.search(name) is not None


def looks_secret(value: str) -> bool:
    """Whether a value looks made by a machine to be unknown, such as a key; a word, a version and a path do not."""
    text = value.strip()
    if is_common(text) or _is_place(text):
        return False
    if any(end - start >= len(text) // 2 for start, end in shapes(text)):
        return True
    if len(text) < _LONG or any(letter.isspace() for letter in text) or "://" in text:
        return False
    return any(_is_mixed(part) for part in _SEGMENTS.split(text))


def is_secret(name: str, value: str) -> bool:
    """Whether a value under a name is a secret, by its name or by how it looks."""
    if is_common(value):
        return False
    return names_secret(name) or looks_secret(value) or password_in(value) is not None


def password_in(address: str) -> str | None:
    """The password in an address such as `https://me:PASSWORD@host`, as it is typed; None where it has none."""
    if "://" not in address or "@" not in address:
        return None
    try:
        parts = urlsplit(address.strip())
        password = parts.password or (parts.username if parts.scheme.startswith("http") else None)
    except ValueError:
        return None
    return unquote(password) if password else None


def values_in_file(data: bytes, *, is_whole: bool = True) -> Iterator[str | bytes]:
    """What is secret of the content of a file that an agent is granted: the whole, and each value that looks like one.

    At most `MOST_VALUES`; nothing of a file without any content. Without `is_whole` only such values: of a file of
    settings the whole is found by pieces, and an agent writes the same words into its session.
    """
    content = data[:READ_BYTES].strip()
    if len(content) < MIN_SECRET:
        return
    if is_whole and len(data) <= WHOLE_BYTES:
        yield from {data, content}
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and not is_common(lines[0]) and (is_whole or _WORDS.fullmatch(lines[0])):
        yield lines[0]
    found: dict[str, None] = {}
    for line in lines:
        for value in _values_in_line(line):
            found.setdefault(value)
        if len(found) >= MOST_VALUES:
            break
    yield from found


def _values_in_line(line: str) -> Iterator[str]:
    pair = _PAIR.match(line)
    if pair is not None and names_secret(pair[1]):
        quoted = _QUOTED.match(pair[2])
        value = quoted[2] if quoted else pair[2]
        if not is_common(value):
            yield value
    for word in _WORDS.findall(line):
        password = password_in(word)
        if password is not None and not is_common(password):
            yield password
        if looks_secret(word):
            yield word


def _is_mixed(part: str) -> bool:
    """Whether letters and digits, or large and small letters, alternate as in no word."""
    if len(part) < _MIXED:
        return False
    has_digits = any(letter.isdigit() for letter in part)
    has_letters = any(letter.isalpha() for letter in part)
    if has_digits and has_letters:
        return len(set(part)) > _VARIED
    changes = sum(one.islower() != other.islower() for one, other in pairwise(part))
    return has_letters and not has_digits and changes >= len(part) // 3 and len(part) >= _LONG


def _is_place(value: str) -> bool:
    """Whether it is a path, or an address that holds no more than a place."""
    text = value.strip()
    if "://" not in text:
        return _PATH.fullmatch(text) is not None
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return not parts.query and parts.username is None and parts.password is None and not parts.fragment
