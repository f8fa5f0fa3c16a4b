"""`journey`: what a whole run costs whose agent does next to nothing, over the same work by plain git.

The product as `up` starts it, its playground and a local repository: from the command until the agent starts, its
branch is in the repository, and the result is posted. The bare probe clones the repository, runs the same agent,
commits and pushes.
"""

import asyncio
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench.ack import moment_s
from bench.rounds import Size, spread
from ompycord.playground.client import Message
from tests.support.product import Product, running_product

__all__ = [
    "AGENT",
    "BRANCHES",
    "GIT",
    "WAIT_S",
    "agent_started",
    "git",
    "journey",
    "make_repository",
    "plain_git",
    "written",
]

FILES = {"small": 10, "medium": 5000}
IN_FOLDER = 100
"""Files in each folder of a repository."""
AGENT = "date +%s%N >> started; cat > /dev/null"
"""The moment at which the agent starts is all that it writes, so that its branch says it."""
BRANCHES = "bare"
"""The bare probe's branches begin with this."""
WAIT_S = 120.0
CONFIG = """\
repositories: {{{repositories}}}
agents: {{writes: {{kind: command, command: [sh, -c, "{agent}"], sandbox: {{minimum: none}}}}}}
"""
REPOSITORY = "{name}: {{path: {path}, checks: [{{name: passes, command: ['true']}}]}}"
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
_RUN = re.compile(r"(\w{6}) · result")


class Journey(NamedTuple):
    """One way from a task to a branch: seconds since its beginning, and CPU seconds of all its processes."""

    agent_starts_s: float
    branch_is_there_s: float
    ends_s: float
    """The product: the result is posted. The bare probe: git has pushed."""
    cpu_s: float


def journey(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `full` takes three times as many rounds, `smallest` the small repository only."""
    names = ["small"] if size is Size.SMALLEST else list(FILES)
    found = asyncio.run(_measured(names, rounds * (3 if size is Size.FULL else 1)))
    result: dict[str, Any] = {"benchmark": "journey"}
    for name in FILES:
        if name in found:
            result |= _compared(name, found[name])
        else:
            result |= {f"result_over_bare_{name}": None, f"result_over_bare_{name}_reason": "not at this size"}
    return {**result, "files": FILES, "counts": "from the command's dispatch; CPU until the result is seen"}


def _compared(name: str, pairs: Sequence[tuple[Journey, Journey]]) -> dict[str, Any]:
    ratio = spread([run.ends_s / bare.ends_s for bare, run in pairs])
    cpu = spread([run.cpu_s / bare.cpu_s for bare, run in pairs])

    def middle(of: Callable[[tuple[Journey, Journey]], float]) -> float:
        return round(statistics.median(map(of, pairs)), 4)

    return {
        f"result_over_bare_{name}": ratio["median"],
        f"cpu_over_bare_{name}": cpu["median"],
        f"run_{name}": {
            "agent_starts_s": middle(lambda pair: pair[1].agent_starts_s),
            "branch_is_there_s": middle(lambda pair: pair[1].branch_is_there_s),
            "result_is_posted_s": middle(lambda pair: pair[1].ends_s),
            "cpu_s": middle(lambda pair: pair[1].cpu_s),
        },
        f"bare_{name}": {
            "agent_starts_s": middle(lambda pair: pair[0].agent_starts_s),
            "branch_is_there_s": middle(lambda pair: pair[0].branch_is_there_s),
            "ends_s": middle(lambda pair: pair[0].ends_s),
            "cpu_s": middle(lambda pair: pair[0].cpu_s),
        },
        f"spread_{name}": {"result_over_bare": ratio, "cpu_over_bare": cpu},
    }


async def _measured(names: Sequence[str], rounds: int) -> dict[str, list[tuple[Journey, Journey]]]:
    """By repository: the bare probe and the run of each round. The first warms up and does not count."""
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as name:
        folder = Path(name)
        repositories = {each: make_repository(folder / each, FILES[each]) for each in names}
        listed = ", ".join(REPOSITORY.format(name=each, path=path) for each, path in repositories.items())
        config = CONFIG.format(repositories=listed, agent=AGENT)
        found: dict[str, list[tuple[Journey, Journey]]] = {each: [] for each in names}
        async with running_product(folder, config=config) as product:
            for number in range(rounds + 1):
                for each, repository in repositories.items():
                    bare = await asyncio.to_thread(plain_git, repository, folder / "clone", number)
                    found[each].append((bare, await _run(product, each, repository)))
    return {each: pairs[1:] for each, pairs in found.items()}


def make_repository(path: Path, files: int) -> Path:
    """A packed repository with one commit of so many files of half a kilobyte."""
    for number in range(files):
        file = path / f"part{number // IN_FOLDER:03d}" / f"file{number:04d}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"file {number} of {files}, line by line\n" * 16)
    git(path, "init", "-q", "-b", "main")
    git(path, "add", "--all")
    git(path, "commit", "-q", "-m", "first")
    # As in a repository with a past: a clone need not copy each object by itself.
    git(path, "repack", "-a", "-d", "-q")
    return path


def plain_git(repository: Path, clone: Path, number: int) -> Journey:
    """Clone into `clone`, run the agent, commit, push a branch of this number; the clone is removed afterwards."""
    branch = f"{BRANCHES}/{number}"
    begun, before = time.time(), _children_cpu_s()
    git(repository, "clone", "-q", str(repository), str(clone))
    subprocess.run(["sh", "-c", AGENT], cwd=clone, check=True, stdin=subprocess.DEVNULL)
    git(clone, "add", "--all")
    git(clone, "commit", "-q", "-m", "work")
    git(clone, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    ended, after = time.time(), _children_cpu_s()
    shutil.rmtree(clone)
    return Journey(
        agent_starts_s=agent_started(repository, branch) - begun,
        branch_is_there_s=written(repository, branch) - begun,
        ends_s=ended - begun,
        cpu_s=after - before,
    )


async def _run(product: Product, name: str, repository: Path) -> Journey:
    assert product.process is not None
    ada, process = product.playground.ada, psutil.Process(product.process.pid)
    known = set(ada.messages)

    def is_result(message: Message) -> bool:
        return message.id not in known and _RUN.search(message.text) is not None

    before = _tree_cpu_s(process)
    asked = await ada.command("omp new", "tasks", prompt="Write the time", repository=name, agent="writes")
    result = await ada.wait_message(is_result, timeout=WAIT_S)
    cpu = _tree_cpu_s(process) - before
    begun, run = moment_s(asked.id), _RUN.search(result.text)
    assert run is not None
    assert "✅" in result.text.splitlines()[0], result.text
    branch = f"ompycord/write-the-time-{run[1]}"
    return Journey(
        agent_starts_s=agent_started(repository, branch) - begun,
        branch_is_there_s=written(repository, branch) - begun,
        ends_s=moment_s(result.id) - begun,
        cpu_s=cpu,
    )


def agent_started(repository: Path, branch: str) -> float:
    """When the agent of this branch began, as it wrote itself: seconds since 1970."""
    return int(git(repository, "show", f"{branch}:started")) / 1e9


def written(repository: Path, branch: str) -> float:
    """When the branch came to be: its file's time, so that nobody has to look again and again."""
    return (repository / ".git" / "refs" / "heads" / branch).stat().st_mtime


def _children_cpu_s() -> float:
    """Of all programs that this process has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree_cpu_s(process: psutil.Process) -> float:
    """Of the product and all programs that it has started and seen end.

    Its playground still runs and is not among them.
    """
    used = process.cpu_times()
    return used.user + used.system + used.children_user + used.children_system


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, text=True).stdout
