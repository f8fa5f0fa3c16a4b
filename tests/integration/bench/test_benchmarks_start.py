"""Every benchmark starts alone, in a process of its own, and prints one JSON object that says where it ran.

Times are not judged.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS
from bench.environment import LIBRARIES
from tests.support.patience import patient

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long]

ROOT = Path(__file__).resolve().parents[3]
ALONE_S = 100.0
ELSEWHERE = {"gateway", "parallel"}
"""The longest; what they are made of starts in `test_gateway_figures.py`, and with `conductor`."""
ENVIRONMENT = {
    "python": str,
    "implementation": str,
    "platform": str,
    "kernel": str,
    "cpu": str,
    "cores": int,
    "load_average": float,
    "quiet": bool,
    "loop_ms": float,
    "sqlite": str,
    "libraries": dict,
}


def run_bench(*arguments: str) -> list[str]:
    """The lines that `python -m bench` prints; fails with what it complained about unless it ends with 0."""
    command = [sys.executable, "-m", "bench", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patient(ALONE_S), check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.soak if name in ELSEWHERE else ()) for name in BENCHMARKS]
)
def test_a_benchmark_starts_alone_and_prints_one_object_and_where_it_ran(name: str) -> None:
    lines = run_bench(name, "--size", "smallest")
    assert len(lines) == 1, lines
    result = json.loads(lines[0])
    assert result["benchmark"] == name
    assert result["size"] == "smallest"
    environment = result["environment"]
    assert {key: type(value) for key, value in environment.items()} == ENVIRONMENT
    assert environment["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(environment["libraries"]) == set(LIBRARIES)


def test_a_run_without_work_is_compared_with_the_same_work_by_git() -> None:
    result = json.loads(*run_bench("journey", "--size", "smallest", "--rounds", "2"))
    run, bare = result["run_small"], result["bare_small"]
    assert 0 < run["agent_starts_s"] < run["branch_is_there_s"] < run["result_is_posted_s"]
    assert 0 < bare["agent_starts_s"] < bare["branch_is_there_s"] < bare["ends_s"]
    assert result["spread_small"]["result_over_bare"]["rounds"] == 2
    assert result["result_over_bare_small"] > 0
    assert min(run["cpu_s"], bare["cpu_s"], result["cpu_over_bare_small"]) > 0
    assert result["result_over_bare_medium"] is None
