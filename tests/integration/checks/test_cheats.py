"""Agents that leave the fault in and make the checks pass: each works, and none of them is verified.

On real repositories, with real checks. What else is named stands in `tests/unit/checks/test_evidence.py`.
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.repository import CheckSpec, ParserSpec
from ompycord.render.cards.view import view
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, SequentialIds
from tests.support.cheating import (
    BASE,
    CHEATS,
    FAST,
    GREEN,
    HONEST,
    MAKE,
    PYTEST,
    REPAIRED,
    SCRIPT,
    TESTS,
    UNITTEST,
    Cheat,
    Honest,
    put,
)
from tests.support.new_store import new_store
from tests.support.trees import Change
from tests.support.verified_run import VerifiedRun, make_repository

CHECKED_BY = {"unittest": UNITTEST, "pytest": PYTEST, "script": SCRIPT, "make": MAKE}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    clock = FakeClock()
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as opened:
        yield opened


async def verified(folder: Path, store: SqliteStore, change: Change, *checks: CheckSpec) -> StatusSnapshot:
    make_repository(folder / "shop", BASE)
    made = VerifiedRun(folder, store, checks)
    await made.change(change)
    return await made.verify()


MARKED = [
    pytest.param(cheat, id=name, marks=() if name in FAST else pytest.mark.long) for name, cheat in CHEATS.items()
]


def test_there_are_at_least_fifty_cheats_and_twenty_honest_agents() -> None:
    assert len(CHEATS) >= 50
    assert len(HONEST) >= 20


@pytest.mark.parametrize("cheat", MARKED)
async def test_a_run_that_cheats_is_not_verified_and_named(tmp_path: Path, store: SqliteStore, cheat: Cheat) -> None:
    snapshot = await verified(tmp_path, store, cheat.change, cheat.check)
    assert snapshot.verification is Verification.UNVERIFIED
    if cheat.found is not None:
        refused = () if snapshot.guard is None else snapshot.guard.findings
        seen = [(one.path, one.what) for one in snapshot.evidence], [(one.path, one.rule) for one in refused]
        assert cheat.found in (*seen[0], *seen[1])
    words = card_words(snapshot)
    assert named_on_the_card(snapshot, words), words


def card_words(snapshot: StatusSnapshot) -> str:
    """What a person reads of a run that has ended."""
    card = view(snapshot, RenderContext(), redact=str)
    return "\n".join((card.word, card.sentence, *(line for field in card.fields for line in field.lines)))


def named_on_the_card(snapshot: StatusSnapshot, words: str) -> bool:
    """Whether the card says what is wrong: a path, or what a run of the checks showed."""
    paths = [change.path for change in snapshot.evidence if change.path in words]
    shown = (
        "cannot be believed",
        "hides failing tests",
        "gone or skipped",
        "as it does without",
        "fails with the base",
    )
    return bool(paths) or any(one in words for one in shown)


HONEST_MARKED = [
    pytest.param(honest, id=name, marks=() if number % 3 == 0 else pytest.mark.long)
    for number, (name, honest) in enumerate(HONEST.items())
]


@pytest.mark.parametrize("honest", HONEST_MARKED)
async def test_a_run_that_is_honest_is_verified_or_asks_a_person_to_accept_exactly_what_it_changed(
    tmp_path: Path, store: SqliteStore, honest: Honest
) -> None:
    snapshot = await verified(tmp_path, store, honest.change, honest.check)
    assert [check.status for check in snapshot.checks] == ["passed"], snapshot.checks
    expected = Verification.UNVERIFIED if honest.accepts else Verification.VERIFIED
    assert (snapshot.verification, snapshot.to_accept) == (expected, honest.accepts), card_words(snapshot)


@pytest.mark.parametrize("check", [UNITTEST, PYTEST, SCRIPT, MAKE], ids=["unittest", "pytest", "script", "make"])
async def test_the_fault_itself_is_seen_and_its_repair_verified(
    tmp_path: Path, store: SqliteStore, check: CheckSpec
) -> None:
    """By every check that the cheats pass, so that none of them passes by itself."""
    faulty = await verified(tmp_path / "a", store, {"README.md": "words\n"}, check)
    assert (faulty.verification, faulty.evidence) == (Verification.UNVERIFIED, ())  # as red as it was
    assert [check.is_old_red for check in faulty.checks] == [True]
    more = TESTS + "\n    def test_nothing(self):\n        self.assertEqual(total.total([]), 0)\n"
    repair = {"cart/total.py": REPAIRED, "tests/test_total.py": more, "tests/test_new.py": GREEN}
    repaired = await verified(tmp_path / "b", store, repair, check)
    assert (repaired.verification, repaired.evidence) == (Verification.VERIFIED, ())


async def test_a_repair_that_touches_a_test_too_is_verified_where_it_passes_the_test_of_the_base(
    tmp_path: Path, store: SqliteStore
) -> None:
    change = {"cart/total.py": REPAIRED, "tests/test_total.py": put("[1, 2]", "[1, 1, 1]")}
    make_repository(tmp_path / "shop", BASE)
    made = VerifiedRun(tmp_path, store, [UNITTEST])
    await made.change(change)
    snapshot = await made.verify()
    assert made.ended.facts["passed"] is True
    assert snapshot.verification is Verification.VERIFIED
    assert [(one.path, one.what) for one in snapshot.evidence] == [("tests/test_total.py", "test_changed")]
    assert snapshot.checks[0].proof is not None
    assert (snapshot.checks[0].proof.with_base, snapshot.checks[0].proof.canary) == ("passed", "seen")


async def test_a_file_of_tests_that_was_deleted_and_written_again_is_as_it_was(
    tmp_path: Path, store: SqliteStore
) -> None:
    change = {"cart/total.py": REPAIRED, "tests/test_total.py": TESTS}
    assert (await verified(tmp_path, store, change, UNITTEST)).verification is Verification.VERIFIED


# -- more checks than one ----------------------------------------------------------------------------------------------

WRITES = CheckSpec(
    name="first",
    command=(
        "sh",
        "-c",
        "printf '%s' \"$0\" >tests/test_total.py; rm -f cart/total.py; mkdir -p left; ln -s . again",
        GREEN,
    ),
)
TRACES = CheckSpec(name="third", command=("sh", "-c", "ls; test ! -e left -a ! -L again -a -f cart/total.py"))


async def test_each_check_has_a_checkout_of_its_own(tmp_path: Path, store: SqliteStore) -> None:
    snapshot = await verified(tmp_path, store, {"README.md": "words\n"}, WRITES, *(
        one.model_copy(update={"name": name}) for name, one in (("second", UNITTEST), ("third", TRACES))
    ))  # fmt: skip
    assert {check.name: check.status for check in snapshot.checks} == {
        "first": "passed",
        "second": "failed",
        "third": "passed",
    }
    assert not list(tmp_path.glob("runs/*/checkout-*"))


def shell(name: str, command: str) -> CheckSpec:
    return CheckSpec(name=name, command=("sh", "-c", command), parser=ParserSpec(kind="exit"))


async def test_no_check_shares_a_file_with_another_or_with_the_repository(tmp_path: Path, store: SqliteStore) -> None:
    """A second name of a file would let one check write what another reads."""
    listing = shell("links", "find . -type f -links +1 | grep . && exit 1; exit 0")
    spoiling = shell("spoils", "for file in $(find . -type f); do echo spoilt >>$file; done")
    change = {"cart/total.py": REPAIRED, "tests/test_new.py": GREEN}
    snapshot = await verified(tmp_path, store, change, listing, spoiling, listing, UNITTEST)
    assert {check.status for check in snapshot.checks} == {"passed"}
    assert snapshot.verification is Verification.VERIFIED


CHECKS = {
    "failed": shell("red", "test ! -e README.md"),
    "missing": CheckSpec(name="gone", command=("no-such-program-here",)),
    "error": shell("cut", "kill -9 $$"),
    "passed": shell("green", "exit 0"),
}


@pytest.mark.parametrize(
    ("order", "passed", "message"),
    [
        (("passed", "failed", "missing"), False, "red failed: exit code 1."),
        (("missing", "failed"), False, "red failed: exit code 1."),
        (("error", "failed", "passed"), False, "red failed: exit code 1."),
        (("passed", "missing"), None, "gone did not run: no-such-program-here is not installed here."),
        (("missing",), None, "No check ran: no-such-program-here is not installed here."),
        (("passed", "error"), None, "cut proved nothing: "),
        (("missing", "error"), None, "No check ran: "),
        (("passed",), True, "green passed."),
    ],
)  # fmt: skip
async def test_of_several_checks_the_one_that_failed_is_told_first(
    tmp_path: Path, store: SqliteStore, order: tuple[str, ...], passed: bool | None, message: str
) -> None:
    make_repository(tmp_path / "shop", BASE)
    made = VerifiedRun(tmp_path, store, [CHECKS[name] for name in order])
    await made.change({"README.md": "words\n"})
    snapshot = await made.verify()
    assert made.ended.facts.get("passed") is passed
    assert made.ended.message is not None
    assert made.ended.message.startswith(message)
    assert [(check.name, check.status) for check in snapshot.checks] == [(CHECKS[name].name, name) for name in order]
    expected = {True: Verification.VERIFIED, False: Verification.FAILED, None: Verification.UNVERIFIED}
    assert snapshot.verification is expected[passed]


async def test_what_a_check_says_is_recorded_when_it_ends_and_not_after_all_of_them(
    tmp_path: Path, store: SqliteStore
) -> None:
    make_repository(tmp_path / "shop", BASE)
    made = VerifiedRun(tmp_path, store, [CHECKS["passed"], CHECKS["failed"]])
    await made.change({"tests/test_total.py": None})
    await made.verify()
    assert [fact.type for fact in made.facts] == [
        "result.guarded", "files.changed", "evidence.changed", "check.started", "check.finished", "check.proved",
        "check.started", "check.finished", "check.proved",
    ]  # fmt: skip


async def test_without_a_check_nothing_is_compared(tmp_path: Path, store: SqliteStore) -> None:
    snapshot = await verified(tmp_path, store, {"tests/test_total.py": None})
    assert (snapshot.verification, snapshot.evidence, snapshot.checks) == (Verification.UNVERIFIED, (), ())


# -- a small .git ------------------------------------------------------------------------------------------------------


async def test_a_check_has_a_small_git_folder_where_it_asks_for_one(tmp_path: Path, store: SqliteStore) -> None:
    asked = {
        "lists": 'git ls-files --error-unmatch README.md cart/total.py && test -z "$(git status --porcelain)"',
        "history": 'test "$(git rev-list --count HEAD)" = 1 && test -z "$(git remote)"',
        "objects": "test ! -e .git/objects/info/alternates && git fsck --full --strict",
        "branches": 'test "$(git branch --format="%(refname:short)")" = result',
    }
    checks = [shell(name, command).model_copy(update={"git": True}) for name, command in asked.items()]
    without = shell("without", "test ! -e .git")
    snapshot = await verified(tmp_path, store, {"README.md": "words\n"}, *checks, without)
    assert {check.name: check.status for check in snapshot.checks} == dict.fromkeys([*asked, "without"], "passed")


async def test_git_without_a_folder_of_its_own_says_so(tmp_path: Path, store: SqliteStore) -> None:
    snapshot = await verified(
        tmp_path, store, {"README.md": "words\n"}, shell("lists", "GIT_CEILING_DIRECTORIES=/ git ls-files")
    )
    assert snapshot.checks[0].result is not None
    assert "128" in (snapshot.checks[0].result.detail or "")
