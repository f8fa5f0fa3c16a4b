"""A chart as a PNG, drawn by Pillow; pure, and the same bytes for the same chart. Counterpart of `words.py`.

A picture has a background of its own, so that it reads alike in a dark and a light theme. It is 880 pixels wide and at
most 766 high. Long names are cut. A name of which the font lacks a letter is shown by its place, as *No. 2*: the text
beside the picture has all names, in the same order. In other lines such a letter is a question mark.

Pillow is imported when the first picture is drawn, never at a start. Without it, or without the font's format in it,
drawing raises what Pillow raises; the text then goes out alone (`bot/chart_images.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ompycord.domain.budgets.charts import Chart, LimitBar
from ompycord.render.charts.words import MOST_LABELLED, bar_label, dearest
from ompycord.render.phrases import money

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

__all__ = ["BARS", "GLYPHS", "HEIGHT", "LIMIT_HEIGHT", "WIDTH", "chart_png", "drawable"]

WIDTH: Final = 880
HEIGHT: Final = 330
"""Without limits."""
LIMIT_HEIGHT: Final = 50
_LIMITS_HEAD: Final = 36

FONT: Final = Path(__file__).parents[2] / "playground" / "page" / "static" / "fonts" / "figtree.woff2"
"""The text font of the playground's page, under the SIL Open Font License, which lies beside it."""
_SIGNS: Final = (0x20AC, 0x2013, 0x2014, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E, 0x2022, 0x2026, 0x2122, 0x2212)
GLYPHS: Final = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100), *_SIGNS)))
"""What the font has; a test compares."""

GROUND: Final = (35, 37, 43)
TEXT: Final = (242, 243, 245)
MUTED: Final = (190, 195, 204)
TRACK: Final = (62, 65, 75)
BAR: Final = (113, 139, 255)
RESERVED: Final = (70, 86, 158)
WARM: Final = (240, 178, 50)
FULL: Final = (242, 104, 108)
_WARM_FROM: Final = 0.8
_CENT: Final = 0.01

_EDGE: Final = 28
_TITLE_SIZE, _TEXT_SIZE, _LABEL_SIZE = 28, 20, 17
_LINE: Final = 27
_FIGURES: Final = 60
"""Where the lines beneath the title begin."""
_LABELS: Final = 34
"""Pixels for the labels beneath the bars."""
_SPLIT: Final = 556
"""Where the names begin, on the right of the bars."""
_ROW: Final = 26


