"""A chart as text: a block for a message, a line for a digest, the description of its picture.

The numbers are those of the picture, which `drawing.py` makes of the same value, and names are whole where the picture
cuts them or has no glyphs for them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final
from unicodedata import east_asian_width

from ompycord.domain.budgets.charts import Chart, TimeBar
from ompycord.render.money.cells import filled, spark
from ompycord.render.phrases import money
from ompycord.text import clusters, code, cut
from ompycord.text.limits import ATTACHMENT_DESCRIPTION

__all__ = ["MOST_LABELLED", "bar_label", "bars_words", "chart_block", "chart_description", "dearest", "shares_words"]

MOST_LABELLED: Final = 8
"""Bars that have a label and an amount each; of more only the first, the last and the dearest are named."""
_LABEL: Final = 10
_CELLS: Final = 8
_WIDE: Final = {"W", "F"}


def bar_label(bar: TimeBar) -> str:
    """`Mon 22`; `1 Mar to 12 Mar` where it is several days."""
    return f"{bar.first:%a} {bar.first.day}" if bar.first == bar.last else f"{_day(bar.first)} to {_day(bar.last)}"


def dearest(bars: Sequence[TimeBar]) -> str:
    """Which of the bars cost most: `most on 12 Mar: $8.20`."""
    top = max(bars, key=lambda bar: bar.usd)
    when = f"on {_day(top.first)}" if top.first == top.last else f"from {bar_label(top)}"
    return f"most {when}: {money(top.usd)}"


def chart_block(chart: Chart) -> list[str]:
    """Bars and shares as lines of a fenced block, 34 columns at most: so many fit on a phone. Empty without costs."""
    if not chart.most_usd:
        return []
    return ["```", *_bar_rows(chart), *_share_rows(chart), "```"]


def _bar_rows(chart: Chart) -> list[str]:
    bars, most = chart.bars, chart.most_usd
    if len(bars) <= MOST_LABELLED and all(bar.first == bar.last for bar in bars):
        return [_row(bar_label(bar), bar.usd, most) for bar in bars]
    first, last = _day(bars[0].first), _day(bars[-1].last)
    axis = f"{first}{last.rjust(max(len(bars) - len(first), len(last) + 1))}"
    return [spark([bar.usd for bar in bars]), axis, dearest(bars)]


def _share_rows(chart: Chart) -> list[str]:
    if not chart.shares:
        return []
    most = max(share.usd for share in chart.shares)
    rows = [_row(code(share.name, len(share.name) * 2), share.usd, most) for share in chart.shares]
    return ["", f"By {chart.shares_by}", *rows]


def _row(name: str, usd: float, most: float) -> str:
    return f"{_padded(name)} {filled(usd / most, _CELLS)} {money(usd)}"


def _padded(name: str) -> str:
    """The name in ten columns; wide characters take two. A longer one is cut."""
    kept, used = "", 0
    for cluster in clusters(name):
        width = 2 if east_asian_width(cluster[0]) in _WIDE else 1
        if used + width > _LABEL - (kept + cluster != name):
            kept, used = f"{kept}…", used + 1
            break
        kept, used = kept + cluster, used + width
    return kept + " " * (_LABEL - used)


def bars_words(chart: Chart) -> str:
    """The bars in one line, each with its amount where they are few. Empty without costs."""
    if not chart.most_usd:
        return ""
    line = f"`{spark([bar.usd for bar in chart.bars])}`"
    if len(chart.bars) > MOST_LABELLED:
        first, last = _day(chart.bars[0].first), _day(chart.bars[-1].last)
        return f"{line} {first} to {last}, {dearest(chart.bars)}"
    return f"{line} {_listed([(bar_label(bar), bar.usd) for bar in chart.bars])}"


def shares_words(chart: Chart) -> str:
    """The names in one line, not escaped, with their amounts."""
    return _listed([(share.name, share.usd) for share in chart.shares])


def _listed(amounts: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {money(usd)}" for name, usd in amounts)


def chart_description(chart: Chart) -> str:
    """The whole chart in words, for who does not see the picture; at most what Discord takes, names in full."""
    parts = [chart.title, *chart.figures]
    if chart.most_usd:
        parts.append(_listed([(_span(bar), bar.usd) for bar in chart.bars if bar.usd]))
        parts += [f"By {chart.shares_by}: {shares_words(chart)}"] if chart.shares else []
    parts += [f"{limit.name}: {limit.amounts}" for limit in chart.limits]
    return cut(". ".join(part.removesuffix(".") for part in parts), ATTACHMENT_DESCRIPTION)


def _span(bar: TimeBar) -> str:
    return _day(bar.first) if bar.first == bar.last else bar_label(bar)


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
