"""Collects the work of an agent from its clone: one commit of its files, and the commits that it left elsewhere.

Answers one request of `workspaces/collect.py` with a bundle and a report of what the bundle has, as JSON.
"""

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypedDict

from ompycord.workspaces.collecting.inside_git import GitFailed, InsideGit
from ompycord.workspaces.collecting.local_work import (
    MOST,
    Tip,
    head_of,
    is_ancestor,
    is_real_folder,
    is_whole,
    maximal,
    tips,
)
from ompycord.workspaces.collecting.request import KEPT, REF, CollectRequest
from ompycord.workspaces.collecting.submodules import changes_in_submodules
from ompycord.workspaces.collecting.work_tree import Entry, entries_of, snapshot, without_repositories

__all__ = ["collect", "main", "use_alternates"]

NAMED = 20
"""Paths and commits that a report names; the others are counted."""
GIT_FOLDER = Path(".git")


class Report(TypedDict):
    """What was found. The host takes it for the word of an agent."""

    result: bool
    """Whether the bundle has a result."""
    taken: str
    """What the result was taken from where it is not what was checked out; empty otherwise."""
    kept: list[tuple[str, str]]
    """Labels of `Tip`s in the bundle, below `KEPT`, with what they are."""
    refused: list[str]
    """What could not be taken, each with the reason."""
    more: int
    """How many more there are of either kind, which are not named."""


class Work(NamedTuple):
    """The clone's files on one of its commits."""

    parent: str
    tree: str
    refused: list[str]
    modules: list[Tip]


