"""Runs of the product end as a pull request on a forge, opened once, with its evidence; the token is seen nowhere."""

import os
import re
import subprocess
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
import yaml

from ompycord.playground.client import Message
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from tests.e2e.test_follow_up import result_of
from tests.support.forge_double import TOKEN, Fault, ForgeDouble, forge_double
from tests.support.patience import patient, until
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix]

WORDS = "Fix the discount for #12, thanks @ada"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncGenerator[ForgeDouble]:
    """One that has the sample."""
    await make_sample(tmp_path / "shop", git=Git(path=os.environ["PATH"]))
    async with forge_double(tmp_path / "forge", tmp_path / "shop") as double:
        yield double


def config(folder: Path, forge: ForgeDouble, *, poll_s: float = 60, **more: object) -> str:
    """`more` is of the section `publish`."""
    (folder / "token").write_text(f"{TOKEN}\n")
    unit = ["{python}", "-m", "unittest", "-v"]
    spec = {
        "path": str(folder / "shop"),
        "checks": [{"name": "unittest", "command": unit}],
        "forge": {**forge.settings, "token_file": str(folder / "token"), "poll_s": poll_s},
        "publish": more,
    }
    agent = {"kind": "rehearsal", "env": {"REHEARSAL_PACE": "0"}}
    return yaml.safe_dump({"repositories": {"shop": spec}, "agents": {"rehearsal": agent}})


async def ended(product: Product, *but: str) -> tuple[str, Message]:
    """The short id and the result of a run that is none of these."""
    return await result_of(product.playground.ada, but)


async def start(product: Product, words: str = WORDS, **more: str) -> None:
    await product.playground.ada.command("omp new", "tasks", prompt=words, repository="shop", agent="rehearsal", **more)


async def test_a_run_ends_as_a_pull_request_with_its_evidence(tmp_path: Path, forge: ForgeDouble) -> None:
    given = config(tmp_path, forge, labels=["agent", "made-up"], reviewers=["anna", "gone"])
    async with running_product(tmp_path, config=given) as product:
        await start(product)
        run, result = await ended(product)
    assert "Done · checks passed" in result.text
    assert "Open PR" in result.labels
    assert f"{forge.address}/acme/shop/pull/1" in result.text
    [pull] = forge.pulls
    branch = pull["head"]["ref"]
    assert branch.endswith(run)
    assert (pull["base"]["ref"], pull["draft"]) == ("main", False)
    assert pull["title"] == "Fix the discount for issue 12, thanks ada"
    body = pull["body"]
    assert "**✅ Checks passed here**" in body
    assert re.search(r"\| `unittest` \| ✅ passed, .* \| 5 passed, 0 failed \| passed, 4 tests \| canary seen; ", body)
    assert "1 new test, red without it" in body
    assert "Its own words, which nobody has checked:\n\n```text\n" in body
    assert f"```text\n{WORDS}\n```" in body, "what people wrote stands in a fence: it rings no one and closes nothing"
    assert "- Asked by `Ada`" in body
    assert set(forge.branches()) == {"main", branch}
    assert "line.cost * percent" in forge.git_line("show", f"{branch}:cart/total.py")
    asked = [one.body for one in forge.asked if one.method == "POST" and one.path.endswith(("/labels", "reviewers"))]
    assert asked == [{"labels": ["agent"]}, {"reviewers": ["anna"]}, {"reviewers": ["gone"]}]
    [status] = forge.statuses
    assert (status["context"], status["state"]) == ("ompycord", "success")
    assert status["description"] == "Checks passed here: unittest"
    assert status["url"].endswith(forge.branches()[branch])
    [comment] = forge.comments
    assert "**✅ Checks passed here**" in comment["body"]
    assert "Next: a review." in comment["body"]
    assert "| 1 | `cart/total.py` | low |" in body, "the review guide"
    subject = forge.git_line("log", "-1", "--format=%s", branch)
    assert subject == "Fix the discount for issue 12, thanks ada"
    assert "Label made-up is not there, or may not be put." in result.text
    assert_hidden(tmp_path)


