"""Follow-ups: another run on the branch of one that has ended, in its agent's session, linked both ways.

With real git, and real checks where they judge; the agent is a script whose lines each run gets by its prompt.
"""

import shlex
import subprocess
from collections.abc import AsyncGenerator

import pytest

from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import new_ulid, short_id
from ompycord.domain.ports import RunFilter
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunOutcome, RunRecord, RunState
from ompycord.errors import Refused
from ompycord.render.refusals import Audience, refusal_words
from tests.integration.conductor.conftest import ADA, AppHarness, MakeHouse
from tests.support.patience import patient

SCRIPT = "sed '/^This follows up earlier work/,$d' | sh"
"""The prompt is the script; what a follow-up is told of the runs before comes after it."""
TEST = (
    "import unittest\nclass {name}Test(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual({what})\n"
)


class Shop:
    """A harness whose agent does what its prompt says, and the repository in which it does."""

    def __init__(self, harness: AppHarness, repository: RepositorySpec) -> None:
        self.harness = harness
        self.repository = repository
        self._gate = harness.folder / "go"
        self.wait = f"until [ -e {self._gate} ]; do sleep 0.05; done"
        """What a script says to wait for `go`."""

    def go(self) -> None:
        self._gate.touch()

    def git(self, *words: str) -> str:
        shown = subprocess.run(
            ("git", *words), cwd=self.repository.path, capture_output=True, timeout=patient(30), check=True
        )
        return shown.stdout.decode().strip()

    async def submit(self, script: str, **changes: str) -> RunRecord:
        return await self.harness.submit(ADA, None, repository="sample", agent="script", prompt=script, **changes)

    async def done(self, script: str, **changes: str) -> StatusSnapshot:
        return await self.harness.ended((await self.submit(script, **changes)).id)


@pytest.fixture
async def shop(real_house: MakeHouse) -> AsyncGenerator[Shop]:
    """Without checks: what git has afterwards does not depend on them."""
    harness, sample = await real_house(SCRIPT, has_checks=False)
    async with harness.running():
        yield Shop(harness, sample)


@pytest.fixture
async def checked(real_house: MakeHouse) -> AsyncGenerator[Shop]:
    harness, sample = await real_house(SCRIPT)
    async with harness.running():
        yield Shop(harness, sample)


def append(text: str, file: str = "NOTES.md") -> str:
    return f"echo {text} >>{file}"


async def test_a_follow_up_goes_on_with_the_result_on_the_same_branch(shop: Shop) -> None:
    first = await shop.done(append("one"))
    second = await shop.done(append("two"), follows=first.run)
    third = await shop.done(append("three"), follows=second.run)
    assert first.branch == second.branch == third.branch == f"ompycord/echo-one-notes-md-{short_id(first.run)}"
    assert shop.git("show", f"{first.branch}:NOTES.md").splitlines()[-3:] == ["one", "two", "three"]
    assert shop.git("rev-parse", str(first.branch)) == third.commit
    assert shop.git("log", "--format=%H", "main..", str(first.branch)).splitlines()[-1] == first.commit
    assert [file.path for file in third.files] == ["NOTES.md"]
    assert (third.files[0].added, third.files[0].removed) == (1, 0)


async def test_both_runs_name_the_other(shop: Shop) -> None:
    first = await shop.done(append("one"))
    second = await shop.done(append("two"), follows=first.run)
    first = await shop.harness.until(first.run, lambda snapshot: bool(snapshot.followed_by))
    assert (first.follows, first.followed_by) == (None, (second.run,))
    assert (second.follows, second.followed_by) == (first.run, ())


async def test_a_run_without_changes_leaves_the_branch_to_the_next_follow_up(shop: Shop) -> None:
    first = await shop.done(append("one"))
    second = await shop.done("true", follows=first.run)
    assert (second.outcome, second.branch) == (RunOutcome.NO_CHANGES, None)
    assert shop.git("rev-parse", str(first.branch)) == first.commit
    third = await shop.done(append("three"), follows=second.run)
    assert third.branch == first.branch
    assert shop.git("show", f"{first.branch}:NOTES.md").splitlines()[-2:] == ["one", "three"]


async def test_a_follow_up_of_a_run_without_a_branch_starts_at_the_base(shop: Shop) -> None:
    first = await shop.done("true")
    second = await shop.done(append("two"), follows=first.run)
    assert second.branch == f"ompycord/echo-two-notes-md-{short_id(second.run)}"
    assert shop.git("rev-parse", f"{second.branch}~1") == shop.git("rev-parse", "main")


