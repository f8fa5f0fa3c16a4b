"""One check, run as often as it takes: the base and what is kept of it, old red, lost tests, red first, luck."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.repository import CheckSpec
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, SequentialIds
from tests.support.cheating import PYTEST, REPAIRED, TESTS, UNITTEST
from tests.support.new_store import new_store
from tests.support.trees import Change
from tests.support.verified_run import VerifiedRun, make_repository

RIGHT: Change = {
    "cart/__init__.py": "",
    "cart/total.py": REPAIRED,
    "tests/__init__.py": "",
    "tests/test_total.py": TESTS,
}
OLD_RED = """\
import unittest


class OldTest(unittest.TestCase):
    def test_old(self):
        self.assertEqual(1, 2)
"""
NEW = """\
import unittest

from cart import total


class NewTest(unittest.TestCase):
    def test_tax(self):
        self.assertEqual(total.with_tax([100]), 119)

    def test_always_green(self):
        self.assertEqual(total.total([]), 0)
"""
TAX = REPAIRED + "\n\ndef with_tax(prices):\n    return total(prices) * 119 / 100\n"
COUNTING = """\
import unittest
from pathlib import Path


class LuckTest(unittest.TestCase):
    def test_luck(self):
        seen = Path({place!r})
        was = seen.exists()
        seen.touch()
        self.assertTrue(was)
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    clock = FakeClock()
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as opened:
        yield opened


class Shop:
    """A repository, and runs on it."""

    def __init__(self, folder: Path, store: SqliteStore, base: Change) -> None:
        self._folder, self._store = folder, store
        make_repository(folder / "shop", base)

    async def run(self, change: Change, *checks: CheckSpec) -> tuple[VerifiedRun, StatusSnapshot]:
        made = VerifiedRun(self._folder, self._store, checks)
        await made.change(change)
        return made, await made.verify()


def proof(snapshot: StatusSnapshot) -> ev.CheckProved:
    found = snapshot.checks[0].proof
    assert found is not None
    return found


async def test_a_base_is_run_once_for_each_tree_and_each_definition_of_a_check(
    tmp_path: Path, store: SqliteStore
) -> None:
    log = tmp_path / "log"
    counting = f"import pathlib\nwith pathlib.Path({str(log)!r}).open('a') as file:\n    file.write('x')\n"
    shop = Shop(tmp_path, store, {**RIGHT, "tests/__init__.py": counting})
    change: Change = {"README.md": "x\n"}
    _, first = await shop.run(change, UNITTEST)
    assert proof(first).base == "passed"
    after_first = len(log.read_text())
    _, second = await shop.run(change, UNITTEST)
    assert proof(second) == proof(first)
    assert proof(first).base_tests == 2
    assert len(log.read_text()) == 2 * after_first - 1  # all but the base
    slower = UNITTEST.model_copy(update={"timeout_s": 300})
    await shop.run(change, slower)
    assert len(log.read_text()) == 3 * after_first - 1


@pytest.mark.parametrize("check", [UNITTEST, PYTEST], ids=["unittest", "pytest"])
async def test_what_failed_on_the_base_is_named_and_neither_fails_nor_verifies_the_run(
    tmp_path: Path, store: SqliteStore, check: CheckSpec
) -> None:
    shop = Shop(tmp_path, store, {**RIGHT, "tests/test_old.py": OLD_RED})
    made, snapshot = await shop.run({"README.md": "x\n"}, check)
    assert snapshot.verification is Verification.UNVERIFIED
    assert "passed" not in made.ended.facts
    assert made.ended.message == "unit fails as it does on the base."
    assert (proof(snapshot).base, proof(snapshot).only_old) == ("failed", True)
    assert "test_old" in proof(snapshot).old_failing[0]


async def test_beside_old_red_a_new_failure_fails_the_run(tmp_path: Path, store: SqliteStore) -> None:
    shop = Shop(tmp_path, store, {**RIGHT, "tests/test_old.py": OLD_RED})
    made, snapshot = await shop.run({"cart/total.py": "def total(prices):\n    return 7\n"}, UNITTEST)
    assert snapshot.verification is Verification.FAILED
    assert made.ended.facts["passed"] is False
    assert not proof(snapshot).only_old
    assert "test_old" in proof(snapshot).old_failing[0]


async def test_a_repaired_old_test_verifies_the_run(tmp_path: Path, store: SqliteStore) -> None:
    shop = Shop(tmp_path, store, {**RIGHT, "cart/total.py": "def total(prices):\n    return sum(prices) - 1\n"})
    _, snapshot = await shop.run({"cart/total.py": REPAIRED}, UNITTEST)
    assert snapshot.verification is Verification.VERIFIED
    assert (proof(snapshot).base, proof(snapshot).with_base, proof(snapshot).canary) == ("failed", "same", "seen")