def assert_hidden(folder: Path) -> None:
    """The token is in its own file and nowhere else: no log, no database, no clone, no setting of git."""
    for file in folder.rglob("*"):
        if file.is_file() and file != folder / "token" and not file.is_relative_to(folder / "forge"):
            assert TOKEN.encode() not in file.read_bytes(), file


async def test_a_kill_between_the_request_and_its_record_opens_no_second_one(
    tmp_path: Path, forge: ForgeDouble
) -> None:
    """The forge has the pull request; who asked is dead before the answer."""
    async with running_product(tmp_path, config=config(tmp_path, forge)) as product:
        kills = 2

        async def kill() -> None:
            nonlocal kills
            if kills and product.process is not None:
                kills -= 1
                product.process.kill()

        forge.opened = kill
        await start(product)
        await product.gone()
        await product.start()
        result = (await ended(product))[1].text
    assert "Done · checks passed" in result
    assert len(forge.pulls) == 1
    posts = [one for one in forge.asked if one.method == "POST" and one.path.endswith("/pulls")]
    assert len(posts) == 1
    assert f"{forge.address}/acme/shop/pull/1" in result
    assert len(forge.branches()) == 2


async def test_without_proof_it_is_a_draft_and_red_opens_none(tmp_path: Path, forge: ForgeDouble) -> None:
    async with running_product(tmp_path, config=config(tmp_path, forge)) as product:
        await start(product, "Fix the discount quickly.", mode="fast")
        first, unproved = await ended(product)
        await start(product, "Fix the discount, or never.")
        _, failed = await ended(product, first)
    assert "not verified" in unproved.text
    [pull] = forge.pulls
    assert pull["draft"]
    assert "**◐ Not verified: no check ran on this result**" in pull["body"]
    assert "failed" in failed.text.lower()
    assert len(forge.branches()) == 2, "a red result stays here"


async def test_a_forge_that_refuses_costs_no_work_and_says_what_to_do(tmp_path: Path, forge: ForgeDouble) -> None:
    forge.faults = [Fault("POST", "/pulls", 403, {"message": "Resource not accessible by personal access token"})]
    async with running_product(tmp_path, config=config(tmp_path, forge)) as product:
        await start(product)
        _, message = await ended(product)
        assert "Give it Contents and Pull requests, read and write" in message.text
        assert "The result is on the branch ompycord/" in message.text
        assert {"Check out", "Publish again"} <= set(message.labels)
        assert forge.pulls == []
        await product.playground.ada.click(message, "Publish again")
        shown = await product.playground.ada.wait_message(
            lambda found: found.id == message.id and "Done · checks passed" in found.text
        )
    assert f"{forge.address}/acme/shop/pull/1" in shown.text
    assert "Publish again" not in shown.labels
    assert len(forge.pulls) == 1
    assert not forge.pulls[0]["draft"]


async def test_a_draft_waits_for_an_approver_and_then_asks_for_review(tmp_path: Path, forge: ForgeDouble) -> None:
    async with running_product(tmp_path, config=config(tmp_path, forge, approve="draft_first")) as product:
        await start(product)
        _, message = await ended(product)
        assert forge.pulls[0]["draft"]
        assert "presses *Mark ready* on its card" in forge.comments[0]["body"]
        await product.playground.ada.click(message, "Mark ready")
        await product.playground.ada.wait_message(
            lambda found: found.id == message.id and "Mark ready" not in found.labels
        )
        await until(lambda: "Next: a review." in forge.comments[0]["body"])
    assert not forge.pulls[0]["draft"]
    assert (len(forge.comments), len(forge.pulls)) == (1, 1)


