"""The text that Prometheus scrapes: every described metric, none twice, and no state shared between two scrapes."""

from dataclasses import dataclass

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ompycord.app.alerting.reading import ProcessUse
from ompycord.app.report import METRICS, Reading
from ompycord.app.resources.upkeep_metrics import UpkeepReading
from ompycord.conductor.slots import SlotUse
from ompycord.domain.ports.store import StoredSizes
from ompycord.http import RequestCounts
from ompycord.telemetry.metrics import Metric, exposition
from ompycord.telemetry.run_counts import RunCounts


@dataclass(frozen=True)
class Found:
    """A reading as a test writes it."""

    events: int | None = None
    is_ready: bool = True
    runs: dict[str, float] | None = None
    latency_s: float | None = None


FOUND = (
    Metric[Found]("ompycord_runs", "gauge", "state", "Open runs.", lambda found: found.runs),
    Metric[Found]("ompycord_events", "counter", "", "Events.", lambda found: found.events),
    Metric[Found]("ompycord_gateway_latency_seconds", "gauge", "", "Latency.", lambda found: found.latency_s),
    Metric[Found]("ompycord_ready", "gauge", "", "Whether it is ready.", lambda found: found.is_ready),
)

COUNTS = RunCounts()
COUNTS.finished.update(complete=21, failed=22)
COUNTS.cost_usd = 1.75
COUNTS.waits["slot"].add(5_000)
COUNTS.waits["slot"].add(100_000_000)
COUNTS.waits["people"].add(-1)

READING = Reading(
    uptime_s=12.5,
    mode="low_disk",
    checks={"gateway": True, "disk": False},
    is_connected=True,
    latency_s=0.25,
    success_age_s=3.0,
    runs={"BUILDING": 2, "QUEUED": 1},
    slots=SlotUse(total=2, used=1, waiting=3, returning=1),
    queued=4,
    events=70,
    events_waiting=4,
    deliveries_waiting=5,
    destinations={"ci": {"pending": 6, "dead": 7, "oldest_age_s": 8.5}},
    read_only="the disk is full",
    transactions=90,
    requests=RequestCounts(without_key=10),
    counts=COUNTS,
    disk_free=0.125,
    loop_lag_s=0.5,
    resident_bytes=11,
    upkeep=UpkeepReading(
        alerts={"disk": 1},
        pings=12,
        process=ProcessUse(11, 13, 14),
        cpu_s=15.5,
        disk_free_bytes=16,
        sizes=StoredSizes(17, 18, {"active": 19}),
        steps={"started": 20},
        drill_age_s=21.5,
    ),
)


def test_what_was_read_is_what_is_scraped_and_nothing_is_kept() -> None:
    text = exposition(FOUND, Found(events=7, runs={"BUILDING": 2, "QUEUED": 1})).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {"ompycord_runs", "ompycord_events", "ompycord_ready"}
    assert {one.labels["state"]: one.value for one in families["ompycord_runs"].samples} == {"BUILDING": 2, "QUEUED": 1}
    assert [(one.name, one.value) for one in families["ompycord_events"].samples] == [("ompycord_events_total", 7)]
    assert b"ompycord_runs" not in exposition(FOUND, Found())
    assert b"ompycord" not in prometheus_client.generate_latest()


def test_a_metric_that_nobody_described_is_a_defect() -> None:
    for name, help_ in (("ompycord_secret", ""), ("ompycord_secret_total", "Secrets.")):
        with pytest.raises(ValueError, match="ompycord_secret"):
            Metric[Found](name, "counter", "", help_, lambda found: found.events)


