"""One factor scales every bound of waiting: how it is found, and that no test waits beside it."""

import ast
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.patience import LARGEST, VARIABLE, Patience, patience, patient, slowness, within
from tests.support.sources import suite

pytestmark = pytest.mark.xdist_group("source")

TESTS = Path(__file__).resolve().parents[2]
ROOT = TESTS.parent
SCALING = ("wait_message", "wait_event", "wait_answer", "select")
"""The person's waits in the playground scale the bound themselves; an agent's question has a timeout that is data."""
BOUNDED = {"timeout", "wait_for", "set_default_timeout"}
"""Names of what takes a bound as its last argument."""
MOMENT_S = 3.0
"""A bound up to this may stand as it is: one that is meant to pass, such as the moment before a cancellation."""


class Machine:
    """Its slowness and its time are set by hand."""

    def __init__(self, *slownesses: float) -> None:
        self.slownesses = list(slownesses)
        self.now_s = 100.0

    def measure(self) -> float:
        return self.slownesses.pop(0)

    def patience(self, start: float = 1.0) -> Patience:
        return Patience(start=start, measure=self.measure, now_s=lambda: self.now_s)


def test_a_quicker_machine_than_the_reference_is_not_hurried() -> None:
    machine = Machine(0.4)
    found = machine.patience(start=0.3)
    found.refresh()
    assert found.factor == 1.0


def test_load_that_comes_later_counts_and_is_forgotten_after_three_measurements() -> None:
    machine = Machine(6.0, 1.0, 1.0, 1.5)
    found = machine.patience(start=1.2)
    factors: list[float] = []
    for _ in range(4):
        found.refresh()
        factors.append(found.factor)
        machine.now_s += 10
    assert factors == [6.0, 6.0, 6.0, 1.5]


def test_it_is_measured_again_only_after_ten_seconds() -> None:
    machine = Machine(2.0, 3.0)
    found = machine.patience()
    found.refresh()
    machine.now_s += 9.9
    found.refresh()
    assert machine.slownesses == [3.0]
    machine.now_s += 0.1
    found.refresh()
    assert found.factor == 3.0


def test_a_machine_that_stands_still_gets_failures_not_hours() -> None:
    machine = Machine(5000.0)
    found = machine.patience()
    found.refresh()
    assert found.factor == LARGEST


def test_the_loop_measures_something() -> None:
    assert slowness() > 0.05


def test_this_very_process_has_the_factor_of_its_suite() -> None:
    assert patience().factor >= max(1.0, min(float(os.environ[VARIABLE]), LARGEST))


async def test_bounds_grow_by_the_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.patience.patience", lambda: Patience(start=4.0))
    assert patient(10) == 40.0
    async with within(10) as bound:
        ends_at = bound.when()
    assert ends_at is not None
    assert 30 < ends_at - asyncio.get_running_loop().time() <= 40


SUITE = """
import signal
import pytest

def left(): return signal.getitimer(signal.ITIMER_REAL)[0]

@pytest.mark.timeout(100)
def test_marked(): assert 1000 < left() <= 2000

def test_unmarked(): assert 1200 < left() <= 2400

@pytest.mark.timeout(0)
def test_unbounded(): assert left() == 0
"""


@pytest.mark.posix
def test_a_tests_own_bound_grows_by_the_factor(tmp_path: Path) -> None:
    """In a suite of its own with the factor twenty: a mark of 100 s, and the 120 s that hold without one."""
    (tmp_path / "test_suite.py").write_text(SUITE)
    plugins = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-p", "no:randomly")
    argv = (sys.executable, "-m", "pytest", *plugins, "-c", str(ROOT / "pyproject.toml"), "-q", str(tmp_path))
    env = {**os.environ, VARIABLE: "20", "CI": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=patient(60))
    assert "3 passed" in done.stdout, done.stdout + done.stderr


def is_scaled(bound: ast.expr) -> bool:
    """By `patient(...)`; a number of a moment that is meant to pass.

    Or what only the running test knows (a name in lower case).
    """
    match bound:
        case ast.Constant(value=None):
            return True
        case ast.Constant(value=int() | float() as seconds):
            return seconds <= MOMENT_S
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return not name.isupper()
        case ast.Call(func=ast.Name(id="patient")):
            return True
        case ast.BinOp(left=left, right=right):
            return is_scaled(left) and is_scaled(right)
        case _:
            return not isinstance(bound, ast.Constant)


def unscaled(tree: ast.AST) -> Iterator[str]:
    """Waits of the tree whose bound is a figure as it stands."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        bounds = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
        if not bounds and not (isinstance(call.func, ast.Attribute) and call.func.attr in BOUNDED):
            continue
        name = ast.unparse(call.func)
        if name in {"asyncio.timeout", "asyncio.wait_for"} or name.endswith(".set_default_timeout"):
            bounds += call.args[-1:]
        if not name.endswith(SCALING) and not all(is_scaled(bound) for bound in bounds):
            yield f"line {call.lineno}: {ast.unparse(call)[:100]}"


@pytest.mark.parametrize("waits", [
    "asyncio.timeout(20)", "asyncio.timeout(PATIENCE_S)", "asyncio.timeout(PATIENCE_S * 3)", "asyncio.wait_for(it, 10)",
    "subprocess.run(argv, timeout=60)", "page.set_default_timeout(8000)", "expect(card).to_be_visible(timeout=LONG_MS)",
])  # fmt: skip
def test_a_wait_with_a_bound_of_its_own_is_seen(waits: str) -> None:
    assert len(list(unscaled(ast.parse(waits)))) == 1


@pytest.mark.parametrize("waits", [
    "within(20)", "asyncio.timeout(0.05)", "asyncio.wait_for(it, patient(10))", "View(timeout=None)",
    "ada.wait_message(seen, timeout=60)", "subprocess.run(argv, timeout=patient(60))",
])  # fmt: skip
def test_a_scaled_wait_is_fine(waits: str) -> None:
    assert list(unscaled(ast.parse(waits))) == []


def test_no_wait_of_any_test_has_a_bound_of_its_own() -> None:
    assert {file: found for file, tree in suite().items() if (found := list(unscaled(tree)))} == {}
