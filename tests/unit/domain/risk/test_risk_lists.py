"""The lists of docs/reference/risk-classes.md: classes that a reader gave before the classifier ran."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.classify import judge_command
from ompycord.domain.risk.tools import ToolUse, classify_call

PAGE = Path(__file__).parents[4] / "docs/reference/risk-classes.md"
ROOT = "/srv/clone"


def _section(title: str) -> Iterator[list[str]]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells[0].startswith("`"):
            yield [_plain(cell) for cell in cells]


def _plain(cell: str) -> str:
    ticks = "``" if cell.startswith("``") else "`"
    text = cell.removeprefix(ticks).removesuffix(ticks)
    text = text.strip(" ") if ticks == "``" else text
    text = text.replace("⏎", "\n").replace("\\|", "|")
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), text)


COMMANDS = [(command, RiskClass.named(word)) for command, word in _section("Sixty commands")]
CALLS = [(tool, json.loads(text), RiskClass.named(word)) for tool, text, word in _section("Forty tool calls")]
OTHERWISE = [(command, RiskClass.named(word)) for command, word in _section("Other ways to write it")]


def test_the_lists_are_whole() -> None:
    assert (len(COMMANDS), len(CALLS)) == (60, 40)
    assert {risk for _, risk in COMMANDS} == set(RiskClass) == {risk for _, _, risk in CALLS}


@pytest.mark.parametrize(("command", "risk"), COMMANDS)
def test_no_command_gets_a_lower_class(command: str, risk: RiskClass) -> None:
    finding = judge_command(command, root=ROOT).finding
    assert finding.risk >= risk, finding.why


@pytest.mark.parametrize(("tool", "arguments", "risk"), CALLS)
def test_no_tool_call_gets_a_lower_class(tool: str, arguments: dict[str, object], risk: RiskClass) -> None:
    finding = classify_call(ToolUse(tool=tool, arguments=arguments), root=ROOT)
    assert finding.risk >= risk, finding.why


def test_at_most_a_tenth_gets_a_higher_class() -> None:
    higher = [(command, judge_command(command, root=ROOT).finding) for command, _ in COMMANDS]
    worse = [one for one, (_, risk) in zip(higher, COMMANDS, strict=True) if one[1].risk > risk]
    assert len(worse) <= len(COMMANDS) // 10, worse
    calls = [(tool, classify_call(ToolUse(tool=tool, arguments=arguments), root=ROOT)) for tool, arguments, _ in CALLS]
    worse_calls = [one for one, (_, _, risk) in zip(calls, CALLS, strict=True) if one[1].risk > risk]
    assert len(worse_calls) <= len(CALLS) // 10, worse_calls


@pytest.mark.parametrize(("command", "risk"), OTHERWISE)
def test_no_other_way_to_write_it_lowers_a_class(command: str, risk: RiskClass) -> None:
    finding = judge_command(command, root=ROOT).finding
    assert finding.risk >= risk, finding.why