# -- a branch that others changed --------------------------------------------------------------------------------------


async def test_a_branch_that_others_moved_is_named_and_gone_on_with(shop: Shop) -> None:
    first = await shop.done(append("one"))
    branch = str(first.branch)
    theirs = shop.git("commit-tree", f"{branch}^{{tree}}", "-p", branch, "-m", "theirs")
    shop.git("update-ref", f"refs/heads/{branch}", theirs)
    second = await shop.done(append("two"), follows=first.run)
    assert second.branch == branch
    assert shop.git("rev-parse", f"{branch}~1") == theirs
    assert second.notes[0] == (
        f"Others moved {branch} after run {short_id(first.run)}: this run starts at {theirs[:12]}, not at "
        f"{str(first.commit)[:12]}."
    )


async def test_a_branch_that_others_forced_elsewhere_is_gone_on_with_as_it_is(shop: Shop) -> None:
    first = await shop.done(append("one"))
    branch = str(first.branch)
    theirs = shop.git("commit-tree", "main^{tree}", "-m", "another root")
    shop.git("update-ref", f"refs/heads/{branch}", theirs)
    second = await shop.done(append("two"), follows=first.run)
    assert (second.branch, second.state) == (branch, RunState.COMPLETE)
    assert shop.git("log", "--format=%s", branch).splitlines()[1:] == ["another root"]
    assert "one" not in shop.git("show", f"{branch}:NOTES.md").splitlines()


async def test_a_branch_that_was_deleted_is_refused_with_what_to_do(shop: Shop) -> None:
    first = await shop.done(append("one"))
    branch = str(first.branch)
    shop.git("branch", "-D", branch)
    with pytest.raises(Refused) as refused:
        await shop.submit(append("two"), follows=first.run)
    assert refused.value.code == RefusalCode.BRANCH_MISSING
    words = refusal_words(refused.value, Audience.DISCORD)
    assert f"`git branch {branch} {str(first.commit)[:12]}`" in words
    shop.git("branch", branch, str(first.commit))
    assert (await shop.done(append("two"), follows=first.run)).branch == branch


async def test_a_branch_that_was_deleted_while_its_follow_up_waited_fails_that_by_name(shop: Shop) -> None:
    first = await shop.done(append("one"))
    branch = str(first.branch)
    second = await shop.submit(f"{shop.wait}; exit 1", follows=first.run)
    waiting = await shop.submit(append("three"), follows=first.run)
    await shop.harness.in_state(second.id, RunState.BUILDING)
    shop.git("branch", "-D", branch)
    shop.go()
    third = await shop.harness.ended(waiting.id)
    assert third.state is RunState.FAILED
    assert str(third.message).startswith(f"sample has no branch {branch} any more, so there is nothing to follow up.")


async def test_a_branch_that_is_checked_out_is_left_alone_and_the_result_is_beside_it(shop: Shop) -> None:
    first = await shop.done(append("one"))
    branch = str(first.branch)
    shop.git("switch", "--quiet", branch)
    second = await shop.done(append("two"), follows=first.run)
    assert second.branch == f"{branch}-2"
    assert f"{branch} is checked out in sample, or others moved it, so the result is on {branch}-2." in second.notes
    assert shop.git("rev-parse", branch) == first.commit
    shop.git("switch", "--quiet", "main")
    third = await shop.done(append("three"), follows=second.run)
    assert third.branch == f"{branch}-2"
    assert shop.git("show", f"{branch}-2:NOTES.md").splitlines()[-3:] == ["one", "two", "three"]


# -- the queue ---------------------------------------------------------------------------------------------------------


async def test_two_follow_ups_of_one_branch_work_one_after_the_other(shop: Shop) -> None:
    first = await shop.done(append("one"))
    second = await shop.submit(f"{shop.wait}; {append('two')}", follows=first.run)
    await shop.harness.in_state(second.id, RunState.BUILDING)
    third = await shop.submit(append("three"), follows=first.run)
    other = await shop.done(append("other"))
    assert other.state is RunState.COMPLETE  # a slot was free all the time
    assert (await shop.harness.areas.record(third.id)).state is RunState.QUEUED
    shop.go()
    await shop.harness.ended(third.id)
    assert shop.git("show", f"{first.branch}:NOTES.md").splitlines()[-3:] == ["one", "two", "three"]


