"""The metrics in Prometheus' text form, from one reading per scrape.

They use a registry of our own and no globals, and nothing is counted twice. Counterpart: `app/report.py`, which
declares each metric with how it is read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

__all__ = ["CONTENT_TYPE", "Histogram", "Histograms", "Metric", "Value", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

ReadingT = TypeVar("ReadingT")


class Histogram(NamedTuple):
    """How many were at most so large, by upper bound as Prometheus writes it, the last one `+Inf`; and their sum."""

    buckets: Sequence[tuple[str, int]]
    sum: float


class Histograms(NamedTuple):
    """Histograms by the label's value."""

    by_label: Mapping[str, Histogram]


Value = float | Mapping[str, float] | Histograms | None
"""One number, numbers or histograms by the label's value, or None where there is no value now."""


@dataclass(frozen=True)
class Metric(Generic[ReadingT]):
    """A metric: its documentation, and its value in a reading of the process.

    Raises ValueError where its description is empty, or where it has a name that the format adds by itself.
    """

    name: str
    """Without `_total`, which the format adds to counters."""
    kind: Literal["gauge", "counter", "histogram"]
    label: str
    """Empty: a single number."""
    help: str
    read: Callable[[ReadingT], Value]

    def __post_init__(self) -> None:
        if not self.help or self.name.endswith("_total"):
            raise ValueError(f"a metric without a description, or with a suffix of the format: {self.name}")


def exposition(metrics: Sequence[Metric[ReadingT]], reading: ReadingT) -> bytes:
    """The text that a scraper reads."""
    from prometheus_client import CollectorRegistry, generate_latest  # on the first scrape: 2.5 MiB (bench footprint)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape([(metric, metric.read(reading)) for metric in metrics]))
    return generate_latest(registry)


class _Scrape:
    """What prometheus-client calls a collector: it yields families."""

    def __init__(self, values: Sequence[tuple[Metric[Any], Value]]) -> None:
        self._values = values

    def collect(self) -> "Iterable[Family]":
        for metric, value in self._values:
            if value is not None:
                yield _family(metric, value)

    def describe(self) -> "Iterator[Family]":
        return iter(())


def _family(metric: Metric[Any], value: float | Mapping[str, float] | Histograms) -> "Family":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    if isinstance(value, Histograms):
        histograms = HistogramMetricFamily(metric.name, metric.help, labels=[metric.label])
        for label, found in value.by_label.items():
            histograms.add_metric([label], buckets=list(found.buckets), sum_value=found.sum)
        return histograms
    make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = make(metric.name, metric.help, labels=[metric.label] if metric.label else [])
    if isinstance(value, Mapping):
        for label, number in value.items():
            family.add_metric([label], float(number))
    else:
        family.add_metric([], float(value))
    return family
