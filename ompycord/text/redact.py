"""Takes every known secret, and what looks like one, out of text; its counterpart is `sanitise.py`, which follows it.

One redactor of the process stands before every way out: cards, threads, files, logs, answers, other systems.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from ompycord.text.graphemes import ELLIPSIS, cut
from ompycord.text.known_values import KnownValues, Visible
from ompycord.text.secret_shapes import MIN_SECRET, shapes

__all__ = ["REDACTED", "Redactor"]

REDACTED: Final = "[redacted]"
_ESCAPED: Final = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` reads them."""
_SAMPLE: Final = 4096
"""Bytes of a file that decide how it is read."""


class Redactor:
    """Replaces the loaded secrets, their encodings and well-known token shapes by `[redacted]`.

    Values under 8 characters are not searched for: they would match ordinary words. Secrets are never printed.
    """

    __slots__ = ("_known",)

    def __init__(self, secrets: Iterable[str | bytes] = ()) -> None:
        self._known = KnownValues()
        self.add(secrets)

    def __repr__(self) -> str:
        return "<Redactor>"

    def add(self, secrets: Iterable[str | bytes]) -> None:
        """Know these secrets too, from now on and until the process ends."""
        self._known.add(("", secret) for secret in secrets)

    def redact(self, text: str, *, was_cut: bool = False) -> str:
        """`text` without secrets. Set `was_cut` where its end was cut off before: a secret may be halved there."""
        spans = [*self._loaded(text), *_shaped(text)]
        if was_cut:
            spans.extend(self._halved(text))
        return _without(text, spans)

    def redact_loaded(self, text: str) -> str:
        """`text` without the loaded secrets alone, for text that is not prose: no quotation mark is taken from JSON."""
        return _without(text, [span for span in self._loaded(text) if '"' not in text[slice(*span)].replace('\\"', "")])

    def redact_all(self, value: Any) -> Any:  # JSON
        """The same shape as `value`, which JSON can carry, with every text redacted, names too."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            named = cast("dict[str, Any]", value)
            return {self.redact(name): self.redact_all(inner) for name, inner in named.items()}
        if isinstance(value, list):
            return [self.redact_all(inner) for inner in cast("list[Any]", value)]
        return value

    def redact_file(self, data: bytes) -> bytes:
        """The content of a file without secrets.

        Text is UTF-8, or UTF-16 where a third of it is zeros. In anything else only the loaded secrets are looked for,
        and all else stays byte for byte.
        """
        encoding = _encoding_of(data)
        errors = "surrogateescape" if encoding == "utf-8" else "surrogatepass"
        text = data.decode(encoding, errors)
        is_text = "\0" not in text and _ESCAPED.search(text) is None
        shown = self.redact(text) if is_text else _without(text, self._loaded(text))
        return data if shown == text else shown.encode(encoding, errors)

    def cut(self, text: str, budget_utf16: int, ellipsis: str = ELLIPSIS) -> str:
        """Redacts, then cuts with `graphemes.cut`: in that order, so that no half of a secret is left at the end."""
        return cut(self.redact(text), budget_utf16, ellipsis)

    def _loaded(self, text: str) -> Iterator[tuple[int, int]]:
        for found in self._known.find(text):
            yield found.start, found.end

    def _halved(self, text: str) -> Iterator[tuple[int, int]]:
        """The longest beginning of a known form, of at least half of `MIN_SECRET`, that `text` ends with."""
        for form in self._known.forms:
            start = text.find(form[: MIN_SECRET // 2], max(len(text) - len(form), 0))
            while start >= 0 and not form.startswith(text[start:]):
                start = text.find(form[: MIN_SECRET // 2], start + 1)
            if start >= 0:
                yield start, len(text)


def _shaped(text: str) -> Iterator[tuple[int, int]]:
    """Where something has the shape of a secret, also with invisible characters in it."""
    yield from shapes(text)
    visible = Visible(text)
    if visible.text != text:
        for start, end in shapes(visible.text):
            if end > start:
                yield visible.span(start, end)


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    kept: list[str] = []
    at = -1
    for start, end in sorted(spans):
        if start > at:  # touching and overlapping finds become one
            kept += (text[max(at, 0) : start], REDACTED)
        at = max(at, end)
    return "".join((*kept, text[max(at, 0) :]))


def _encoding_of(data: bytes) -> str:
    """The encoding in which the characters of ASCII are found in `data`."""
    sample = data[:_SAMPLE]
    if len(data) % 2 == 0 and 3 * sample.count(0) > len(sample):
        return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    return "utf-8"
