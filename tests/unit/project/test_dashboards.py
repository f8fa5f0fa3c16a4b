"""What deploy/ shows and warns of exists: every metric of the dashboard and of the rules, with its labels."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ompycord.app.report import METRICS

DASHBOARD = Path("deploy/grafana/ompycord.json")
RULES = Path("deploy/prometheus/ompycord.rules.yml")
SERIES = {
    f"{metric.name}{suffix}": metric.label
    for metric in METRICS
    for suffix in {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[metric.kind]
}
OF_EVERY_TARGET = {"instance", "job", "le"}
"""Labels that Prometheus itself gives."""


def dashboard_queries() -> Iterator[tuple[str, str]]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in found["panels"]:
        for target in panel["targets"]:
            yield panel["title"], f"{target['expr']} {target['legendFormat']}"
    for variable in found["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def rule_queries() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], f"{rule['expr']} {rule['annotations']['summary']}"


QUERIES = [*dashboard_queries(), *rule_queries()]


@pytest.mark.parametrize(("name", "query"), QUERIES, ids=str)
def test_a_query_names_series_and_labels_that_there_are(name: str, query: str) -> None:
    used = set(re.findall(r"\bompycord_\w+", query))
    assert used, name
    assert used <= {*SERIES}
    labels = {SERIES[one] for one in used} - {""} | OF_EVERY_TARGET
    selected = set(re.findall(r'[{,]\s*(\w+)=~?"', query))
    shown = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", query))
    summed = {word for group in re.findall(r"by \(([^)]*)\)", query) for word in re.split(r",\s*", group)}
    assert selected | shown | summed <= labels


def test_every_metric_is_on_the_dashboard() -> None:
    text = " ".join(query for _, query in dashboard_queries())
    missing = [metric.name for metric in METRICS if metric.name not in text]
    assert missing == []


def test_every_rule_says_what_to_do_now() -> None:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]
            assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]


def test_panels_lie_beside_one_another() -> None:
    places: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & places, panel["title"]
        places |= cells
