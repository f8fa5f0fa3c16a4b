"""A person takes a stopped run over at a terminal and hands it back: the agent goes on with what was done there."""

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.test_journeys import branch_of, git
from tests.integration.cli.harness import ompycord
from tests.support.product import running_product
from tests.support.replies import run_linked_by
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.posix]

PATIENT = """#!/bin/sh
# Works until somebody has made by-hand.txt in its clone.
cat > /dev/null
while [ ! -e by-hand.txt ]; do sleep 0.1; done
echo "an agent was here" >> by-hand.txt
"""
CONFIG = """
repositories:
  notes: {path: notes}
agents:
  patient: {kind: command, command: [./patient.sh]}
"""


@pytest.mark.long
async def test_a_stopped_run_is_worked_on_by_hand_and_handed_back(tmp_path: Path) -> None:
    repository = tmp_path / "notes"
    repository.mkdir()
    git(repository, "init", "--quiet")
    (repository / "README").write_text("notes\n")
    git(repository, "add", "-A")
    git(repository, "commit", "--quiet", "-m", "first")
    program = tmp_path / "patient.sh"
    program.write_text(PATIENT)
    program.chmod(0o755)
    config = CONFIG.replace("./patient.sh", str(program)).replace("path: notes", f"path: {repository}")
    async with running_product(tmp_path, config=config) as product:
        ada = product.playground.ada
        asked = await ada.command("omp new", "tasks", prompt="Wait", repository="notes", agent="patient", mode="fast")
        assert asked.reply is not None
        queued = await ada.wait_message(lambda m: "Queued: http" in m.text and m.is_ephemeral)
        run = await run_linked_by(ada, queued.text)
        card = await ada.wait_message(lambda m: " · card 1" in m.text and "Working" in m.text)
        argv = [sys.executable, "-m", "ompycord", "takeover", run, "--data-dir", str(product.data)]
        env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        early = Terminal(argv, cwd=tmp_path, env=env)
        try:
            await early.read_until("is at work. Stop it first")
            assert await early.ended() == 77
        finally:
            early.close()
        await ada.click(card, "Stop")
        card = await ada.wait_message(lambda m: " · card 1" in m.text and "Take over" in m.labels)
        await ada.click(card, "Take over")
        await ada.wait_message(lambda m: f"ompycord takeover {run}" in m.text and m.is_ephemeral)
        piped = await ompycord(*argv[3:], folder=tmp_path)
        assert (piped.out, "needs a terminal" in piped.err) == ("", True)  # nothing is said to be anybody's
        hand = Terminal([*argv, "--", "/usr/bin/env", "BY=hand", "/bin/sh"], cwd=tmp_path, env=env)
        try:
            await hand.read_until("is yours")
            await ada.click(card, "Resume")
            card = await ada.wait_message(lambda m: " · card 1" in m.text and "Somebody works in its clone" in m.text)
            hand.type("echo 'a person was here' > by-hand.txt; echo ma''de by $BY; exit 3\n")
            await hand.read_until("made by hand")
            await hand.read_until("Handed back.")
            assert await hand.ended() == 3, hand.screen
        finally:
            hand.close()
        await ada.click(card, "Resume")
        await ada.wait_message(lambda m: f"{run} · result" in m.text and "Somebody worked in its clone" in m.text)
        made = git(repository, "show", f"{branch_of(repository, run)}:by-hand.txt")
        assert made.splitlines() == ["a person was here", "an agent was here"]
