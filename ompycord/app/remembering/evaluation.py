"""`ompycord memory eval`: how well the memory would find things in the history of a repository, beside a plain search.

Everything is measured in a database of its own, which is thrown away.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any, Final

from ompycord.app.system import SystemClock, SystemIds
from ompycord.errors import RefusedInWords, WorkspaceError
from ompycord.memory.measuring.figures import Figures
from ompycord.memory.measuring.histories import (
    COMMITS_FORMAT,
    History,
    commits_of,
    history_of,
    is_changelog,
)
from ompycord.memory.measuring.measure import (
    EmbedTexts,
    MeasuredAnswers,
    answers_of,
    nearness_of,
    plain_answers,
    remember,
)
from ompycord.store import open_store
from ompycord.store.features.memory.plain_search import PlainSearch
from ompycord.workspaces.git import TRANSFER_S, Git

__all__ = ["evaluate", "read_history"]

_FEWEST: Final = 20
"""Questions under which nothing is claimed."""


def evaluate(repository: Path, commits: int, until: str = "HEAD", *, embed: EmbedTexts | None = None) -> dict[str, Any]:
    """The figures, for people and programs; with `embed` those with vectors, too.

    Raises RefusedInWords, WorkspaceError, and what `embed` raises.
    """
    return asyncio.run(_evaluated(repository, commits, until, embed))


async def _evaluated(repository: Path, commits: int, until: str, embed: EmbedTexts | None) -> dict[str, Any]:
    history = await read_history(repository, commits, until)
    if len(history.questions) < _FEWEST:
        raise RefusedInWords(
            f"The changelog of {repository} asks {len(history.questions)} questions about its last "
            f"{len(history.items)} commits; under {_FEWEST} nothing can be said. --commits takes more of its history."
        )
    return await measured(history, embed)


async def measured(history: History, embed: EmbedTexts | None = None) -> dict[str, Any]:
    """The figures of a history, ours and those of a plain search; with `embed` ours with vectors, too."""
    hybrid: MeasuredAnswers | None = None
    with tempfile.TemporaryDirectory(prefix="ompycord-eval-") as folder:
        async with open_store(Path(folder) / "eval.db", clock=SystemClock(), ids=SystemIds(), readers=1) as store:
            ids = await remember(store.memory, history.items)
            ours = await answers_of(store.memory, history, ids)
            if embed is not None:
                near = await nearness_of(store.vectors, history, embed)
                hybrid = await answers_of(store.memory, history, ids, near)
    search = PlainSearch([(one.id, one.title, "\n".join((one.body, *one.paths))) for one in history.items])
    try:
        plain = plain_answers(search.find, history)
    finally:
        search.close()
    return {
        "commits": len(history.items),
        "questions": len(history.questions),
        "recall_at_1": _share(ours.figures.recall_at_1),
        "recall_at_5": _share(ours.figures.recall_at_5),
        "recall_at_10": _share(ours.figures.recall_at_10),
        "reciprocal_rank": _share(ours.figures.reciprocal_rank),
        "plain": _shares(plain.figures),
        "recall_gain_points": round((ours.figures.recall_at_5 - plain.figures.recall_at_5) * 100, 1),
        "search_ms": _milliseconds(ours.took_s),
        "plain_ms": _milliseconds(plain.took_s),
        **({} if hybrid is None else _hybrid(hybrid, ours)),
    }


def _hybrid(hybrid: MeasuredAnswers, ours: MeasuredAnswers) -> dict[str, Any]:
    """Its time is without that for the vector of the question."""
    return {
        "hybrid": _shares(hybrid.figures),
        "hybrid_gain_points": round((hybrid.figures.recall_at_5 - ours.figures.recall_at_5) * 100, 1),
        "hybrid_ms": _milliseconds(hybrid.took_s),
    }


async def read_history(repository: Path, commits: int, until: str = "HEAD") -> History:
    """The last commits of a repository up to one, and what its changelog asks about them.

    Raises RefusedInWords where it is no repository, or has no changelog.
    """
    git = Git(path=os.environ.get("PATH", os.defpath))
    try:
        commit = await git.line("rev-parse", "--verify", "--end-of-options", f"{until}^{{commit}}", cwd=repository)
        names = (await git.run("ls-tree", "-r", "-z", "--name-only", commit, cwd=repository)).decode("utf-8", "replace")
    except WorkspaceError as error:
        raise RefusedInWords(f"{repository} is no git repository with commits: {error}") from None
    logs = sorted((name for name in names.split("\0") if is_changelog(name)), key=lambda name: (name.count("/"), name))
    if not logs:
        raise RefusedInWords(f"{repository} has no changelog, so there is nothing to ask about its history.")
    log = await git.run(
        "log", "--no-merges", "-n", str(commits), f"--format={COMMITS_FORMAT}", "--name-only", commit,
        cwd=repository, timeout_s=TRANSFER_S,
    )  # fmt: skip
    text = "\n".join(
        [(await git.run("show", f"{commit}:{name}", cwd=repository)).decode("utf-8", "replace") for name in logs[:5]]
    )
    patches = await git.run(
        "log", "--no-merges", "-n", str(commits), "--format=%x1e%H", "-p", "--unified=0", commit, "--", logs[0],
        cwd=repository, timeout_s=TRANSFER_S,
    )  # fmt: skip
    return history_of(commits_of(log.decode("utf-8", "replace")), text, _added(patches.decode("utf-8", "replace")))


def _added(patches: str) -> list[tuple[str, str]]:
    """The lines that each commit added."""
    found: list[tuple[str, str]] = []
    for record in patches.split("\x1e")[1:]:
        commit, _, patch = record.partition("\n")
        lines = [line[1:] for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++")]
        found.append((commit.strip(), "\n".join(lines)))
    return found


def _shares(figures: Figures) -> dict[str, float]:
    return {
        "recall_at_1": _share(figures.recall_at_1),
        "recall_at_5": _share(figures.recall_at_5),
        "recall_at_10": _share(figures.recall_at_10),
        "reciprocal_rank": _share(figures.reciprocal_rank),
    }


def _share(value: float) -> float:
    return round(value, 3)


def _milliseconds(took_s: tuple[float, ...]) -> float:
    """The 95th percentile."""
    ordered = sorted(took_s)
    return round(ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)] * 1000, 2)
