"""Starts a program without a Python in front of it, where the machine has what that needs.

Else `_parent_death.py` does it. util-linux's `setpriv` ties the program's life to ours, and dash, which starts in a
millisecond, closes the race and becomes the program. Only dash: bash would add variables of its own.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.processes.spec import ProcessSpec

__all__ = ["InsideStart", "inside_start", "native_words"]

_FOLDERS: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OWN_VARIABLES: Final = frozenset(
    ["ATTY", "ENV", "IFS", "LINENO", "MAIL", "MAILCHECK", "MAILPATH", "OLDPWD", "OPTIND", "PPID", "PS1", "PS2", "PS4"]
) | {"PWD"}
"""Names to which dash gives a meaning; a program that should get one is started the other way.

dash sets PWD, so the script unsets it.
"""
_SCRIPT: Final = '[ "$PPID" = "$0" ] || exit 1; unset PWD OLDPWD; exec "$@"'
"""`$0` is our process id: a program whose parent died before the signal was set does not start."""
_SCRIPT_WITHOUT_TERM: Final = f"trap '' TERM; {_SCRIPT}"
_PROBE_S: Final = 10.0
_FIRST_LINE: Final = 256
"""BINPRM_BUF_SIZE: how much of a script's first line the kernel reads (linux/binfmts.h)."""


class InsideStart(NamedTuple):
    """Programs that a confined start needs inside.

    They are coreutils' `env` with `--default-signal`, and util-linux's `prlimit`.
    """

    env: Path
    prlimit: Path


def native_words(spec: ProcessSpec, program: Path) -> tuple[str, ...] | None:
    """The whole command line that starts `program`; None where only the Python way does what the spec asks for."""
    found = _tools()
    names = spec.whole_env.keys()
    if found is None or spec.event_pipe or names & _OWN_VARIABLES or not all(map(_NAME.fullmatch, names)):
        return None
    if not _is_plain(program):
        return None
    default_signals: tuple[str, ...] = ()
    if _ignores_signals():
        env = _env()
        if env is None:
            return None
        default_signals = (str(env), "--default-signal")
    setpriv, dash = found
    script = _SCRIPT_WITHOUT_TERM if spec.ignores_term else _SCRIPT
    start = (str(setpriv), "--pdeathsig", "KILL", "--", *default_signals, str(dash), "-c", script, str(os.getpid()))
    return (*start, str(program), *spec.argv[1:])


def _ignores_signals() -> bool:
    """Whether a program would inherit ignored signals, which no shell undoes: after `nohup`, behind a script's `&`."""
    restored = {signal.SIGPIPE, signal.SIGXFSZ}  # by `subprocess`
    return any(signal.getsignal(number) is signal.SIG_IGN for number in signal.valid_signals() - restored)


def _is_plain(program: Path) -> bool:
    """Whether the kernel surely executes this file: an ELF program, or a script whose interpreter exists.

    Reads a few bytes. What else the kernel executes (binfmt_misc), and why it refuses the rest, only it can tell, and
    it tells the Python way.
    """
    try:
        with program.open("rb") as file:
            first = file.read(_FIRST_LINE)
    except OSError:  # executable and not readable
        return False
    if first.startswith(b"#!"):
        words = first[2:].split(b"\n")[0].split()
        return bool(words) and words[0].startswith(b"/") and Path(os.fsdecode(words[0])).exists()
    return first.startswith(b"\x7fELF")


@cache
def inside_start() -> InsideStart | None:
    """The programs; None where one is missing or too old. Blocks for a few milliseconds, once."""
    env, prlimit = _env(), _found("prlimit")
    if env is None or prlimit is None or not _works(prlimit, "--nproc", "true"):
        return None
    return InsideStart(env, prlimit)


@cache
def _env() -> Path | None:
    """The `env` of coreutils that puts signals back to their default; None where it is older. Blocks, once."""
    env = _found("env")
    return env if env is not None and _works(env, "--default-signal", "true") else None


@cache
def _tools() -> tuple[Path, Path] | None:
    """The places of setpriv and dash. Blocks for a few milliseconds, once."""
    setpriv, dash = _found("setpriv"), _found("dash")
    if sys.platform != "linux" or setpriv is None or dash is None:
        return None
    words = ("--pdeathsig", "KILL", "--", dash, "-c", _SCRIPT, os.getpid(), "true")
    return (setpriv, dash) if _works(setpriv, *words) else None


def _found(name: str) -> Path | None:
    found = shutil.which(name, path=_FOLDERS)
    return None if found is None else Path(found)


def _works(*words: object) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  # fixed words and programs of the system
            list(map(str, words)),
            env={"PATH": _FOLDERS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
