"""`doctor --production`: each rule of what others rely on, as it fails and as it passes."""

from pathlib import Path

import pytest

from ompycord.app.alerting.operations import AlertTrial
from ompycord.app.doctor.upkeep import upkeep
from ompycord.backup.drills import note_drill
from ompycord.backup.place import BackupPlace
from ompycord.settings import Settings

NOW = 1_780_000_000_000
DAY = 86_400_000
WEBHOOK = {"name": "pager", "url": "https://pager.acme.io/in", "secret_file": "secrets/pager", "topics": ["alert"]}


def lines(data: Path, **sections: object) -> dict[str, str]:
    settings = Settings.model_validate({"data_dir": data, **sections})
    return {one.name: f"{one.status}: {one.text}" for one in upkeep(settings, data, now=NOW)}


def test_a_machine_that_no_one_watches_is_named_line_by_line(tmp_path: Path) -> None:
    found = lines(tmp_path, providers={"acme": {"kind": "openai"}})
    assert found["Alerts"] == "fail: no one is notified when something is wrong."
    assert found["Alerts tried"] == "warn: last: never."
    assert found["Heartbeat"].startswith("warn: nothing outside notices")
    assert found["Backup disk"].startswith("warn: ")
    assert found["Restore trial"].startswith("warn: ")
    assert found["Limits of models"] == "warn: a run may use any number of tokens."


def test_one_that_is_watched_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hc").write_text("https://hc.acme.io/7\n")
    (tmp_path / "alerts-tested.json").write_text(AlertTrial(at=NOW - DAY // 2).model_dump_json())
    place = BackupPlace(tmp_path / "backups")
    place.path.mkdir()
    note_drill(place, at=NOW - 8 * DAY, backup="20270301T030000Z", faults=[])
    found = lines(
        tmp_path,
        notify={"webhooks": [WEBHOOK]},
        alerts={"heartbeat": {"url_file": "hc"}},
        limits={"run_tokens": 1_000_000},
    )
    del found["Backup disk"]  # a test has one disk
    assert {name: text.partition(":")[0] for name, text in found.items()} == dict.fromkeys(found, "ok")


def test_discord_alone_is_no_way_out_of_discord(tmp_path: Path) -> None:
    found = lines(tmp_path, discord={"ops_channel": "123456789012345678"})
    assert found["Alerts"] == "warn: they only reach Discord, which may be what is down."


@pytest.mark.parametrize("text", ["", "not an address", "ftp://hc.acme.io", "https://hc.acme.io/ a b"])
def test_a_heartbeat_without_a_usable_address_fails_and_is_not_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "hc").write_text(text)
    found = lines(tmp_path, alerts={"heartbeat": {"url_file": "hc"}})
    assert found["Heartbeat"].startswith("fail: alerts.heartbeat.url_file")
    assert not text or text not in found["Heartbeat"]


def test_a_way_that_failed_an_old_trial_and_an_example_are_named(tmp_path: Path) -> None:
    (tmp_path / "alerts-tested.json").write_text(AlertTrial(at=NOW, failed=("pager",)).model_dump_json())
    place = BackupPlace(tmp_path / "backups")
    place.path.mkdir()
    note_drill(place, at=NOW - 9 * DAY, backup="20270301T030000Z", faults=[])
    example = {**WEBHOOK, "url": "https://hooks.example.org/in"}
    found = lines(tmp_path, notify={"webhooks": [example]})
    assert found["Alerts tried"] == "fail: pager did not take the test."
    assert found["Restore trial"].startswith("fail: the last is of ")
    assert found["Placeholders"] == "fail: notify.webhooks.pager.url still has an example's address."
    assert lines(tmp_path, notify={"webhooks": [{**WEBHOOK, "url": "https://notexample.org/x"}]})[
        "Placeholders"
    ].startswith("ok")
