"""Takes every known secret, and what looks like one, out of text; its counterpart is `sanitise.py`, which follows it.

One redactor stands before embeds, logs, artifacts and error bodies.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ompycord.text.graphemes import ELLIPSIS, cut
from ompycord.text.secret_shapes import MIN_SECRET, encodings, shapes

__all__ = ["REDACTED", "Redactor"]

REDACTED: Final = "[redacted]"


class Redactor:
    """Replaces the loaded secrets, their encodings and well-known token shapes by `[redacted]`.

    Values under 8 characters are not searched for: they would match ordinary words. Secrets are never printed.
    """

    __slots__ = ("_forms",)

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= MIN_SECRET for form in encodings(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def __repr__(self) -> str:
        return "<Redactor>"

    def redact(self, text: str, *, was_cut: bool = False) -> str:
        """`text` without secrets. Set `was_cut` where its end was cut off before: a secret may be halved there."""
        spans = [*self._known(text), *shapes(text)]
        if was_cut:
            spans.extend(self._halved(text))
        kept: list[str] = []
        at = -1
        for start, end in sorted(spans):
            if start > at:  # touching and overlapping finds become one
                kept += (text[max(at, 0) : start], REDACTED)
            at = max(at, end)
        return "".join((*kept, text[max(at, 0) :]))

    def cut(self, text: str, budget_utf16: int, ellipsis: str = ELLIPSIS) -> str:
        """Redacts, then cuts with `graphemes.cut`: in that order, so that no half of a secret is left at the end."""
        return cut(self.redact(text), budget_utf16, ellipsis)

    def _known(self, text: str) -> Iterator[tuple[int, int]]:
        for form in self._forms:
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + len(form))

    def _halved(self, text: str) -> Iterator[tuple[int, int]]:
        """The longest beginning of a known form, of at least half of `MIN_SECRET`, that `text` ends with."""
        for form in self._forms:
            start = text.find(form[: MIN_SECRET // 2], max(len(text) - len(form), 0))
            while start >= 0 and not form.startswith(text[start:]):
                start = text.find(form[: MIN_SECRET // 2], start + 1)
            if start >= 0:
                yield start, len(text)
