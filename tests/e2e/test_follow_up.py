"""Follow-ups in the product, with the rehearsal: by a message in the thread, over a kill, by the form; one branch."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ompycord.playground.client import Message
from tests.e2e.test_journeys import REHEARSAL, git
from tests.support.playground_person import Person
from tests.support.product import Product, running_product

pytestmark = pytest.mark.e2e


async def result_of(who: Person, but: tuple[str, ...] = ()) -> tuple[str, Message]:
    """The short id and the result of a run that is none of these."""

    def is_other(message: Message) -> bool:
        found = re.search(r"(\w{6}) · result", message.text)
        return found is not None and found[1] not in but

    message = await who.wait_message(is_other, 60)
    found = re.search(r"(\w{6}) · result", message.text)
    assert found is not None
    return found[1], message


def view_of(product: Product, run: str) -> dict[str, Any]:
    """A run as the command line tells it to programs."""
    words = ("runs", run, "--json", "--data-dir", str(product.data))
    done = subprocess.run([sys.executable, "-m", "ompycord", *words], capture_output=True, text=True, check=True)
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


async def test_an_offer_outlives_a_kill_and_its_runs_go_on_on_one_branch(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Fix the discount for several pieces.")
        first, result = await result_of(ada)
        branch = f"ompycord/fix-the-discount-for-several-pieces-{first}"
        await ada.say("Also write a note.", result.channel_id)
        offer = await ada.wait_message(lambda m: f"Start a follow-up on `{branch}`?" in m.text and "Start" in m.labels)
        await product.kill()
        await product.start()
        clicks = [await ada.start_click(offer, "Start") for _ in range(2)]
        assert len(clicks) == 2
        second, result = await result_of(ada, (first,))
        assert "Done · checks passed" in result.text
        assert f"on {branch}" in result.text
        assert "\nFollows\n" in result.text
        opened = await ada.click(result, "Follow up…")
        await ada.submit_labels(opened, {"What should be done next?": "And another one."})
        third, result = await result_of(ada, (first, second))
        assert f"on {branch}" in result.text
        sample = product.data / "sample"
        assert git(sample, "branch", "--list", "ompycord/*", "--format=%(refname:short)") == branch
        notes = git(sample, "show", f"{branch}:NOTES.md")
        assert notes.index("Also write a note.") < notes.index("And another one.")
        assert "line.cost * percent" in git(sample, "show", f"{branch}:cart/total.py")
        await ada.wait_message(lambda m: f"{first} · result" in m.text and "\nFollow-ups\n" in m.text)
        threads = {message.channel_id for message in await ada.history(result.channel_id, limit=100)}
        assert threads == {result.channel_id}
        view = view_of(product, second)
        assert view["follows"][-6:].lower() == first
        assert [run[-6:].lower() for run in view["followed_by"]] == [third]
