"""Whole stories of the modes full and ask in the playground, with the rehearsal: a plan, a review, an answer."""

import re
import subprocess
from pathlib import Path

import pytest

from ompycord.playground.client import Message
from tests.support.product import Product, running_product

pytestmark = pytest.mark.e2e

REHEARSAL = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
  reader: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


async def started(product: Product, prompt: str, **options: str) -> None:
    await product.playground.ada.start_command("omp new", "tasks", prompt=prompt, agent="rehearsal", **options)


async def seen(product: Product, *words: str) -> Message:
    """The newest message with all of these words."""
    return await product.playground.ada.wait_message(lambda message: all(word in message.text for word in words))


async def test_a_failing_test_is_planned_approved_fixed_in_two_rounds_reviewed_and_verified(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        await started(product, "Fix the discount twice.", mode="full")
        plan = await seen(product, "Plan of", "Approve", "Pauses")
        for words in ("cart/total.py", "Risks", "unittest"):
            assert words in plan.text
        assert ada.id in plan.content
        await ada.say("yes, approve it", plan.channel_id)  # what is written never decides
        await seen(product, "Waiting for", "Go to the plan")
        await ada.click(plan, "Approve")
        await seen(product, "Approved by Ada")
        result = await seen(product, "result", "Done · checks passed")
        for words in (
            *("2 rounds", "The check passed. reader reviewed it.", "unittest 5 passed", "canary seen"),
            *("reader: The result does what was asked for.", "2 steps, approved by Ada", "touches exactly its 2 files"),
        ):
            assert words in result.text


async def test_a_plan_is_sent_back_made_again_and_rejected(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        await started(product, "Misplan the discount.", mode="full")  # its first plan names a file that is not there
        plan = await seen(product, "Plan of", "Approve")
        assert "cart/total.py" in plan.text
        assert "Look once more" not in plan.text
        form = await ada.click(plan, "Change…")
        await ada.submit_modal(form, words="Look twice at what was asked for.")
        second = await seen(product, "Plan of", "Look once more", "Approve")
        assert second.id != plan.id
        await seen(product, "Sent back by Ada", "Look twice")
        form = await ada.click(second, "Reject…")
        await ada.submit_modal(form, words="Not on a Friday.")
        await seen(product, "Cancelled", "Ada rejected the plan: Not on a Friday.")
        sample = product.data / "sample"
        assert git(sample, "branch", "--list", "ompycord/*") == ""


async def test_a_planner_that_makes_none_fails_the_run_and_what_a_review_wants_is_repaired(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        await started(product, "Planless, please.", mode="full")
        failed = await seen(product, "result", "Failed")
        assert "No valid plan was made: The answer holds no JSON object:" in failed.text
        ada = product.playground.ada
        await started(product, "Fix the discount, the reader is picky.", mode="full")
        plan = await seen(product, "Plan of", "Approve")
        await ada.click(plan, "Approve")
        repaired = await seen(product, "result", "is picky", "Done · checks passed")
        assert "3 rounds" in repaired.text  # what is not in the plan goes back once, and the agent stays with it
        assert "NOTES.md" in repaired.text  # what the review wanted; the plan did not name it
        assert "⚠ not in the plan: NOTES.md" in repaired.text
        await started(product, "Fix the discount, the reader is pickiest.", mode="full")
        # The plan before may still stand there with its buttons: edits that nobody waits for come when there is time.
        second = await ada.wait_message(
            lambda one: one.id != plan.id and "Plan of" in one.text and "Approve" in one.labels
        )
        await ada.click(second, "Approve")
        open_ = await seen(product, "result", "is pickiest", "Done · not verified")
        assert "unittest passed, but the review of reader found 1 blocking problem" in open_.text


async def test_a_question_is_answered_with_links_the_false_ones_struck_and_nothing_changed(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada, sample = product.playground.ada, product.data / "sample"
        text = "Where is the total made? Write a false one, too."
        await ada.start_command("omp ask", "tasks", text=text, agent="rehearsal")
        answer = await seen(product, "result", "Answered")
        head = git(sample, "rev-parse", "HEAD")
        assert f"rehearsal read commit {head[:12]}. 2 links opened, 3 struck" in answer.text
        for words in (
            "no/such/file.py:3: that commit has no such file",
            "../outside.py:1: it leads out of the repository",
        ):
            assert words in answer.text
        assert len(re.findall(r"~~", answer.text)) == 6
        assert re.search(r"Nothing was changed|What it changed in its copy was dropped", answer.text)
        assert git(sample, "branch", "--list", "ompycord/*") == ""
        assert git(sample, "status", "--porcelain") == ""
        form = await ada.click(answer, "Follow up…")
        await ada.submit_modal(form, prompt="Then fix the discount.")
        followed = await seen(product, "result", "Done · checks passed")
        assert "Then fix the discount" in followed.text
        assert "ompycord/" in git(sample, "branch", "--list", "ompycord/*")
