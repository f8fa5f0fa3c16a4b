"""The commits that an agent made in its clone, wherever it left them: branches, tags, the stash, a detached HEAD.

Read as files: git itself would follow settings of the agent's. What is no commit that goes on from the base is no work
of this run's agent.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ompycord.workspaces.collecting.inside_git import GitFailed, InsideGit

__all__ = ["MOST", "Tip", "head_of", "is_ancestor", "is_real_folder", "is_whole", "maximal", "tips"]

MOST = 200
"""Commits that are looked at; more than that are counted and named as such."""
_LONGEST = 16 * 1024 * 1024
"""Bytes of a file of git's that are read."""
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LEFT_DETACHED = re.compile(r"checkout: moving from [0-9a-f]{40}(?:[0-9a-f]{24})? to ")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,120}")


class Tip(NamedTuple):
    """A commit of the agent's that nothing else of it goes on from."""

    label: str
    """A part of a ref's name: `branch/<name>`, `stash/<number>`."""
    what: str
    """For people: `branch fix`."""
    commit: str


def is_real_folder(path: Path) -> bool:
    """Whether it is a folder and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def head_of(folder: Path) -> str | None:
    """The commit of HEAD in the git folder `folder`, as its files say."""
    words = _text(folder / "HEAD").strip()
    ref = words.removeprefix("ref: ")
    if ref == words:
        return words if _HASH.fullmatch(words) else None
    return dict(_refs(folder)).get(ref)


def tips(folder: Path) -> list[Tip]:
    """All that the git folder `folder` names, one for each commit; the clone's HEAD is not among them."""
    found: dict[str, Tip] = {}
    for label, what, commit in _named(folder):
        found.setdefault(commit, Tip(label, what, commit))
    return list(found.values())


def _named(folder: Path) -> Iterator[tuple[str, str, str]]:
    for kind, words in (("heads", "branch"), ("tags", "tag")):
        for number, (ref, commit) in enumerate(sorted(_refs(folder))):
            name = ref.removeprefix(f"refs/{kind}/")
            if name != ref:
                yield f"{words}/{_as_ref(name, number)}", f"{words} {name}", commit
    for number, commit in enumerate(_stash(folder)):
        yield f"stash/{number}", f"stash@{{{number}}}", commit
    for number, commit in enumerate(_detached(folder)):
        yield f"detached/{number}", f"commit {commit[:10]}, on no branch", commit


def _as_ref(name: str, number: int) -> str:
    """A branch's name where it is plain; any other name would have to be quoted by whoever looks for it."""
    is_plain = _PLAIN.fullmatch(name) and not re.search(r"\.\.|//|/\.|\.lock(?:/|$)|[./]$", name)
    return name if is_plain else f"unnamed-{number}"


def _refs(folder: Path) -> Iterator[tuple[str, str]]:
    """Full names and hashes of branches and tags; a loose one wins over a packed one."""
    found: dict[str, str] = {}
    for line in _text(folder / "packed-refs").splitlines():
        commit, _, ref = line.partition(" ")
        if _HASH.fullmatch(commit) and ref.startswith(("refs/heads/", "refs/tags/")):
            found[ref] = commit
    for kind in ("heads", "tags"):
        for at, _, names in os.walk(folder / "refs" / kind):
            for name in names:
                path = Path(at, name)
                commit = _text(path).strip()
                if _HASH.fullmatch(commit):
                    found[path.relative_to(folder).as_posix()] = commit
    yield from found.items()


def _stash(folder: Path) -> list[str]:
    """The newest first, as `git stash list` shows them."""
    log = [line.split(" ", 2)[1] for line in _log(folder / "logs/refs/stash")]
    only = _text(folder / "refs/stash").strip()
    return [commit for commit in reversed(log or [only]) if _HASH.fullmatch(commit)]


def _detached(folder: Path) -> Iterator[str]:
    """Commits on which HEAD, of the clone or of a worktree of it, stood or stands without a branch."""
    for line in _log(folder / "logs/HEAD"):
        before, _, rest = line.partition(" ")
        if _HASH.fullmatch(before) and _LEFT_DETACHED.search(rest):
            yield before
    for worktree in sorted(_entries(folder / "worktrees")):
        words = _text(worktree / "HEAD").strip()
        if _HASH.fullmatch(words):
            yield words


def _log(file: Path) -> list[str]:
    return [line for line in _text(file).splitlines() if line.count(" ") > 1]


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if is_real_folder(folder) else []


def _text(file: Path) -> str:
    """A regular file's content; nothing for anything else, since a pipe would block."""
    try:
        at = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(at, "rb") as opened:
            is_file = stat.S_ISREG(os.fstat(at).st_mode)
            return opened.read(_LONGEST).decode("utf-8", "replace") if is_file else ""
    except OSError:
        return ""


def is_ancestor(git: InsideGit, earlier: str, later: str) -> bool:
    """Whether `later` goes on from `earlier`, or is it. False where one of the two is missing or no commit."""
    return git.attempt("merge-base", "--is-ancestor", earlier, later).code == 0


def is_whole(git: InsideGit, commit: str, *, base: str) -> bool:
    """Whether all that `commit` adds to the base is there."""
    return git.attempt("rev-list", "--objects", "--quiet", commit, "--not", base).code == 0


def maximal(git: InsideGit, found: list[Tip], *, base: str) -> list[Tip]:
    """Those that go on from the base, without those that another one of them goes on from."""
    going_on: dict[str, Tip] = {}
    for tip in [tip for tip in found if tip.commit != base][:MOST]:
        try:
            commit = git("rev-parse", "--verify", "--quiet", f"{tip.commit}^{{commit}}")
        except GitFailed:
            continue
        if commit != base and is_ancestor(git, base, commit):
            going_on.setdefault(commit, tip._replace(commit=commit))
    if len(going_on) > 1:
        alone = git("merge-base", "--independent", *going_on).split()
        return [tip for commit, tip in going_on.items() if commit in alone]
    return list(going_on.values())