def main() -> int:
    """Answers one request; the exit code is 0 where a report was printed."""
    request: CollectRequest = json.load(sys.stdin)
    folder, bundle = Path(request["folder"]), Path(request["bundle"])
    shutil.rmtree(folder, ignore_errors=True)
    for left in (bundle, bundle.with_name(f"{bundle.name}.lock")):  # git leaves the lock where it is killed
        left.unlink(missing_ok=True)
    git = InsideGit(folder)
    git("init", "--quiet", "--template=", f"--object-format={request['format']}")
    use_alternates(folder, [request["objects"], *(one["objects"] for one in request["modules"] if one["objects"])])
    (folder / "info").mkdir(exist_ok=True)
    (folder / "info/exclude").write_text(request["exclude"], encoding="utf-8", errors="surrogateescape")
    try:
        report = collect(git, request)
    except (GitFailed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{json.dumps(report)}\n")
    return 0


def use_alternates(folder: Path, objects: Iterable[str]) -> None:
    """Lets our folder use the base's objects and those of the agent's own commits; the base's come first."""
    places = list(objects)
    shallow = Path(places[0]).parent / "shallow"
    found = [GIT_FOLDER / "objects", *(GIT_FOLDER / "modules").glob("*/objects")] if is_real_folder(GIT_FOLDER) else []
    places += [str(theirs.absolute()) for theirs in found if is_real_folder(theirs)]
    (folder / "objects/info").mkdir(exist_ok=True)
    (folder / "objects/info/alternates").write_text("".join(f"{layout}\n" for layout in places), encoding="utf-8")
    if shallow.is_file():
        shutil.copyfile(shallow, folder / "shallow")


def collect(git: InsideGit, request: CollectRequest) -> Report:
    """Makes the bundle. Raises GitFailed, OSError."""
    base = request["base"]
    left = tips(GIT_FOLDER) if is_real_folder(GIT_FOLDER) else []
    head = head_of(GIT_FOLDER) if is_real_folder(GIT_FOLDER) else None
    found = maximal(git, left if head is None else [*left, Tip("head", "what was checked out", head)], base=base)
    with without_repositories() as shut:
        entries = entries_of(git, base)
        work = _work(git, request, head, entries)
        refused = [*shut, *work.refused]
    chosen = _left_elsewhere(git, base, head, work, found)
    parent = work.parent if chosen is None else chosen.commit
    tree = work.tree if chosen is None else git.tree_of(chosen.commit)
    commit = _commit(git, request, parent, tree)
    beside = [tip for tip in found if not _is_in(git, tip, parent, tree)]
    kept = [tip for tip in beside if is_whole(git, tip.commit, base=base)] + work.modules
    damaged = [f"{tip.what}: it is damaged" for tip in beside if tip not in kept]
    refused = [*damaged, *(f"{path}: it cannot be read, or cannot be in a repository" for path in refused)]
    _bundle(git, request["bundle"], base, commit, kept[:NAMED])
    return Report(
        result=commit is not None,
        taken="" if chosen is None or commit is None else chosen.what,
        kept=[(tip.label, tip.what) for tip in kept[:NAMED]],
        refused=refused[:NAMED],
        more=len(kept[NAMED:]) + len(refused[NAMED:]) + len(left[MOST:]),
    )


def _work(git: InsideGit, request: CollectRequest, head: str | None, entries: dict[str, Entry]) -> Work:
    """The files on the agent's own last commit, or on the base where that is none or is damaged."""
    base = request["base"]
    modules, refused = changes_in_submodules(git, base, request["modules"])
    if head is not None and head != base and is_ancestor(git, base, head) and is_whole(git, head, base=base):
        try:
            tree, others = snapshot(git, base, head, entries)
            return Work(head, tree, [*refused, *others], modules)
        except GitFailed:  # its commits hold what git refuses; its files do not
            pass
    tree, others = snapshot(git, base, base, entries)
    return Work(base, tree, [*refused, *others], modules)


def _left_elsewhere(git: InsideGit, base: str, head: str | None, work: Work, found: list[Tip]) -> Tip | None:
    """The one branch that holds the agent's work, where it checked out an earlier commit and changed nothing there."""
    checked_out = head if head is not None and is_ancestor(git, head, base) else work.parent
    if work.tree != git.tree_of(checked_out):
        return None
    further = [tip for tip in found if not tip.label.startswith(("stash/", "head")) and tip.commit != work.parent]
    others = [tip for tip in found if tip.label.startswith("stash/")]
    if len(further) != 1 or others or not is_ancestor(git, work.parent, further[0].commit):
        return None
    return further[0] if is_whole(git, further[0].commit, base=base) else None


def _is_in(git: InsideGit, tip: Tip, parent: str, tree: str) -> bool:
    """Whether the result has all that `tip` has: its commits, or just its files."""
    return is_ancestor(git, tip.commit, parent) or git.tree_of(tip.commit) == tree


def _commit(git: InsideGit, request: CollectRequest, parent: str, tree: str) -> str | None:
    """The result's commit; None where its files are the base's."""
    if tree == git.tree_of(request["base"]):
        return None
    trailer = request["trailer"]
    if tree == git.tree_of(parent):
        return _with_trailer(git, parent, trailer)
    words = _trailed(git, request["message"], trailer)
    return git("commit-tree", tree, "-p", parent, "-F", "-", text=words)


def _bundle(git: InsideGit, bundle: str, base: str, commit: str | None, kept: list[Tip]) -> None:
    refs = [(REF, commit)] if commit is not None else []
    refs += [(f"{KEPT}{tip.label}", tip.commit) for tip in kept]
    for ref, target in refs:
        git("update-ref", ref, target)
    if refs:
        git("bundle", "create", "--quiet", bundle, *(ref for ref, _ in refs), "--not", base)


def _trailed(git: InsideGit, message: str, trailer: str) -> str:
    """The message with the trailer in its last block, once; without one as it is."""
    return git("interpret-trailers", "--trailer", trailer, text=f"{message}\n") if trailer else message


def _with_trailer(git: InsideGit, commit: str, trailer: str) -> str:
    """The agent's own last commit, made again where a trailer is wanted that it does not have.

    Its author and date stay.
    """
    message = git("show", "--no-patch", "--format=%B", commit)
    if not trailer or trailer in message.splitlines():
        return commit
    about = ("show", "--no-patch", "--format=%an%n%ae%n%ad%n%P", "--date=raw", commit)
    name, email, date, parents = git(*about).split("\n")
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    on = [word for parent in parents.split() for word in ("-p", parent)]
    return git("commit-tree", f"{commit}^{{tree}}", *on, "-F", "-", text=_trailed(git, message, trailer), env=author)
