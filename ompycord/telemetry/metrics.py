"""The metrics in Prometheus' text form, from one reading a scrape.

A registry of our own, no globals, nothing counted twice.

Counterpart: `app/report.py`, which reads; `docs/reference/metrics.md` is made from `METRICS`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["CONTENT_TYPE", "METRICS", "MetricSpec", "Readings", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricSpec(NamedTuple):
    """A metric as it is documented. Counters are named without `_total`, which the format adds."""

    name: str
    kind: Literal["gauge", "counter"]
    label: str
    help: str


METRICS = (
    MetricSpec("ompycord_info", "gauge", "version", "1, with the version as a label."),
    MetricSpec("ompycord_uptime_seconds", "gauge", "", "Since the start of the process."),
    MetricSpec("ompycord_ready", "gauge", "", "Whether /readyz would answer 200."),
    MetricSpec(
        "ompycord_mode",
        "gauge",
        "mode",
        "1 for the mode that is in force: normal, low_disk (no new run begins), read_only.",
    ),
    MetricSpec(
        "ompycord_gateway_connected",
        "gauge",
        "",
        "Whether the gateway's connection stands and Discord answered lately.",
    ),
    MetricSpec("ompycord_gateway_latency_seconds", "gauge", "", "From heartbeat to answer; absent while not known."),
    MetricSpec(
        "ompycord_discord_last_success_age_seconds",
        "gauge",
        "",
        "Since a REST call last succeeded; absent before the first.",
    ),
    MetricSpec("ompycord_runs", "gauge", "state", "Open runs by state."),
    MetricSpec("ompycord_events", "counter", "", "Events in the log that are folded, over all starts."),
    MetricSpec(
        "ompycord_events_waiting",
        "gauge",
        "",
        "Events that are stored and not folded yet; from 5,000 on posts get 429.",
    ),
    MetricSpec(
        "ompycord_deliveries_waiting", "gauge", "", "Messages that Discord has not taken yet; counted up to 500."
    ),
    MetricSpec(
        "ompycord_destination_pending",
        "gauge",
        "destination",
        "Deliveries that wait, by destination: discord, and each webhook of the settings.",
    ),
    MetricSpec("ompycord_destination_dead", "gauge", "destination", "Deliveries that were given up, by destination."),
    MetricSpec(
        "ompycord_destination_oldest_age_seconds",
        "gauge",
        "destination",
        "Since when the oldest delivery waits, by destination; 0 where none does.",
    ),
    MetricSpec("ompycord_database_writable", "gauge", "", "Whether the database takes writes."),
    MetricSpec("ompycord_database_transactions", "counter", "", "Write transactions since the start."),
    MetricSpec(
        "ompycord_authentication_failures",
        "counter",
        "",
        "Requests to the sidecar without a valid key since the start.",
    ),
    MetricSpec("ompycord_disk_free_ratio", "gauge", "", "Free part of the disk that holds the data folder."),
    MetricSpec("ompycord_loop_lag_seconds", "gauge", "", "How late the event loop was at its last beat."),
    MetricSpec("ompycord_resident_bytes", "gauge", "", "Resident memory of the process."),
)
"""Every metric there is."""

Value = float | Mapping[str, float] | None
"""One number, numbers by the label's value, or None where there is nothing to say now."""


@dataclass(frozen=True, slots=True)
class Readings:
    """The values of one scrape by metric name. Names outside of METRICS are a defect."""

    values: Mapping[str, Value]


def exposition(readings: Readings) -> bytes:
    """The text that a scraper reads."""
    unknown = readings.values.keys() - {spec.name for spec in METRICS}
    if unknown:
        raise ValueError(f"metrics without a description: {', '.join(sorted(unknown))}")
    from prometheus_client import CollectorRegistry, generate_latest  # on the first scrape: 2.5 MiB (bench footprint)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(readings))
    return generate_latest(registry)


class _Scrape:
    """What prometheus-client calls a collector: it yields families."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> "Iterable[Metric]":
        for spec in METRICS:
            value = self._readings.values.get(spec.name)
            if value is not None:
                yield _family(spec, value)

    def describe(self) -> "Iterator[Metric]":
        return iter(())


def _family(spec: MetricSpec, value: float | Mapping[str, float]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    make = CounterMetricFamily if spec.kind == "counter" else GaugeMetricFamily
    family = make(spec.name, spec.help, labels=[spec.label] if spec.label else [])
    if isinstance(value, Mapping):
        for label, number in value.items():
            family.add_metric([label], float(number))
    else:
        family.add_metric([], float(value))
    return family