async def test_a_follow_up_that_waits_starts_once_the_one_before_was_cancelled(shop: Shop) -> None:
    first = await shop.done(append("one"))
    second = await shop.submit("sleep 60", follows=first.run)
    await shop.harness.in_state(second.id, RunState.BUILDING)
    third = await shop.submit(append("three"), follows=first.run)
    await shop.harness.areas.runs.cancel(await shop.harness.areas.record(second.id), ADA)
    snapshot = await shop.harness.ended(third.id)
    assert (snapshot.state, snapshot.branch) == (RunState.COMPLETE, first.branch)


# -- who may, and what -------------------------------------------------------------------------------------------------


async def test_what_has_not_ended_or_is_elsewhere_is_not_followed(shop: Shop) -> None:
    record = await shop.submit("sleep 60")
    await shop.harness.in_state(record.id, RunState.BUILDING)
    for changes, code in (
        ({"follows": record.id}, RefusalCode.NOT_ENDED),
        ({"follows": record.id, "guild": "3"}, RefusalCode.NO_SUCH_RUN),
        ({"follows": new_ulid(now_ms=0, entropy=bytes(10))}, RefusalCode.NO_SUCH_RUN),
    ):
        with pytest.raises(Refused) as refused:
            await shop.submit("true", **changes)
        assert refused.value.code == code
    assert len(await shop.harness.store.runs(RunFilter())) == 1


async def test_two_follow_ups_of_one_run_are_both_named_by_it(shop: Shop) -> None:
    first = await shop.done(append("one"))
    second = await shop.done("exit 1", follows=first.run)
    third = await shop.done(append("three"), follows=first.run)
    first = await shop.harness.until(first.run, lambda snapshot: len(snapshot.followed_by) == 2)
    assert first.followed_by == (second.run, third.run)
    assert (await shop.harness.areas.record(third.run)).chain == first.run


# -- evidence ----------------------------------------------------------------------------------------------------------


def new_test(what: str) -> tuple[str, ...]:
    """The lines of a file of tests."""
    head = ("import unittest", "", "", "class NewTest(unittest.TestCase):", "    def test_it(self):")
    return (*head, f"        self.assertEqual({what})")


def quoted(lines: tuple[str, ...]) -> str:
    return " ".join(map(shlex.quote, lines))


def changed_paths(snapshot: StatusSnapshot) -> list[str]:
    return [change.path for change in snapshot.evidence]


async def test_a_test_of_the_base_that_the_follow_up_deletes_is_seen(checked: Shop) -> None:
    first = await checked.done(append("one"))
    assert (first.verification, first.evidence) == (Verification.VERIFIED, ())
    second = await checked.done("rm tests/test_total.py", follows=first.run)
    assert second.verification is not Verification.VERIFIED
    assert changed_paths(second) == ["tests/test_total.py"]


async def test_tests_of_the_base_that_the_first_run_deleted_are_missed_in_every_follow_up(checked: Shop) -> None:
    keep = f"printf '%s\\n' {quoted(new_test('1, 1'))} >tests/test_new.py"
    first = await checked.done(f"rm tests/test_total.py; {keep}")
    assert "tests/test_total.py" in changed_paths(first)
    second = await checked.done(append("two"), follows=first.run)
    assert "tests/test_total.py" in changed_paths(second)
    assert second.verification is not Verification.VERIFIED
    third = await checked.done(append("three"), follows=second.run)
    assert "tests/test_total.py" in changed_paths(third)
    restore = "git show $(git rev-list HEAD | tail -1):tests/test_total.py >tests/test_total.py"
    back = await checked.done(restore, follows=third.run)
    assert "tests/test_total.py" not in changed_paths(back)


async def test_a_test_that_the_first_run_added_is_its_own_and_may_be_changed(checked: Shop) -> None:
    """It is not of the base: what a run added was never evidence, and the follow-up is judged by the base alone."""
    first = await checked.done(f"printf '%s\\n' {quoted(new_test('1, 1'))} >tests/test_new.py")
    assert first.verification is Verification.VERIFIED
    second = await checked.done("sed -i s/1,\\ 1/2,\\ 2/ tests/test_new.py", follows=first.run)
    assert (second.verification, second.evidence) == (Verification.VERIFIED, ())