@pytest.mark.parametrize("check", [UNITTEST, PYTEST], ids=["unittest", "pytest"])
async def test_new_tests_are_tried_without_the_change(tmp_path: Path, store: SqliteStore, check: CheckSpec) -> None:
    shop = Shop(tmp_path, store, RIGHT)
    _, snapshot = await shop.run({"cart/total.py": TAX, "tests/test_new.py": NEW}, check)
    assert snapshot.verification is Verification.VERIFIED
    assert proof(snapshot).new_total == 2
    passed = snapshot.checks[0].result.passed if snapshot.checks[0].result is not None else None
    assert passed is not None
    assert proof(snapshot).base_tests == passed - 2  # the canary counts nowhere
    assert [name.rpartition("test_")[2] for name in proof(snapshot).new_green] == ["always_green"]


async def test_tests_that_are_skipped_now_cost_the_mark_with_their_names(tmp_path: Path, store: SqliteStore) -> None:
    skips = "import unittest\n\n\ndef total(prices):\n    raise unittest.SkipTest('later')\n"
    shop = Shop(tmp_path, store, RIGHT)
    made, snapshot = await shop.run({"cart/total.py": skips}, UNITTEST)
    assert snapshot.verification is Verification.UNVERIFIED
    assert proof(snapshot).lost == ("tests.test_total.TotalTest.test_prices_are_added",)
    assert "1 tests that passed on the base are gone or skipped" in (made.ended.message or "")


async def test_what_passes_only_when_it_is_run_again_is_unstable_and_remembered(
    tmp_path: Path, store: SqliteStore
) -> None:
    shop = Shop(tmp_path, store, RIGHT)
    for before in (0, 1):
        luck = COUNTING.format(place=str(tmp_path / f"seen{before}"))
        made, snapshot = await shop.run({"tests/test_luck.py": luck}, UNITTEST)
        assert snapshot.checks[0].status == "passed"
        assert snapshot.verification is Verification.UNVERIFIED
        assert "passed only when it was run again" in (made.ended.message or "")
        assert proof(snapshot).unstable == ("tests.test_luck.LuckTest.test_luck",)
        assert proof(snapshot).unstable_before == before


@pytest.mark.parametrize("check", [UNITTEST, PYTEST], ids=["unittest", "pytest"])
async def test_assertions_that_no_longer_fail_are_a_lie_that_is_named(
    tmp_path: Path, store: SqliteStore, check: CheckSpec
) -> None:
    patch = "import importlib\ncase = getattr(importlib.import_module('unit' + 'test'), 'TestCase')\n"
    patch += "type.__setattr__(case, 'assert' + 'Equal', lambda *given: None)\n"
    shop = Shop(tmp_path, store, RIGHT)
    made, snapshot = await shop.run({"cart/total.py": f"{patch}\n\ndef total(prices):\n    return 7\n"}, check)
    assert (snapshot.verification, snapshot.to_accept) == (Verification.UNVERIFIED, 0)
    assert (snapshot.checks[0].status, proof(snapshot).canary) == ("passed", "hidden")
    assert (proof(snapshot).lie or "").startswith("assertEqual")
    assert "no longer fails in its process" in (proof(snapshot).lie or "")
    assert (made.ended.message or "").startswith("unit cannot be believed: assertEqual")


async def test_a_test_that_stays_red_is_red(tmp_path: Path, store: SqliteStore) -> None:
    shop = Shop(tmp_path, store, RIGHT)
    made, snapshot = await shop.run({"tests/test_old.py": OLD_RED}, UNITTEST)
    assert (snapshot.verification, proof(snapshot).unstable) == (Verification.FAILED, ())
    assert made.ended.message == "unit: 1 of 3 fail."
    assert [type(fact) for fact in made.facts if isinstance(fact, ev.ChecksErred)]


async def test_a_project_in_which_no_canary_lives_is_checked_without_one(tmp_path: Path, store: SqliteStore) -> None:
    """Its tests end the process themselves, on the base too."""
    ends = "import atexit, os, unittest\n\n\ndef tearDownModule():\n    os._exit(0)\n\n\nclass T(unittest.TestCase):\n"
    base: Change = {**RIGHT, "tests/test_end.py": f"{ends}    def test_end(self):\n        pass\n"}
    _, snapshot = await Shop(tmp_path, store, base).run({"README.md": "x\n"}, UNITTEST)
    assert snapshot.checks[0].status == "error"  # unittest itself wrote no closing lines
    assert snapshot.verification is Verification.UNVERIFIED


async def test_every_checkout_of_a_verification_is_gone_afterwards(tmp_path: Path, store: SqliteStore) -> None:
    made, _ = await Shop(tmp_path, store, RIGHT).run({"cart/total.py": TAX, "tests/test_new.py": NEW}, UNITTEST)
    assert not list(tmp_path.glob("runs/*/checkout-*"))
    assert not list(tmp_path.glob("runs/*/*.mixed"))
    assert (await made.step(fx.Publish(iteration=1))).outcome == "ok"
