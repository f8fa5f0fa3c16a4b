"""Both ways to start a program, natively and through Python, do the same.

Environment, signals, arguments, refusals, death.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import ompycord
from ompycord.errors import ProcessFailed
from ompycord.processes import ProcessSpec, launch, native_start, run

pytestmark = [pytest.mark.posix, pytest.mark.timeout(60)]
MakeSpec = Callable[..., ProcessSpec]
HERE = {"PATH": "/usr/bin:/bin"}


@pytest.fixture(params=["native", "python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The way that programs of this test start; skipped where this machine has no other than Python."""
    native = native_start.native_words(ProcessSpec(argv=("true",), env={}, cwd=tmp_path), Path("/bin/true"))
    if request.param == "python":
        monkeypatch.setattr(native_start, "_tools", lambda: None)
    elif native is None:
        pytest.skip("no dash, or no setpriv of util-linux, on this machine")
    return request.param


@pytest.mark.parametrize(
    "given",
    [
        {"A": "1"},
        {"PWD": "/somewhere", "OLDPWD": "/else"},
        {"IFS": "x", "PS1": "?", "PPID": "1", "OPTIND": "7", "ENV": "/nowhere"},
        {"not-a-name": "2", "npm_config_//registry:_authToken": "3"},
        {"LC_CTYPE": "C.UTF-8", "SHLVL": "9", "_": "4", "EMPTY": "", "LINES": "two\nlines"},
    ],
    ids=",".join,
)
async def test_the_environment_is_what_was_given(way: str, given: dict[str, str], tmp_path: Path) -> None:
    done = await run(ProcessSpec(argv=("/usr/bin/env", "-0"), env=given, cwd=tmp_path, marker="m"))
    assert dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line) == {
        **given,
        "OMPYCORD_RUN": "m",
    }


async def test_words_reach_the_program_as_they_are_and_only_three_descriptors(way: str, tmp_path: Path) -> None:
    words = ("$(id)", "two  words", "-c", "--", "", "new\nline", "'\"\\", "-")
    done = await run(ProcessSpec(argv=("printf", r"%s\0", *words), env=HERE, cwd=tmp_path))
    assert done.stdout == "".join(f"{word}\0" for word in words).encode()
    done = await run(ProcessSpec(argv=("ls", "/proc/self/fd"), env=HERE, cwd=tmp_path))
    assert done.stdout.split() == [b"0", b"1", b"2", b"3"]  # 3 is what ls opened


@pytest.mark.parametrize("ignored", [True, False])
@pytest.mark.parametrize("inherited", [(), (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)], ids=["", "behind a script"])
async def test_term_and_pipe_signals_are_as_asked(
    way: str, ignored: bool, inherited: Sequence[signal.Signals], python: MakeSpec, tmp_path: Path
) -> None:
    were = {number: signal.signal(number, signal.SIG_IGN) for number in inherited}
    try:
        words = native_start.native_words(ProcessSpec(argv=("true",), env={}, cwd=tmp_path), Path("/bin/true"))
        assert (words is not None) == (way == "native")
        await _each_signal_is_at_its_default(ignored, python)
    finally:
        for number, was in were.items():
            signal.signal(number, was)


async def _each_signal_is_at_its_default(ignored: bool, python: MakeSpec) -> None:
    done = await run(python("print(open('/proc/self/status').read())").model_copy(update={"ignores_term": ignored}))
    printed = done.stdout.decode()
    mask = int(next(line for line in printed.splitlines() if line.startswith("SigIgn:")).split()[1], 16)
    others = {signal.SIGPIPE, signal.SIGXFSZ}  # Python itself ignores these two
    ignoring = {signal.Signals(number) for number in range(1, 32) if mask >> (number - 1) & 1}
    assert ignoring - others == ({signal.SIGTERM} if ignored else set())
    sleep = ProcessSpec(argv=("sh", "-c", 'kill -PIPE $$; echo "not ended"'), env=HERE, cwd=Path("/"))
    assert (await run(sleep)).stdout == b"", "a program starts with SIGPIPE at its default"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("\x7fnot a program", "no program of this system"),
        ("echo no first line\n", "no program of this system"),
        ("", "no program of this system"),
        ("#!/no/such/interpreter\n", "could not be executed: No such file"),
        ("#!\n", "could not be executed"),
    ],
)
async def test_what_cannot_be_executed_is_said_and_no_shell_tries_it(
    way: str, content: str, words: str, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_text(content)
    target.chmod(0o700)
    with pytest.raises(ProcessFailed, match=words):
        async with launch(ProcessSpec(argv=("./target",), env=HERE, cwd=tmp_path)):
            pass


async def test_too_many_words_are_said(way: str, tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="too long; pass the text as input"):
        await run(ProcessSpec(argv=("true", *(["x" * 100_000] * 40)), env=HERE, cwd=tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
async def test_the_kernel_is_told_to_kill_it_with_us(way: str, python: MakeSpec) -> None:
    code = (
        "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n), 0, 0, 0); "
        "print(n.value)"
    )  # PR_GET_PDEATHSIG
    assert (await run(python(code))).stdout.split() == [str(int(signal.SIGKILL)).encode()]


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_program_whose_parent_died_before_the_signal_was_set_does_not_start(way: str, tmp_path: Path) -> None:
    words = native_start.native_words(ProcessSpec(argv=("echo", "started"), env={}, cwd=tmp_path), Path("/bin/echo"))
    if words is None:
        shim = Path(ompycord.__file__).parent / "processes" / "_parent_death.py"
        us = str(os.getpid())
        words = (sys.executable, "-I", "-S", str(shim), us, "2", "-1", "0", "0", "/bin/echo", "echo", "started")
    done = subprocess.run(words, capture_output=True, check=False)
    assert (done.stdout, done.returncode) == (b"started\n", 0)
    of_another = ["1" if word == str(os.getpid()) else word for word in words]
    done = subprocess.run(of_another, capture_output=True, check=False)
    assert (done.stdout, done.returncode) == (b"", 1)
