"""What another distribution adds is used by configuration alone: an agent, a parser, their options and their schema."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.integration.cli.harness import ompycord
from tests.support.extension.installed import install

GOOSE = """
import json, sys, time
task = json.loads(sys.stdin.readline())["task"]
print(json.dumps({"honk": "begun"}), flush=True)
if "long" in task:
    time.sleep(300)
print(json.dumps({"done": "honk"}), flush=True)
"""
CHECK: dict[str, Any] = {"name": "unit", "command": ["prove"], "parser": {"kind": "tap", "strict": True}}

KNOWN = "auto, cargo, exit, go, jest, junit, pytest, unittest, vitest"


def configured(folder: Path, **agent: Any) -> None:
    folder.mkdir()
    (folder / "goose.py").write_text(GOOSE)
    command = [sys.executable, "-I", str(folder / "goose.py")]
    goose = {"kind": "goose", "command": command, "sandbox": {"minimum": "none"}, "grants": {"files": [str(folder)]}}
    shop = {"path": "/srv/shop", "checks": [CHECK, {**CHECK, "name": "plain", "parser": "tap"}]}
    content = {"agents": {"honker": {**goose, **agent}}, "repositories": {"shop": shop}}
    (folder / "ompycord.yml").write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.mark.long
async def test_a_dialect_from_outside_keeps_every_rule(tmp_path: Path) -> None:
    environ = install(tmp_path / "site")
    configured(tmp_path / "c", loudness=2)
    told = ("--quick", "short", "--long", "long", "--wait", "30")
    done = await ompycord("conformance", "honker", "--json", *told, folder=tmp_path / "c", environ=environ)
    assert done.code == 0, (done.out, done.err)
    assert json.loads(done.out)["ok"]


async def test_its_options_are_shown_and_stand_in_the_schema(tmp_path: Path) -> None:
    environ = install(tmp_path / "site")
    configured(tmp_path / "c", loudness=3)
    shown = await ompycord("config", "show", "--json", folder=tmp_path / "c", environ=environ)
    rows = {row["setting"]: row["value"] for row in json.loads(shown.out)}
    assert rows["agents.honker.loudness"] == 3
    assert [check["parser"] for check in rows["repositories.shop.checks"]] == [
        {"kind": "tap", "strict": True},
        {"kind": "tap", "strict": False},
    ]
    schema = json.loads((await ompycord("config", "schema", folder=tmp_path / "c", environ=environ)).out)
    judge = jsonschema_rs.validator_for(schema)
    content = yaml.safe_load((tmp_path / "c" / "ompycord.yml").read_text())
    assert judge.is_valid(content)
    content["agents"]["honker"]["loudness"] = "very"
    assert not judge.is_valid(content)


@pytest.mark.parametrize(
    ("agent", "key"),
    [
        ({"loudness": "very"}, "agents.honker.loudness:"),
        ({"volume": 1}, "agents.honker.volume: there is no such setting"),
    ],
)
async def test_a_mistake_in_its_options_names_the_key(tmp_path: Path, agent: dict[str, Any], key: str) -> None:
    environ = install(tmp_path / "site")
    configured(tmp_path / "c", **agent)
    done = await ompycord("config", "show", folder=tmp_path / "c", environ=environ)
    assert done.code == 78
    assert done.err.startswith(f"ompycord: {key}")


async def test_without_it_neither_name_is_known(tmp_path: Path) -> None:
    configured(tmp_path / "c")
    done = await ompycord("config", "show", folder=tmp_path / "c")
    assert (done.code, done.err.strip()) == (
        78,
        f"ompycord: repositories.shop.checks.0.parser.kind: it must be one of {KNOWN} (and 2 more)",
    )


async def test_one_that_is_broken_is_told_where_it_is_used_and_only_there(tmp_path: Path) -> None:
    environ = install(tmp_path / "site", agents={"goose": "no_such_goose:AGENT"})
    configured(tmp_path / "c")
    used = await ompycord("config", "show", folder=tmp_path / "c", environ=environ)
    assert used.code == 78
    assert used.err.startswith(
        "ompycord: The agent kind goose of ompycord-goose cannot be imported from no_such_goose:AGENT"
    )
    configured(tmp_path / "other", kind="command")
    assert (await ompycord("config", "show", folder=tmp_path / "other", environ=environ)).code == 0


async def test_one_that_takes_a_name_of_ours_is_refused(tmp_path: Path) -> None:
    environ = install(tmp_path / "site", agents={"acp": "goose_agent:AGENT"}, parsers={})
    done = await ompycord("config", "show", folder=tmp_path / "c", environ=environ)
    assert done.code == 78
    assert "The agent kind acp is declared twice, by ompycord and by ompycord-goose." in done.err