def test_each_metric_says_its_own_part_of_the_reading() -> None:
    families = text_string_to_metric_families(exposition(METRICS, READING).decode())
    samples = {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}
    [version] = [name for name in samples if name[0] == "ompycord_info"]
    assert samples.pop(version) == 1
    waits = {name: samples.pop(name) for name in list(samples) if name[0].startswith("ompycord_wait_seconds_")}
    bounds = ("1", "5", "15", "60", "300", "900", "3600", "14400", "86400", "+Inf")
    assert waits == {
        **{("ompycord_wait_seconds_bucket", "people", bound): 1 for bound in bounds},
        ("ompycord_wait_seconds_count", "people"): 1,
        ("ompycord_wait_seconds_sum", "people"): 0,
        **{("ompycord_wait_seconds_bucket", "slot", bound): 1 for bound in bounds},
        ("ompycord_wait_seconds_bucket", "slot", "1"): 0,
        ("ompycord_wait_seconds_bucket", "slot", "+Inf"): 2,
        ("ompycord_wait_seconds_count", "slot"): 2,
        ("ompycord_wait_seconds_sum", "slot"): 100_005,
    }
    assert samples == {
        ("ompycord_runs_finished_total", "cancelled"): 0,
        ("ompycord_runs_finished_total", "complete"): 21,
        ("ompycord_runs_finished_total", "failed"): 22,
        ("ompycord_runs_finished_total", "no_changes"): 0,
        ("ompycord_runs_finished_total", "partial"): 0,
        ("ompycord_cost_usd_total",): 1.75,
        ("ompycord_uptime_seconds",): 12.5,
        ("ompycord_ready",): 0,
        ("ompycord_mode", "normal"): 0,
        ("ompycord_mode", "low_disk"): 1,
        ("ompycord_mode", "read_only"): 0,
        ("ompycord_gateway_connected",): 1,
        ("ompycord_gateway_latency_seconds",): 0.25,
        ("ompycord_discord_last_success_age_seconds",): 3,
        ("ompycord_runs", "BUILDING"): 2,
        ("ompycord_runs", "QUEUED"): 1,
        ("ompycord_slots",): 2,
        ("ompycord_slots_used",): 1,
        ("ompycord_runs_queued",): 4,
        ("ompycord_runs_waiting",): 3,
        ("ompycord_events_total",): 70,
        ("ompycord_events_waiting",): 4,
        ("ompycord_deliveries_waiting",): 5,
        ("ompycord_backup_failures_total",): 0,
        ("ompycord_destination_pending", "ci"): 6,
        ("ompycord_destination_dead", "ci"): 7,
        ("ompycord_destination_oldest_age_seconds", "ci"): 8.5,
        ("ompycord_database_writable",): 0,
        ("ompycord_database_transactions_total",): 90,
        ("ompycord_authentication_failures_total",): 10,
        **{("ompycord_model_requests_total", exactness): 0 for exactness in ("exact", "estimated")},
        ("ompycord_model_cost_usd_total",): 0,
        **{("ompycord_model_tokens_total", name): 0 for name in ("input", "output", "reasoning")},
        **{("ompycord_model_tokens_total", f"cache_{name}"): 0 for name in ("read", "write_5m", "write_1h")},
        ("ompycord_disk_free_ratio",): 0.125,
        ("ompycord_loop_lag_seconds",): 0.5,
        ("ompycord_resident_bytes",): 11,
        ("ompycord_alerts_open", "disk"): 1,
        ("ompycord_heartbeat_pings_total",): 12,
        ("ompycord_cpu_seconds_total",): 15.5,
        ("ompycord_open_descriptors",): 13,
        ("ompycord_most_descriptors",): 14,
        ("ompycord_disk_free_bytes",): 16,
        ("ompycord_database_bytes",): 17,
        ("ompycord_database_free_bytes",): 18,
        ("ompycord_steps_open", "started"): 20,
        ("ompycord_memory_items", "active"): 19,
        ("ompycord_backup_drill_age_seconds",): 21.5,
    }


def test_names_and_words_are_as_prometheus_wants_them() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("ompycord_") and not name.endswith("_total") for name in names)
    assert all(metric.help.endswith(".") for metric in METRICS)
