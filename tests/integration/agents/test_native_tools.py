"""The program that holds the built-in agent's tools, asked as the agent asks it: what a call holds does not end it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.native import tools_program
from ompycord.agents.native.tool_program import BOUNDS
from tests.support.patience import patient

pytestmark = pytest.mark.posix


@pytest.fixture
def ask(clone: Path) -> Any:
    """Answers to calls of one start, in their order; the last one that it did not come to is missing."""

    def start(*calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        frames = [{"id": str(at), "tool": tool, "arguments": own} for at, (tool, own) in enumerate(calls)]
        argv = [sys.executable, "-I", "-S", tools_program.__file__]
        given = "".join(f"{json.dumps(one)}\n" for one in frames)
        done = subprocess.run(
            argv, input=given, capture_output=True, text=True, cwd=clone, check=False, timeout=patient(60)
        )
        lines = done.stdout.splitlines()[1:]
        assert all(len(line) < BOUNDS.line_bytes for line in lines)
        return [one for one in map(json.loads, lines) if "progress" not in one]

    return start


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("write", {"path": "a.py", "text": f"{'-' * 200_000}1"}, "Written: a.py, +1 -0. It does not parse"),
        ("search", {"pattern": f"{'(' * 5000}{')' * 5000}"}, "RecursionError"),
        ("search", {"pattern": "a{99999999999}"}, "OverflowError"),
        ("read", {"path": "there.txt", "first": float("inf")}, "OverflowError"),
        ("run", {"command": "true", "seconds": "soon"}, "ValueError"),
    ],
)
def test_what_no_one_would_ask_is_answered_and_the_next_call_too(
    ask: Any, clone: Path, tool: str, arguments: dict[str, Any], words: str
) -> None:
    (clone / "there.txt").write_text("one\n", encoding="utf-8")
    answered, after = ask((tool, arguments), ("read", {"path": "there.txt"}))
    assert words in answered["text"]
    assert after["ok"]


def test_an_answer_is_never_longer_than_a_line_that_is_taken(ask: Any, clone: Path) -> None:
    deep = clone.joinpath(*["\udcff" * 80] * 12)
    deep.mkdir(parents=True)
    for number in range(500):
        (deep / f"{number}").touch()
    (listed,) = ask(("list", {"path": str(deep.relative_to(clone))}))
    assert "more characters are left out" in listed["text"]


def test_a_line_that_is_cut_says_so(ask: Any, clone: Path) -> None:
    (clone / "min.js").write_text(f"{'x' * 2500}\nshort\n", encoding="utf-8")
    (read,) = ask(("read", {"path": "min.js", "plain": True}))
    assert read["text"] == f"{'x' * 2000} [500 more characters of this line]\nshort"


def test_what_a_command_left_running_is_not_waited_for_also_where_it_writes_on(ask: Any) -> None:
    (ran,) = ask(("run", {"command": "echo mine; yes & exit 3", "seconds": 30}))
    assert ran["text"].startswith("mine\n")
    assert ran["detail"] != "stopped after 30 s"
    assert ran["text"].endswith("[exit code 3]")


def test_a_search_ends_at_its_bound_within_a_file_too(ask: Any, clone: Path) -> None:
    (clone / "a.txt").write_text("x\n" * 5_000_000, encoding="utf-8")
    (found,) = ask(("search", {"pattern": "x"}))
    assert found["text"].endswith("[more matches are left out: narrow the pattern or the path]")
    assert found["detail"] == "200 lines"


def test_one_that_takes_too_long_has_changed_nothing(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools_program, "ROOT", clone.resolve())
    monkeypatch.setattr(tools_program, "READABLE", (clone.resolve(),))

    def counted(before: str, after: str) -> tuple[int, int]:
        tools_program.out_of_time(0, None)
        return 0, 0

    monkeypatch.setattr(tools_program, "counts", counted)
    (clone / "a.txt").write_text("one\n", encoding="utf-8")
    with pytest.raises(tools_program.ToolRefused, match="so it was stopped"):
        tools_program.edit("1", {"path": "a.txt", "old": "one", "new": "two"})
    assert [(one.name, one.read_text(encoding="utf-8")) for one in clone.iterdir()] == [("a.txt", "one\n")]