_THICK: Final = 12
"""Pixels of a lying bar."""
_NAME_WIDTH, _AMOUNT_WIDTH = 130, 90


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of pixels: from `left`, `top` up to before `right`, `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left


BARS: Final = Area(_EDGE, 172, _SPLIT - 22, HEIGHT - _LABELS - 14)
"""Where the bars of the days stand; without names they go on to the right edge."""


def drawable(name: str, place: int) -> str:
    """A name as the picture shows it: itself, or its place where the font lacks a letter of it."""
    return name if GLYPHS.issuperset(name) else f"No. {place}"


def chart_png(chart: Chart) -> bytes:
    """The picture. Raises ImportError without Pillow, OSError where Pillow cannot read the font."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, _limits_top(chart, len(chart.limits))), GROUND)
    _Sheet(ImageDraw.Draw(image)).draw_chart(chart)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


class _Sheet:
    """One picture that is being drawn."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw
        self._title = _font(_TITLE_SIZE, 700)
        self._head = _font(_TEXT_SIZE, 700)
        self._text = _font(_TEXT_SIZE, 500)
        self._label = _font(_LABEL_SIZE, 500)

    def draw_chart(self, chart: Chart) -> None:
        """All of it, from top to bottom."""
        self._write(_EDGE, 20, chart.title, self._title, TEXT, width=WIDTH - 2 * _EDGE)
        for number, line in enumerate(chart.figures):
            self._write(_EDGE, _FIGURES + _LINE * number, line, self._text, MUTED, width=WIDTH - 2 * _EDGE)
        if chart.most_usd:
            self._bars(chart, BARS if chart.shares else Area(BARS.left, BARS.top, WIDTH - _EDGE, BARS.bottom))
            self._shares(chart)
        if chart.limits:
            self._write(_EDGE, _limits_top(chart, 0) - 28, "Limits", self._head, TEXT, width=_SPLIT)
        for number, limit in enumerate(chart.limits):
            self._limit(limit, number + 1, _limits_top(chart, number))

    def _bars(self, chart: Chart, area: Area) -> None:
        most, number = chart.most_usd, len(chart.bars)
        self._draw.rectangle((area.left, area.bottom, area.right - 1, area.bottom), fill=TRACK)
        is_labelled = number <= MOST_LABELLED and all(bar.first == bar.last for bar in chart.bars)
        slot = min(area.width / number, 96.0)
        for place, bar in enumerate(chart.bars):
            left, right = area.left + round(slot * place), area.left + round(slot * (place + 1))
            high = _length(bar.usd / most, area.bottom - area.top)
            if high:
                gap = max(1, (right - left) // 6)
                box = (left + gap, area.bottom - high, max(right - gap, left + gap + 1) - 1, area.bottom - 1)
                self._draw.rectangle(box, fill=BAR)
            if is_labelled:
                middle = (left + right) // 2
                self._centre(middle, area.bottom + 8, bar_label(bar), MUTED, width=right - left)
                if high:
                    self._centre(middle, area.bottom - high - 24, _short(bar.usd), TEXT, width=right - left)
        if not is_labelled:
            self._axis(chart, area)

    def _axis(self, chart: Chart, area: Area) -> None:
        first, last = chart.bars[0].first, chart.bars[-1].last
        half = area.width // 2
        self._write(area.left, area.bottom + 6, f"{first.day} {first:%b}", self._text, MUTED, width=half)
        self._write_right(area.right, area.bottom + 6, f"{last.day} {last:%b}", MUTED, width=half)
        top = dearest(chart.bars)
        self._write(area.left, area.top - 26, f"{top[:1].upper()}{top[1:]}", self._head, TEXT, width=area.width)

    def _shares(self, chart: Chart) -> None:
        if not chart.shares:
            return
        area = Area(_SPLIT, BARS.top - 26, WIDTH - _EDGE, HEIGHT)
        self._write(area.left, area.top, f"By {chart.shares_by}", self._head, TEXT, width=area.width)
        most = max(share.usd for share in chart.shares)
        for place, share in enumerate(chart.shares, 1):
            top = area.top + _ROW * place
            begin, end = area.left + _NAME_WIDTH, area.right - _AMOUNT_WIDTH
            self._write(area.left, top, drawable(share.name, place), self._text, MUTED, width=_NAME_WIDTH - 8)
            self._fill(begin, top + 7, end - begin, TRACK)
            self._fill(begin, top + 7, _length(share.usd / most, end - begin), BAR)
            self._write_right(area.right, top, _short(share.usd), TEXT, width=_AMOUNT_WIDTH - 8)

    def _limit(self, limit: LimitBar, place: int, top: int) -> None:
        whole = WIDTH - 2 * _EDGE
        words = _fitting(limit.amounts, self._text, whole * 2 // 3)
        room = whole - round(self._text.getlength(words)) - 16
        self._write(_EDGE, top, drawable(limit.name, place), self._text, TEXT, width=room)
        self._write_right(WIDTH - _EDGE, top, words, MUTED, width=whole)
        spent = _length(limit.spent, whole)
        colour = FULL if limit.spent >= 1 else WARM if limit.spent >= _WARM_FROM else BAR
        self._fill(_EDGE, top + 27, whole, TRACK)
        self._fill(_EDGE, top + 27, spent, colour)
        self._fill(_EDGE + spent, top + 27, min(_length(limit.reserved, whole), whole - spent), RESERVED)

    def _fill(self, left: int, top: int, length: int, colour: tuple[int, int, int]) -> None:
        """A lying bar; none where it has no length."""
        if length > 0:
            self._draw.rectangle((left, top, left + length - 1, top + _THICK - 1), fill=colour)

    def _write(
        self, left: int, top: int, text: str, font: ImageFont.FreeTypeFont, colour: tuple[int, int, int], *, width: int
    ) -> None:
        self._draw.text((left, top), _fitting(text, font, width), fill=colour, font=font)

    def _write_right(self, right: int, top: int, text: str, colour: tuple[int, int, int], *, width: int) -> None:
        shown = _fitting(text, self._text, width)
        self._draw.text((right - round(self._text.getlength(shown)), top), shown, fill=colour, font=self._text)

    def _centre(self, middle: int, top: int, text: str, colour: tuple[int, int, int], *, width: int) -> None:
        shown = _fitting(text, self._label, width)
        left = middle - round(self._label.getlength(shown) / 2)
        self._draw.text((left, top), shown, fill=colour, font=self._label)


def _limits_top(chart: Chart, number: int) -> int:
    """Where a limit begins; after the last of them, or without any, the picture ends."""
    top = HEIGHT if chart.most_usd else _FIGURES + _LINE * len(chart.figures) + _LINE // 2
    return top + (_LIMITS_HEAD + LIMIT_HEIGHT * number if chart.limits else 0)


def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    """The basic layout, which every Pillow has: with others the pictures of two machines would differ."""
    from PIL import ImageFont

    font = ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([weight])
    return font


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """As much of the text as fits, in letters that the font has."""
    shown = "".join(letter if letter in GLYPHS else "?" for letter in text)
    if font.getlength(shown) <= width:
        return shown
    most = bisect_right(range(len(shown)), width, key=lambda length: font.getlength(f"{shown[:length]}…")) - 1
    return f"{shown[: max(most, 0)].rstrip()}…"


def _length(part: float, whole: int) -> int:
    """Pixels of a part; what is more than nothing is seen."""
    return max(2, round(part * whole)) if part > 0 else 0


def _short(usd: float) -> str:
    """An amount for a small place: cents up to a thousand, then thousands and millions."""
    for least, sign in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if usd >= least:
            return f"${usd / least:,.1f}{sign}"
    return "<$0.01" if 0 < usd < _CENT else money(usd)
