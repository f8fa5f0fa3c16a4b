"""The text that Prometheus scrapes: every described metric, none twice, and no state shared between two scrapes."""

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ompycord.telemetry.metrics import METRICS, Readings, Value, exposition


def test_what_was_read_is_what_is_scraped_and_nothing_is_kept() -> None:
    values: dict[str, Value] = {
        "ompycord_runs": {"BUILDING": 2, "QUEUED": 1},
        "ompycord_events": 7,
        "ompycord_gateway_latency_seconds": None,
        "ompycord_ready": True,
    }
    families = {family.name: family for family in text_string_to_metric_families(exposition(Readings(values)).decode())}
    assert set(families) == {"ompycord_runs", "ompycord_events", "ompycord_ready"}
    assert {one.labels["state"]: one.value for one in families["ompycord_runs"].samples} == {"BUILDING": 2, "QUEUED": 1}
    assert [(one.name, one.value) for one in families["ompycord_events"].samples] == [("ompycord_events_total", 7)]
    assert b"ompycord_runs" not in exposition(Readings({"ompycord_ready": 1}))
    assert b"ompycord" not in prometheus_client.generate_latest()


def test_a_metric_that_nobody_described_is_a_defect() -> None:
    with pytest.raises(ValueError, match="ompycord_secret"):
        exposition(Readings({"ompycord_secret": 1}))


def test_names_and_words_are_as_prometheus_wants_them() -> None:
    names = [spec.name for spec in METRICS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("ompycord_") and not name.endswith("_total") for name in names)
    assert all(spec.help.endswith(".") for spec in METRICS)
