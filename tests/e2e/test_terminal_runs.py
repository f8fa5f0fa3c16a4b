"""A run from the terminal: followed to its end, told afterwards; with a running Ompycord, and without one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_journeys import REHEARSAL, git
from tests.integration.cli.harness import Done, ompycord
from tests.support.patience import within
from tests.support.product import SECRET, running_product

pytestmark = pytest.mark.posix
PRESETS = "task_presets:\n  web-app: {prompt: Use the sample's style., repository: sample, mode: fast}\n"


async def cli(folder: Path, *words: str) -> Done:
    environ = {"OMP_WEBHOOK_SECRET": SECRET}
    return await ompycord(*words, "--data-dir", str(folder / "data"), folder=folder, environ=environ)


async def told(folder: Path, *words: str) -> dict[str, Any]:
    done = await cli(folder, "report", *words, "--format", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


async def test_a_run_without_a_running_ompycord_is_conducted_here_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(PRESETS)
    done = await cli(tmp_path, "run", "Fix the discount twice.")
    assert done.code == 0, done.err
    for step in ("building", "verifying", "repairing: unittest: 3 of 5 fail.", "complete: unittest passed."):
        assert f"  {step}" in done.out
    assert "✅ Done · checks passed: The check passed." in done.out
    story = await told(tmp_path, "--last")
    branch = f"ompycord/fix-the-discount-twice-{story['run']}"
    assert (story["branch"], story["round"], story["exit_code"]) == (branch, 2, 0)
    assert [start["checks"] for start in story["starts"]] == [["unittest failed"], ["unittest passed"]]
    assert "line.cost * percent" in git(tmp_path / "data/sample", "show", f"{branch}:cart/total.py")
    again = await cli(tmp_path, "run", "Fix the discount, or never.", "--like", story["run"], "--complexity", "medium")
    assert again.code == 5, again.out
    assert "🔴" in again.out
    quick = await cli(tmp_path, "run", "--preset", "web-app", "Fix the discount.", "--json")
    assert quick.code == 3, quick.err
    found = json.loads(quick.out)
    assert (found["mode"], found["state"], found["sections"][0]["lines"]) == (
        "fast", "COMPLETE", ["Use the sample's style.", "", "Fix the discount."],
    )  # fmt: skip
    out = tmp_path / "report.md"
    assert (await cli(tmp_path, "report", story["run"], "--format", "md", "--output", str(out))).code == 0
    text = out.read_text()
    assert text.startswith("# ✅ Done · checks passed: Fix the discount twice\n")
    assert "| 2 | " in text
    assert "unittest failed" in text
    unknown = await cli(tmp_path, "run", "--preset", "none", "x")
    assert unknown.code == 77
    assert "There is no task preset none. There are: web-app." in unknown.err
    detached = await cli(tmp_path, "run", "x", "--detach")
    assert (detached.code, "Start `ompycord up` first" in detached.err) == (77, True)


async def test_a_question_is_answered_at_the_terminal_and_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(PRESETS)
    done = await cli(tmp_path, "ask", "Where is the discount applied? Be false.")
    assert done.code == 0, done.err
    assert "The total is made in `cart/total.py:23`" in done.out
    assert "- no/such/file.py:3: that commit has no such file" in done.out
    assert "💬 Answered: rehearsal read commit" in done.out
    story = await told(tmp_path, "--last")
    assert (story["schema"], story["mode"], story["outcome"]) == ("ompycord/report@1", "ask", "answered")
    assert git(tmp_path / "data/sample", "branch", "--list", "ompycord/*") == ""


async def test_terminal_and_card_tell_the_same_and_a_stopped_run_goes_on_by_its_id(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        done = await cli(tmp_path, "run", "Fix the discount for several pieces.", "--json")
        assert done.code == 0, done.err
        story = json.loads(done.out)
        result = await ada.wait_message(lambda m: f"{story['run']} · result" in m.text)
        assert result.text.startswith(story["mark"])
        assert story["status"] in result.text
        assert story["branch"] in result.text
        await ada.start_command("omp show", "tasks", run=story["run"], what="report")
        await ada.wait_message(lambda m: f"The report of `{story['run']}`" in m.text)
        slow = await cli(tmp_path, "run", "Please ask before you fix the discount.", "--detach", "--json")
        assert slow.code == 0, slow.err
        run = json.loads(slow.out)["run"]
        await ada.wait_message(lambda m: f"{run} · question" in m.text)
        await ada.command("omp stop", "tasks", run=run)
        async with within(30):
            while (await told(tmp_path, run))["exit_code"] != 6:  # another process's state wakes nobody here
                continue
        resumed = await cli(tmp_path, "resume", "--id", run, "--detach")
        assert resumed.code == 0, resumed.err
        again = await cli(tmp_path, "resume", "--id", run)
        assert again.code == 77
        assert run in again.err
