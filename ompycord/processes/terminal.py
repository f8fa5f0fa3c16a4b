"""Runs a program on a person's terminal, through a terminal of its own: it cannot type into theirs.

Counterpart of `launcher.py`. A program can push input into a terminal that it inherits (TIOCSTI); one that an agent
left behind must not be able to.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

from ompycord.errors import ProcessFailed
from ompycord.processes.passed_socket import PASSING, PassedSocket
from ompycord.processes.socket_forwarder import forwarding
from ompycord.processes.spawn import find_program
from ompycord.processes.spec import ProcessSpec

__all__ = ["on_terminal", "require_terminal"]

_SHELL_LIKE: Final = 128
_CHUNK: Final = 65_536


def require_terminal() -> None:
    """Raises ProcessFailed where this process has no terminal that a program could be given."""
    if sys.platform == "win32" or not (os.isatty(0) and os.isatty(1)):
        raise ProcessFailed("This needs a terminal: start it from one, without redirecting its input or output.")


def on_terminal(spec: ProcessSpec, *, forward_to: int = 0) -> int:
    """Run it with this process's terminal for its own, to its end; its exit code, or 128 and the signal's number.

    A program that hands out its listening socket has what comes there forwarded to the port `forward_to`. Raises
    ProcessFailed where there is no terminal here, or nothing to start.
    """
    require_terminal()
    program = find_program(spec)
    if not spec.cwd.is_dir():
        raise ProcessFailed(f"The folder {spec.cwd} is not there, so {program.name} was not started in it.")
    env = spec.whole_env
    passed = PassedSocket() if spec.passes_socket else None
    ours, theirs = os.openpty()
    child = os.fork()
    if child == 0:
        if passed is not None:
            os.set_inheritable(passed.theirs, True)
            env[PASSING] = str(passed.theirs)
        _become(program, spec, env, theirs)
    os.close(theirs)
    if passed is None:
        return _serve(child, ours)
    passed.close_theirs()
    with contextlib.closing(passed), forwarding(passed, forward_to):
        return _serve(child, ours)


def _become(program: os.PathLike[str], spec: ProcessSpec, env: dict[str, str], terminal: int) -> None:
    """Become the program, in the child: never returns.

    A confined program takes the terminal inside: a shell there has no access to a session out here.
    """
    try:
        os.setsid()
        for standard in range(3):
            os.dup2(terminal, standard)
        if not spec.claims_terminal:
            claim_terminal()
        os.chdir(spec.cwd)
        if spec.ignores_term:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.execve(program, list(spec.argv), env)  # noqa: S606  # no shell is the point
    except OSError as error:
        os.write(2, f"{program}: {error.strerror}\r\n".encode())
    os._exit(127)


def claim_terminal() -> None:
    """Make standard input the controlling terminal of this session."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _serve(child: int, theirs: int) -> int:
    """Pass bytes and the window's size on until the program ends; then restore this terminal."""
    import termios
    import tty

    before = termios.tcgetattr(0)
    was = signal.signal(signal.SIGWINCH, _follow(theirs))
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    earlier = signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    try:
        _resize(theirs)
        tty.setraw(0, termios.TCSADRAIN)  # what a person typed ahead is theirs: flush nothing
        _copy(theirs, woken)
    finally:
        signal.set_wakeup_fd(earlier)
        os.close(woken)
        os.close(wakes)
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, was)
        os.close(theirs)  # hang up what still runs on it
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _SHELL_LIKE - code


def _follow(theirs: int) -> Callable[[int, FrameType | None], None]:
    return lambda number, frame: _resize(theirs)


def _resize(theirs: int) -> None:
    import fcntl
    import termios

    size = fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8))
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)


def _copy(theirs: int, woken: int) -> None:
    """Copy both ways until the program's side is closed. Ours may end first: then only its output continues.

    `woken` has a byte for each signal: one that comes just before the wait would be handled after it only.
    """
    import select

    sources = [0, theirs, woken]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if woken in ready:
            os.read(woken, _CHUNK)
        if theirs in ready:
            try:
                data = os.read(theirs, _CHUNK)
            except OSError:  # EIO: no process holds the other side any more
                return
            if not data:
                return
            _write(1, data)
        if 0 in ready:
            data = os.read(0, _CHUNK)
            if data:
                _write(theirs, data)
            else:
                sources.remove(0)


def _write(to: int, data: bytes) -> None:
    while data:
        data = data[os.write(to, data) :]
