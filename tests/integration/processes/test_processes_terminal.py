"""A program on a person's terminal: it gets what is typed and the window's size, and a terminal that is not theirs."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ompycord.errors import ProcessFailed
from ompycord.processes import ProcessSpec
from ompycord.processes.terminal import on_terminal
from tests.support.terminal import Terminal

pytestmark = pytest.mark.posix

STARTER = """
import sys
from pathlib import Path
from ompycord.processes import ProcessSpec
from ompycord.processes.terminal import on_terminal
argv, env = (sys.executable, "-c", sys.argv[1]), {"PATH": "/usr/bin:/bin", "ONLY": "this"}
spec = ProcessSpec(argv=argv, env=env, cwd=Path(sys.argv[2]), marker="run-1")
print("ended with", on_terminal(spec), flush=True)
"""


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for one in opened:
        one.close()


def start(terminals: list[Terminal], tmp_path: Path, program: str) -> Terminal:
    argv = (sys.executable, "-c", STARTER, program, str(tmp_path))
    terminals.append(Terminal(argv, cwd=Path.cwd(), env=os.environ))
    return terminals[-1]


async def test_what_is_typed_and_the_size_arrive_and_the_exit_code_comes_back(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    program = """
import os, select, signal
signal.signal(signal.SIGWINCH, lambda *_: os.write(1, f"now {tuple(os.get_terminal_size())}".encode()))
print("size", tuple(os.get_terminal_size()), "in", os.getcwd(), sorted(os.environ), flush=True)
while not select.select([0], [], [], 0.05)[0]: pass  # a signal that comes just before a wait is handled after it
print("heard", input(), flush=True)
raise SystemExit(7)
"""
    terminal = start(terminals, tmp_path, program)
    await terminal.read_until(f"size (90, 30) in {tmp_path}")
    await terminal.read_until("['LC_CTYPE', 'OMPYCORD_RUN', 'ONLY', 'PATH']")
    terminal.resize(40, 120)
    terminal.process.send_signal(28)  # SIGWINCH, which the kernel sends to a foreground group
    await terminal.read_until("now (120, 40)")
    terminal.type("hello\n")
    await terminal.read_until("heard hello")
    await terminal.read_until("ended with 7")
    assert await terminal.ended() == 0
    assert terminal.modes == terminal.before


async def test_a_signal_is_128_and_its_number_and_the_terminal_is_another_one(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    program = "import os, signal; print('mine', os.ttyname(0), flush=True); os.kill(os.getpid(), signal.SIGTERM)"
    terminal = start(terminals, tmp_path, program)
    await terminal.read_until("ended with 143")
    assert f"mine {os.ttyname(terminal.theirs)}" not in terminal.screen
    assert "mine /dev/pts/" in terminal.screen


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="needs a terminal"):
        on_terminal(ProcessSpec(argv=("true",), env={"PATH": "/bin"}, cwd=tmp_path))


async def test_what_is_typed_before_the_program_listens_is_not_lost(terminals: list[Terminal], tmp_path: Path) -> None:
    program = "print('heard', input(), 'and', input(), flush=True)"
    terminal = start(terminals, tmp_path, program)
    terminal.type("early\nand more\n")  # Python has not even started
    await terminal.read_until("heard early and and more")
    await terminal.read_until("ended with 0")
