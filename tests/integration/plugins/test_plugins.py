"""A plug-in from the template, outside the package and by its own README, keeps the rules; a broken one is named."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ompycord.app.plugins.parser_rules import judge_parser
from ompycord.app.plugins.template import project_files
from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckOutput, CheckParser
from ompycord.checks.registry import CHECK_PARSERS
from ompycord.errors import RefusedInWords
from tests.integration.cli.harness import ompycord
from tests.support.extension.goose_tests import TapOptions, TapParser
from tests.support.extension.installed import install_project as installed

AGENT = """
import json, sys, time
task = json.loads(sys.stdin.readline())["task"]
print("warming up", flush=True)
print(json.dumps({"text": "begun"}), flush=True)
if "long" in task:
    time.sleep(300)
print(json.dumps({"done": "all"}), flush=True)
"""


async def test_a_check_parser_from_the_template_keeps_every_rule_and_is_used(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    made = await ompycord("plugin", "new", "check-parser", "tap_lines", "--folder", str(project), folder=tmp_path)
    assert made.code == 0, made.err
    assert "ompycord plugin check tap_lines" in made.out
    environ = installed(project, tmp_path / "site")
    listed = await ompycord("plugin", "list", "--json", folder=tmp_path, environ=environ)
    ours: dict[str, Any] = next(one for one in json.loads(listed.out) if one["name"] == "tap_lines")
    assert (listed.code, ours["distribution"], ours["fault"]) == (0, "ompycord-tap-lines", None)
    done = await ompycord("plugin", "check", "tap_lines", "--json", folder=tmp_path, environ=environ)
    assert (done.code, json.loads(done.out)["ok"]) == (0, True), done.out
    [usage] = re.findall(r"```yaml\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    (tmp_path / "ompycord.yml").write_text(usage)
    shown = await ompycord("config", "show", "--json", folder=tmp_path, environ=environ)
    [row] = [one for one in json.loads(shown.out) if one["setting"] == "repositories.shop.checks"]
    assert row["value"][0]["parser"] == {"kind": "tap_lines", "strict": False}


async def test_a_notifier_from_the_template_keeps_every_rule_and_is_made_as_its_page_says(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    made = await ompycord("plugin", "new", "notifier", "log_lines", "--folder", str(project), folder=tmp_path)
    assert made.code == 0, made.err
    environ = installed(project, tmp_path / "site")
    done = await ompycord("plugin", "check", "log_lines", "--json", folder=tmp_path, environ=environ)
    assert (done.code, len(json.loads(done.out)["rules"])) == (0, 5), done.out
    [usage] = re.findall(r"```yaml\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    (tmp_path / "ompycord.yml").write_text(usage)
    shown = await ompycord("config", "show", "--json", folder=tmp_path, environ=environ)
    [row] = [one for one in json.loads(shown.out) if one["setting"] == "notify.notifiers"]
    assert (row["value"][0]["kind"], row["value"][0]["topics"]) == ("log_lines", ["run", "alert"])


async def test_a_kind_of_forge_from_the_template_keeps_every_rule_and_is_chosen_by_its_page(
    tmp_path: Path,
) -> None:
    project = tmp_path / "mine"
    made = await ompycord("plugin", "new", "forge", "glade", "--folder", str(project), folder=tmp_path)
    assert made.code == 0, made.err
    environ = installed(project, tmp_path / "site")
    done = await ompycord("plugin", "check", "glade", "--json", folder=tmp_path, environ=environ)
    assert (done.code, len(json.loads(done.out)["rules"])) == (0, 13), done.out
    [usage] = re.findall(r"```yaml\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    (tmp_path / "ompycord.yml").write_text(usage)
    shown = await ompycord("config", "show", "--json", folder=tmp_path, environ=environ)
    rows = {row["setting"]: row["value"] for row in json.loads(shown.out)}
    assert (rows["repositories.shop.forge.kind"], rows["repositories.shop.forge.file"]) == ("glade", "/srv/forge.json")


async def test_a_memory_from_the_template_keeps_every_rule_and_is_chosen_as_its_page_says(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    made = await ompycord("plugin", "new", "memory", "tin_box", "--folder", str(project), folder=tmp_path)
    assert made.code == 0, made.err
    environ = installed(project, tmp_path / "site")
    done = await ompycord("plugin", "check", "tin_box", "--json", folder=tmp_path, environ=environ)
    assert (done.code, len(json.loads(done.out)["rules"])) == (0, 7), done.out
    [usage] = re.findall(r"```yaml\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    (tmp_path / "ompycord.yml").write_text(usage)
    shown = await ompycord("config", "show", "--json", folder=tmp_path, environ=environ)
    rows = {row["setting"]: row["value"] for row in json.loads(shown.out)}
    assert (rows["memory.backend.kind"], rows["memory.backend.file"]) == ("tin_box", "/var/lib/tin-box.json")
    without = await ompycord("config", "show", folder=tmp_path)
    assert (without.code, without.err.strip()) == (
        78, "ompycord: memory.backend.kind: it must be one of none that is installed",
    )  # fmt: skip


@pytest.mark.long
async def test_an_agent_from_the_template_keeps_every_rule(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    await ompycord("plugin", "new", "agent", "quacks", "--folder", str(project), folder=tmp_path)
    environ = installed(project, tmp_path / "site")
    (tmp_path / "quack.py").write_text(AGENT)
    agent = {
        "kind": "quacks",
        "command": [sys.executable, "-I", str(tmp_path / "quack.py")],
        "sandbox": {"minimum": "none"},
        "grants": {"files": [str(tmp_path / "quack.py")]},
    }
    (tmp_path / "ompycord.yml").write_text(yaml.safe_dump({"agents": {"duck": agent}}))
    words = ("--quick", "short", "--long", "long", "--wait", "30", "--json")
    done = await ompycord("conformance", "duck", *words, folder=tmp_path, environ=environ)
    assert json.loads(done.out)["ok"], done.out


async def test_one_that_cannot_be_imported_is_named_with_its_package_and_cause(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    await ompycord("plugin", "new", "check-parser", "broken", "--folder", str(project), folder=tmp_path)
    (project / "ompycord_broken.py").write_text("raise RuntimeError('no such wheel')\n")
    environ = installed(project, tmp_path / "site")
    listed = await ompycord("plugin", "list", folder=tmp_path, environ=environ)
    assert listed.code == 1
    assert "no such wheel" in listed.out
    looked = await ompycord("doctor", "--json", "--data-dir", str(tmp_path / "d"), folder=tmp_path, environ=environ)
    [finding] = [one for one in json.loads(looked.out)["findings"] if one["name"] == "Plug-ins"]
    assert (finding["status"], "ompycord-broken" in finding["text"]) == ("fail", True)
    assert finding["remedy"] == "Repair or uninstall ompycord-broken."


async def test_a_broken_check_parser_is_in_the_way_only_of_what_names_it(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    await ompycord("plugin", "new", "check-parser", "aaa", "--folder", str(project), folder=tmp_path)
    (project / "ompycord_aaa.py").write_text("raise RuntimeError('no such wheel')\n")
    environ = installed(project, tmp_path / "site")

    async def shown(**check: str) -> tuple[int, str]:
        unit = {"name": "unit", "command": ["pytest"], **check}
        content = {"repositories": {"shop": {"path": "/srv/shop", "checks": [unit]}}}
        (tmp_path / "ompycord.yml").write_text(yaml.safe_dump(content))
        done = await ompycord("config", "show", folder=tmp_path, environ=environ)
        return done.code, done.err

    why = (
        "The check parser aaa of ompycord-aaa cannot be imported from ompycord_aaa:PARSER (RuntimeError: no such wheel)"
    )
    code, told = await shown()
    assert (code, why in told) == (0, True)
    code, told = await shown(parser="aaa")
    assert (code, why in told) == (78, True)
    assert await shown(parser="pytest") == (0, "")


def test_our_own_parsers_keep_the_rules_too() -> None:
    broken = {
        name: [(one.rule, one.why) for one in judge_parser(CHECK_PARSERS.get(name)) if not one.kept]
        for name in CHECK_PARSERS.names
        if name != "exit"
    }
    assert [name for name, rules in broken.items() if rules] == []


class _Remembers(TapParser):
    kept = 0

    def count(self, output: CheckOutput) -> Counts | None:
        counts = super().count(output)
        _Remembers.kept += 1
        return None if counts is None else Counts(passed=counts.passed + _Remembers.kept, failed=counts.failed)


class _Raises(TapParser):
    def count(self, output: CheckOutput) -> Counts | None:
        return Counts(passed=int(output.lines[0]))


@pytest.mark.parametrize(
    ("parser", "rule"),
    [
        (_Remembers, "counts the same output the same way twice"),
        (_Raises, "counts or returns nothing whatever was printed"),
    ],
)
def test_a_parser_that_breaks_a_rule_is_told_which(parser: type[TapParser], rule: str) -> None:
    verdicts = judge_parser(CheckParser(options=TapOptions, parser=parser, claims=lambda command: False))
    assert rule in [one.rule for one in verdicts if not one.kept]


@pytest.mark.parametrize("name", ["", "Tap", "../x", "1tap", "a" * 40, "tap-lines"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(RefusedInWords, match="small letters"):
        project_files("check-parser", name)
