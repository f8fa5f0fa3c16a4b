"""Pictures beside texts: drawn in a thread when they are sent; where that fails the text goes out alone."""

import asyncio
from typing import NamedTuple

from ompycord.domain.budgets.charts import Chart
from ompycord.render.charts.drawing import chart_png
from ompycord.render.charts.words import chart_description
from ompycord.telemetry import get_logger

__all__ = ["ChartImage", "image_of"]

log = get_logger(__name__)


class ChartImage(NamedTuple):
    """A file that Discord shows as an image."""

    name: str
    content: bytes
    description: str
    """All that it shows, in words."""


async def image_of(chart: Chart | None, name: str) -> ChartImage | None:
    """The chart drawn, in a file of that name; None without a chart, for an empty one, and where drawing fails."""
    if chart is None or chart.is_empty:
        return None
    try:
        content = await asyncio.to_thread(chart_png, chart)
    except Exception as error:  # noqa: BLE001  # Pillow and its codecs raise anything; the text says the same
        log.warning("chart.not_drawn", name=name, cause=f"{type(error).__name__}: {error}")
        return None
    return ChartImage(name, content, chart_description(chart))
