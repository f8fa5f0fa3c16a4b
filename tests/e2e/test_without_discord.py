"""A full run at a terminal while Discord is down: the same story as with it, and its card once Discord is back."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from tests.e2e.conftest import shown
from tests.e2e.test_journeys import REHEARSAL, branch_of, git
from tests.integration.cli.harness import ompycord
from tests.support.patience import within
from tests.support.playground import running_playground
from tests.support.product import SECRET, running_product
from tests.support.token_product import environment, token_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(400)]

CONFIG = """
repositories: {sample: {path: %s, checks: [{name: unittest, command: ["{python}", -m, unittest]}]}}
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
  reader: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
"""
TASK = "Fix the discount twice."
STATES = (
    *("QUEUED", "PRECHECK", "PLANNING", "AWAITING_APPROVAL", "BUILDING", "VERIFYING", "REPAIRING", "VERIFYING"),
    *("REVIEWING", "PUBLISHING", "COMPLETE"),
)
ENDS_S = 120.0


async def approved_at_the_terminal(folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """`ompycord run`, whose plan is approved as its own line says; its exit code and what it printed."""
    words = ("run", TASK, "--mode", "full", "--agent", "rehearsal", "--data-dir", str(folder / "data"))
    env = {**os.environ, "PYTHONPATH": str(Path.cwd()), **environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ompycord", *words), cwd=folder, env=env, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    said = ""
    async with within(ENDS_S):
        while line := (await process.stdout.readline()).decode():
            said += line
            if found := re.search(r"`ompycord (plan approve \w{6})`", line):
                decided = await cli(folder, environ, *found[1].split())
                assert "Approved. The agent works by it." in decided
        return await process.wait(), said


async def cli(folder: Path, environ: Mapping[str, str], *words: str) -> str:
    done = await ompycord(*words, "--data-dir", str(folder / "data"), folder=folder, environ=dict(environ))
    assert done.code == 0, done.err
    return done.out


def told(story: Mapping[str, Any]) -> dict[str, Any]:
    """What of a story does not depend on when and where it was."""
    return {
        **{name: story[name] for name in ("title", "mode", "state", "mark", "status", "verification", "round")},
        "states": [step["state"] for step in story["steps"]],
        "starts": [(start["round"], start["files"], start["checks"]) for start in story["starts"]],
        "sections": [section["name"] for section in story["sections"]],
        "exit_code": story["exit_code"],
    }


async def test_a_run_before_the_first_playground_is_shown_in_it(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(REHEARSAL)
    environ = {"OMP_WEBHOOK_SECRET": SECRET}
    assert "Done · checks passed" in await cli(tmp_path, environ, "run", "Fix the discount.")
    run = json.loads(await cli(tmp_path, environ, "report", "--last", "--format", "json"))["run"]
    async with running_product(tmp_path, config=REHEARSAL) as product:
        async with within(ENDS_S):
            while not (seen := await shown(product.playground, run)).results:  # it may be older than our connection
                await product.playground.ada.see_next()
        assert "Done · checks passed" in seen.results[0].text
        assert (len(seen.mirrors), len(seen.threads), len(seen.cards)) == (1, 1, 1)


async def test_a_full_run_with_discord_down_tells_the_same_story_and_has_its_card_later(tmp_path: Path) -> None:
    sample = tmp_path / "sample"
    await make_sample(sample, git=Git(path=os.environ["PATH"]))
    folder = tmp_path / "product"
    folder.mkdir()
    config = CONFIG % sample
    (folder / "ompycord.yml").write_text(config)
    async with running_playground(tmp_path) as playground:
        environ, ada = environment(playground), playground.ada
        code, said = await approved_at_the_terminal(folder, environ)
        assert code == 0, said
        assert not [message for message in ada.messages.values() if "· card" in message.text], "Discord was asked"
        story = json.loads(await cli(folder, environ, "report", "--last", "--format", "json"))
        assert tuple(told(story)["states"]) == STATES
        assert [start["checks"] for start in story["starts"]] == [["unittest failed"], ["unittest passed"]]
        run = story["run"]
        assert "line.cost * percent" in git(sample, "show", f"{branch_of(sample, run)}:cart/total.py")
        markdown = await cli(folder, environ, "report", run, "--format", "md")
        for words in ("Write a test that shows the discount", "reader", "unittest failed", "unittest passed"):
            assert words in markdown
        async with token_product(folder, environ, config=config):
            result = await ada.wait_message(lambda m: f"{run} · result" in m.text)
            assert "Done · checks passed" in result.text
            seen = await shown(playground, run)
            assert (len(seen.mirrors), len(seen.threads), len(seen.cards), len(seen.results)) == (1, 1, 1, 1)
            await ada.start_command(
                "omp new", "tasks", prompt=TASK, mode="full", repository="sample", agent="rehearsal"
            )
            plan = await ada.wait_message(lambda m: "Plan of" in m.text and "Approve" in m.labels)
            await ada.click(plan, "Approve")
            await ada.wait_message(lambda m: "· result" in m.text and m.id != result.id and "checks passed" in m.text)
            other = json.loads(await cli(folder, environ, "report", "--last", "--format", "json"))
        assert other["run"] != run
        assert told(other) == told(story)
