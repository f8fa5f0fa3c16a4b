"""Pure: comments by which code asks a linter, a type checker or a coverage tool to look away, for many languages."""

import re
from collections import Counter
from typing import Final

__all__ = ["suppressions"]

_MARKS: Final = re.compile(
    r"""type:\s*ignore|pyright:\s*ignore|\bnoqa\b|pragma:\s*no\s*(?:cover|branch)|pylint:\s*disable|mypy:\s*ignore-errors|\bnosec\b|
    eslint-disable(?:-next-line|-line)?|@ts-(?:ignore|expect-error|nocheck)|(?:istanbul|c8|v8)\s+ignore|biome-ignore|prettier-ignore|
    //\s*nolint|\#!?\[allow\(|@SuppressWarnings|@Suppress\b|\bNOLINT|rubocop:\s*disable|phpcs:\s*(?:ignore|disable)|
    @phpstan-ignore|psalm-suppress|\bNOSONAR\b|shellcheck\s+disable|credo:disable|coverage:\s*ignore""",
    re.VERBOSE,
)
_SHOWN: Final = 3


def suppressions(old: str, new: str) -> list[str]:
    """The marks that the new text has more often than the old one; one entry for all, empty where there is none."""
    more = _marks(new) - _marks(old)
    names = [f"{name} ×{number}" if number > 1 else name for name, number in more.most_common(_SHOWN)]
    return [", ".join(names)] if names else []


def _marks(text: str) -> Counter[str]:
    return Counter(" ".join(found.split()) for found in _MARKS.findall(text))