async def test_nothing_leaves_before_an_approver_allowed_it(tmp_path: Path, forge: ForgeDouble) -> None:
    async with running_product(tmp_path, config=config(tmp_path, forge, approve="always")) as product:
        await start(product)
        request = await product.playground.ada.wait_message(lambda found: "Allow once" in found.labels)
        assert "Publish ompycord/" in request.text
        assert set(forge.branches()) == {"main"}
        assert "Allow for this run" not in request.labels
        await product.playground.ada.click(request, "Allow once")
        _, message = await ended(product)
    assert "Done · checks passed" in message.text
    assert (len(forge.branches()), len(forge.pulls)) == (2, 1)


@pytest.mark.long
async def test_a_run_beyond_what_people_read_waits_and_says_for_whom(tmp_path: Path, forge: ForgeDouble) -> None:
    given = config(tmp_path, forge, reviewers=["anna"], most_unread=1)
    async with running_product(tmp_path, config=given) as product:
        await start(product)
        first, _ = await ended(product)
        await start(product)
        request = await product.playground.ada.wait_message(lambda found: "Allow once" in found.labels)
        assert "1 pull request of shop waits for anna" in request.text
        assert "read one and this goes on, or allow it now" in request.text
        assert len(forge.pulls) == 1
        await product.playground.ada.click(request, "Allow once")
        await ended(product, first)
    assert len(forge.pulls) == 2


async def test_a_base_that_moved_is_followed_and_the_result_is_verified_once_more(
    tmp_path: Path, forge: ForgeDouble
) -> None:
    """So is a follow-up: the test that others changed on the base meanwhile is none that the work changed."""
    moved = changed_on_main(tmp_path, forge, "tests/test_total.py", 'Line("pen"', 'Line("pencil"')
    async with running_product(tmp_path, config=config(tmp_path, forge)) as product:
        await start(product)
        first, message = await ended(product)
        opened = await product.playground.ada.click(message, "Follow up…")
        await product.playground.ada.submit_labels(opened, {"What should be done next?": "Write a note, too."})
        _, again = await ended(product, first)
    [pull] = forge.pulls
    assert forge.git_line("rev-parse", f"{pull['head']['ref']}^^") == moved
    for text in (message.text, again.text):
        assert "Done · checks passed" in text
    assert (pull["draft"], "that this work does not have" in pull["body"]) == (False, False)


def changed_on_main(folder: Path, forge: ForgeDouble, file: str, old: str, new: str) -> str:
    """A commit of others to the base there."""
    copy = folder / "theirs"
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    run = partial(subprocess.run, check=True, capture_output=True, timeout=patient(30))
    run(("git", "clone", "-q", "-b", "main", str(forge.git), str(copy)))
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    run(("git", *who, "commit", "-q", "-a", "-m", "moved"), cwd=copy)
    run(("git", "push", "-q", "origin", "main"), cwd=copy)
    return forge.git_line("rev-parse", "main")


async def test_a_follow_up_goes_on_in_the_same_pull_request_on_top_of_what_a_person_pushed(
    tmp_path: Path, forge: ForgeDouble
) -> None:
    async with running_product(tmp_path, config=config(tmp_path, forge)) as product:
        await start(product)
        first, message = await ended(product)
        head = forge.pulls[0]["head"]["ref"]
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        theirs = forge.git_line(*who, "commit-tree", "-p", head, "-m", "by a person", f"{head}^{{tree}}")
        forge.git_line("update-ref", f"refs/heads/{head}", theirs)
        opened = await product.playground.ada.click(message, "Follow up…")
        await product.playground.ada.submit_labels(opened, {"What should be done next?": "Write a note, too."})
        _, again = await ended(product, first)
    [pull] = forge.pulls
    assert f"{forge.address}/acme/shop/pull/1" in again.text
    assert forge.git_line("rev-list", "--count", f"main..{pull['head']['ref']}") == "3"
    assert theirs in forge.git_line("rev-list", pull["head"]["ref"])
    assert "asked:" in pull["body"]
    assert "Write a note, too." in pull["body"]
    assert re.findall(r"^- `([^`]+)` \+", pull["body"], re.MULTILINE) == [
        "NOTES.md",
        "cart/total.py",
        "tests/test_total.py",
    ]
    assert len(forge.comments) == 1, "the comment is edited"
