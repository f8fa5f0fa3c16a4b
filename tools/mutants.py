"""Puts small faults into the code, one at a time, and looks whether a test notices.

    python -m tools.mutants --seed 7                        sixty faults of a sample that this seed draws
    python -m tools.mutants --seed 7 --from 20 --count 10   ten of them, from the twenty-first on
    python -m tools.mutants --seed 7 --list                 what would be tried
    python -m tools.mutants --only ompycord/text/limits.py  a sample of one file

Works on a copy of this tree, with an environment of its own, so that a fault never stands in the tree itself. What the
faulty product does is real: run it where it may end other processes and delete files, in a container. Prints one JSON
object a fault and a summary. A survivor is no verdict: a test is missing, or no one can see the difference.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from tools.failures import FAILING
from tools.mutations import Mutation, applied, is_different, mutations
from tools.nearest_tests import Imports, nearest

__all__ = ["Copy", "Fault", "Verdict", "judge", "sample"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_LEFT_OUT: Final = ("ompycord/playground/page/",)
_SAMPLE: Final = 60
_NOTHING_COLLECTED: Final = 5
_ENDS: Final = (0, 1, 2, _NOTHING_COLLECTED)
"""Exit codes of pytest after tests, or after it has named the files that it could not collect."""

Verdict = Literal["killed", "survived", "timeout", "no tests", "unsteady"]
"""`timeout`: no test failed as far as it came. `unsteady`: what failed fails without the fault too."""


class Fault(NamedTuple):
    """A mutation and the file it is for, as a path from the root of the tree."""

    file: str
    mutation: Mutation


class Run(NamedTuple):
    """One run of pytest: the first test that failed, and whether it came to its end."""

    failed: str | None
    is_whole: bool
    found_tests: bool = True
    has_started: bool = True
    """False where pytest ended before any test, as where a `conftest.py` cannot be imported."""


class Copy:
    """A copy of a tree whose own environment imports the copy."""

    def __init__(self, root: Path, *, jobs: str, timeout_s: float) -> None:
        self.root = root
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._steady: dict[str, bool] = {}
        self._changed_at = int(time.time())

    def write(self, file: str, source: bytes) -> None:
        """Change a file. Python takes cached bytecode for the source where size and second of the change agree."""
        path = self.root / file
        path.write_bytes(source)
        self._changed_at += 2
        os.utime(path, (self._changed_at, self._changed_at))

    def is_steady(self, test: str) -> bool:
        """Whether a test passes without a fault; asked once of each."""
        if test not in self._steady:
            run = self.run([test])
            self._steady[test] = run.is_whole and run.failed is None
        return self._steady[test]

    def run(self, tests: Sequence[str]) -> Run:
        """Run these tests until the first one fails."""
        python = self.root / ".venv/bin/python"
        command = [str(python) if python.exists() else sys.executable, "-m", "pytest", "-q", "-x"]
        command += ["-p", "tools.failures", "-p", "no:randomly", "-n", self._jobs, *tests]
        env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        with subprocess.Popen(  # noqa: S603  # the tests of this project
            command,
            cwd=self.root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as suite:
            try:
                output, _ = suite.communicate(timeout=self._timeout_s)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(suite.pid, signal.SIGKILL)
                output, _ = suite.communicate()
                return Run(_first_failed(output), is_whole=False)
        return Run(
            _first_failed(output),
            is_whole=True,
            found_tests=suite.returncode != _NOTHING_COLLECTED,
            has_started=suite.returncode in _ENDS,
        )


def main() -> int:
    """Try what the command line asks for. 1 where a fault survived."""
    asked = _asked()
    faults = sample(_ROOT, _files(asked.only), asked.seed, asked.first + asked.count)[asked.first :]
    if asked.list:
        for fault in faults:
            _say(_described(fault))
        return 0
    tests = [file for file in _tracked("tests") if Path(file).name.startswith("test_")]
    imports = Imports(_ROOT)
    verdicts: Counter[str] = Counter()
    with _copied(_ROOT) as root:
        copy = Copy(root, jobs=asked.jobs, timeout_s=asked.timeout)
        for number, fault in enumerate(faults, asked.first):
            began = time.monotonic()
            verdict, by = judge(copy, fault, nearest(imports, fault.file, tests))
            verdicts[verdict] += 1
            report: dict[str, object] = {"number": number, **_described(fault), "verdict": verdict}
            if by is not None:
                report["by"] = by
            _say(report | {"seconds": round(time.monotonic() - began)})
    _say({"sampled": len(faults), "seed": asked.seed, **verdicts})
    return int(verdicts["survived"] > 0)


def sample(root: Path, files: Sequence[str], seed: int, count: int) -> list[Fault]:
    """So many faults, one of each kind in turn, for numbers are many and swapped arguments few; no two for one place.

    Each has a lot of its own, so that a longer sample begins with the shorter one and a change of one file moves no
    fault of another.
    """
    kinds: dict[str, list[Fault]] = {}
    for file in files:
        for mutation in mutations((root / file).read_bytes()):
            kinds.setdefault(mutation.kind, []).append(Fault(file, mutation))
    for faults in kinds.values():
        faults.sort(key=lambda fault: hashlib.sha256(repr((seed, fault)).encode()).digest())
    drawn: list[Fault] = []
    places: set[tuple[str, int]] = set()
    while len(drawn) < count and any(kinds.values()):
        for kind in sorted(kinds):
            while kinds[kind]:
                fault = kinds[kind].pop()
                place = (fault.file, fault.mutation.start)
                if place not in places and is_different((root / fault.file).read_bytes(), fault.mutation):
                    places.add(place)
                    drawn.append(fault)
                    break
    return drawn[:count]


def judge(copy: Copy, fault: Fault, stages: Sequence[Sequence[str]]) -> tuple[Verdict, str | None]:
    """Whether one of the tests notices the fault, and which; the file is as it was afterwards."""
    source = (copy.root / fault.file).read_bytes()
    was_cut, found_tests = False, False
    for stage in stages:
        copy.write(fault.file, applied(source, fault.mutation))
        try:
            run = copy.run(stage)
        finally:
            copy.write(fault.file, source)
        if run.failed is not None:
            return ("killed" if copy.is_steady(run.failed) else "unsteady"), run.failed
        if not run.has_started:
            has_started = copy.run([*stage, "--collect-only"]).has_started
            return ("killed" if has_started else "unsteady"), "pytest, which could not start"
        was_cut = was_cut or not run.is_whole
        found_tests = found_tests or run.found_tests
    if was_cut:
        return "timeout", None
    return ("survived" if found_tests else "no tests"), None


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description="Look whether tests notice small faults."
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=_SAMPLE)
    parser.add_argument("--from", dest="first", type=int, default=0, help="leave out so many of the sample")
    parser.add_argument("--only", nargs="*", default=[], help="files or folders; all of ompycord without")
    parser.add_argument("--jobs", default="2", help="workers of pytest")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for one run of pytest")
    parser.add_argument("--list", action="store_true", help="say what would be tried, and try nothing")
    return parser.parse_args()


def _files(only: Sequence[str]) -> list[str]:
    files = [file for file in _tracked(*(only or ["ompycord"])) if file.endswith(".py")]
    return [file for file in files if not file.startswith(_LEFT_OUT)]


def _tracked(*places: str) -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *places]
    listed = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)  # noqa: S603  # as above
    return sorted(file for file in set(listed.stdout.splitlines()) if (_ROOT / file).is_file())


@contextlib.contextmanager
def _copied(root: Path) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="ompycord-mutants-") as folder:
        copy = Path(folder, "tree").resolve()
        for file in _tracked("."):
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / file, copy / file)
        if (root / ".venv").is_dir():
            _copy_environment(root, copy)
        yield copy


def _copy_environment(root: Path, copy: Path) -> None:
    """The same packages for the copy, whose editable install and scripts name the copy."""
    shutil.copytree(root / ".venv", copy / ".venv", symlinks=True, copy_function=_link)
    here = [*copy.glob(".venv/lib/*/site-packages/*.pth"), *copy.glob(".venv/bin/*")]
    for file in here:
        if not file.is_symlink() and str(root).encode() in (text := file.read_bytes()):
            mode = file.stat().st_mode
            file.unlink()  # it is the same file as the original's
            file.write_bytes(text.replace(str(root).encode(), str(copy).encode()))
            file.chmod(mode)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another file system
        shutil.copy2(source, target)


def _first_failed(output: bytes) -> str | None:
    for line in output.decode(errors="replace").splitlines():
        if line.startswith(FAILING):
            return line.removeprefix(FAILING).rstrip()
    return None


def _described(fault: Fault) -> dict[str, object]:
    kind, line, _, _, before, after = fault.mutation
    return {"file": fault.file, "line": line, "kind": kind, "before": before, "after": after}


def _say(report: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
