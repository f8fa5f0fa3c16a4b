"""`conductor`: what conducting a run costs over the same steps by hand, and how soon an agent is at work.

A standard run whose agent and whose one check do nothing, set-up kept from the run before, beside plain git and the
same launcher: one clone, one start of the agent, one collection, one checkout, one check, one branch, each as confined
as the product's. The product is `up` with its playground; the run begins with a form that is sent.
"""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.ack import moment_s
from bench.journey import AGENT, BRANCHES, GIT, WAIT_S, agent_started, git, make_repository, written
from bench.rounds import Size, spread
from ompycord.app.confinement import launcher_at_start
from ompycord.playground.client import Message
from ompycord.processes import ProcessSpec
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.workspaces.folders import make
from tests.support.product import Product, running_product

__all__ = ["bare_steps", "conductor"]

FILES: Final = {Size.SMALLEST: 10, Size.NORMAL: 200, Size.FULL: 5000}
CONFIG: Final = """\
repositories:
  shop:
    path: {path}
    setup: [{{name: packages, command: [mkdir, packages], files: [part000/file0000.txt], keeps: [packages]}}]
    checks: [{{name: passes, command: ['true']}}]
agents: {{writes: {{kind: command, command: [sh, -c, "{agent}"], sandbox: {{minimum: none}}}}}}
"""
OVERHEAD, SUBMIT_TO_AGENT = 2.5, 3.0
"""What the ratios should not exceed."""
_BUNDLE: Final = (*GIT, "bundle", "create", "--quiet", "../tmp/result.bundle", "base..HEAD")


class Way(NamedTuple):
    """Seconds since its beginning."""

    agent_starts_s: float
    branch_is_there_s: float


def conductor(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. The run that fills what is kept of set-up does not count."""
    pairs = asyncio.run(_measured(FILES[size], rounds * (3 if size is Size.FULL else 1)))
    overhead = spread([run.branch_is_there_s / bare.branch_is_there_s for bare, run in pairs])
    submit = spread([run.agent_starts_s / bare.agent_starts_s for bare, run in pairs])
    return {
        "benchmark": "conductor",
        "overhead_ratio": overhead["median"],
        "submit_to_agent_s_ratio": submit["median"],
        "wanted": {"overhead_ratio": OVERHEAD, "submit_to_agent_s_ratio": SUBMIT_TO_AGENT},
        "run": _middle([run for _, run in pairs]),
        "bare": _middle([bare for bare, _ in pairs]),
        "spread": {"overhead_ratio": overhead, "submit_to_agent_s_ratio": submit},
        "files": FILES[size],
        "counts": "one clone, agent, collection, checkout, check and branch each; from the form's dispatch",
    }


def _middle(ways: Sequence[Way]) -> dict[str, float]:
    return {
        "agent_starts_s": round(statistics.median(way.agent_starts_s for way in ways), 4),
        "branch_is_there_s": round(statistics.median(way.branch_is_there_s for way in ways), 4),
    }


async def _measured(files: int, rounds: int) -> list[tuple[Way, Way]]:
    """The bare steps and the run of each round."""
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as name:
        folder = Path(name)
        repository = make_repository(folder / "shop", files)
        launcher = await launcher_at_start(folder / "data", os.environ)
        pairs: list[tuple[Way, Way]] = []
        async with running_product(folder, config=CONFIG.format(path=repository, agent=AGENT)) as product:
            for number in range(rounds + 1):
                bare = await bare_steps(launcher, repository, folder / "bare", number)
                pairs.append((bare, await _run(product, repository, number)))
        return pairs[1:]


async def bare_steps(launcher: Launcher, repository: Path, folder: Path, number: int) -> Way:
    """The steps by hand, to a branch of this number; `folder` is removed afterwards."""
    branch, clone, result, tree = f"{BRANCHES}/{number}", folder / "clone", folder / "result.git", folder / "tree"
    make(tree)
    begun = time.time()
    git(folder, "clone", "-q", "--shared", str(repository), str(clone))
    git(clone, "branch", "base")
    shared = (repository / ".git",)
    await _confined(launcher, clone, ("sh", "-c", AGENT), shared)
    for words in ((*GIT, "add", "--all"), (*GIT, "commit", "-q", "-m", "work"), _BUNDLE):
        await _confined(launcher, clone, words, shared)
    git(folder, "clone", "-q", "--bare", "--shared", str(repository), str(result))
    bundle = str(folder / "tmp/result.bundle")
    git(result, "-c", "fetch.fsckObjects=true", "fetch", "-q", bundle, f"HEAD:refs/heads/{branch}")
    git(tree, f"--git-dir={result}", f"--work-tree={tree}", "checkout", "-q", branch, "--", ".")
    await _confined(launcher, tree, ("true",), ())
    git(repository, "fetch", "-q", str(result), f"{branch}:{branch}")
    way = Way(agent_started(repository, branch) - begun, written(repository, branch) - begun)
    shutil.rmtree(folder)
    return way


async def _confined(launcher: Launcher, tree: Path, argv: tuple[str, ...], readable: tuple[Path, ...]) -> None:
    spec = ProcessSpec(argv=argv, env={}, cwd=tree)
    async with launcher.start(spec, Layout(tree, readable=readable)) as process:
        printed = [line.text async for line in process.lines()]
        ended = await process.wait()
    if ended.exit_code != 0:
        sys.stderr.write("\n".join(printed))
        raise RuntimeError(f"{argv[0]} ended with {ended.exit_code}")


async def _run(product: Product, repository: Path, number: int) -> Way:
    """A run whose form is sent, until its result is posted."""
    ada, known = product.playground.ada, set(product.playground.ada.messages)
    opened = await ada.command("omp new", "tasks")
    sent = await ada.submit_modal(opened, prompt=f"Write the time {number}")

    def is_result(message: Message) -> bool:
        return message.id not in known and "· result" in message.text

    result = await ada.wait_message(is_result, timeout=WAIT_S)
    if "✅" not in result.text.splitlines()[0]:
        raise RuntimeError(result.text)
    (branch,) = git(
        repository, "branch", "--list", f"ompycord/write-the-time-{number}-*", "--format=%(refname:short)"
    ).split()
    begun = moment_s(sent.id)
    return Way(agent_started(repository, branch) - begun, written(repository, branch) - begun)
