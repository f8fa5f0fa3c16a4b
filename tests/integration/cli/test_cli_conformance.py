"""`ompycord conformance` on agents that only configuration knows.

One that nobody planned for, one that is bad on purpose.
"""

import json
import sys
from pathlib import Path

import pytest
import yaml

from ompycord.agents.conformance import RULES
from tests.integration.cli.harness import ompycord

DOUBLES = Path(__file__).parents[2] / "support/agents"
NAMES = [rule.__name__.replace("_", " ") for rule in RULES if "simulated" not in rule.__name__]
"""An agent that does work need not say that it simulates it."""
TALK = ("--quick", "say hello", "--long", "say begun\nhang politely", "--wait", "30")


def configured(folder: Path, name: str, **spec: object) -> None:
    folder.mkdir()
    agent = {"sandbox": {"minimum": "none"}, **spec}
    (folder / "ompycord.yml").write_text(yaml.safe_dump({"agents": {name: agent}}), encoding="utf-8")


@pytest.mark.long
async def test_an_agent_that_nobody_planned_for_joins_by_configuration_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(DOUBLES / "acp_double.py")]
    configured(tmp_path / "c", "newcomer", kind="acp", command=command, grants={"files": [str(DOUBLES)]})
    done = await ompycord("conformance", "newcomer", "--json", *TALK, folder=tmp_path / "c")
    said = json.loads(done.out)
    assert [rule for rule in said["rules"] if not rule["kept"]] == [], done.err
    assert (done.code, said["ok"], said["agent"]) == (0, True, "newcomer")
    assert [rule["rule"] for rule in said["rules"]] == NAMES


async def test_a_bad_agent_fails_with_the_names_of_the_rules_that_it_breaks(tmp_path: Path) -> None:
    """It ends badly what it should end well, and ends at once what should take it minutes."""
    configured(
        tmp_path / "c", "bad", kind="command", command=[sys.executable, "-c", "print('no'); raise SystemExit(1)"]
    )
    done = await ompycord("conformance", "bad", "--wait", "20", folder=tmp_path / "c")
    assert done.code == 1, done.err
    lines = {line.split("  ")[0]: line for line in done.out.splitlines()}
    assert "broken   it claims to have failed: bad exited with code 1: no" in lines["reports its result last"]
    assert "broken   the long job ended by itself" in lines["is halted when its cancellation returns"]
    assert lines["leaves no process behind"].split()[-1] == "kept"
    broken = sum("  broken  " in line for line in lines.values())
    assert f"bad passes {len(NAMES) - broken} of {len(NAMES)} checks." in done.out
    assert 2 <= broken < len(NAMES)
    begun = [f"{number} of {len(NAMES)}: {name} …" for number, name in enumerate(NAMES, start=1)]
    assert [line for line in done.err.splitlines() if " of " in line] == begun


async def test_an_agent_that_is_not_configured_is_named_with_those_that_are(tmp_path: Path) -> None:
    configured(tmp_path / "c", "mine", kind="command", command=["true"])
    done = await ompycord("conformance", "yours", folder=tmp_path / "c")
    assert (done.code, done.err.strip()) == (78, "ompycord: agents: there is none named 'yours'. Known: mine.")


async def test_the_built_in_agent_has_no_program_to_try_and_a_question_is_offered_instead(tmp_path: Path) -> None:
    configured(tmp_path / "c", "native", kind="native")
    done = await ompycord("conformance", "native", folder=tmp_path / "c")
    assert done.code == 77
    assert 'ompycord ask "Answer with the one word: done." --agent native' in done.err
