"""What the base of a run has beyond plain files: submodules, filters, objects that a partial clone left away.

Looked at before anything runs, by `service.py` and by `ompycord doctor`: each is handled, or refused by its name.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ompycord.domain.base import Frozen
from ompycord.errors import WorkspaceError
from ompycord.processes import Completed
from ompycord.text import clean, cut
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.record import Submodule

__all__ = ["BaseContent", "filter_words", "inspect_base", "partial_words", "require_plain"]

_GITLINK: Final = b"160000 "
_FILTER: Final = re.compile(r"(?:^|\s)filter=(\S+)")
_ATTRIBUTE_FILES: Final = ":(top,glob)**/.gitattributes"
_OWN_ATTRIBUTES: Final = "info/attributes"
_SECTION: Final = re.compile(r"submodule\.(.*)\.path", re.DOTALL)
_NAMED: Final = 60
_DEEPEST: Final = 5
"""How many submodules deep a submodule may lie."""
_LARGEST: Final = 1024 * 1024


class BaseContent(Frozen):
    """What was found."""

    submodules: tuple[Submodule, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    """Names of filters, each with the file of attributes that names it."""
    missing: int = 0
    """Objects of the base that a partial clone does not have; where there are any, nothing else is known."""


async def inspect_base(git: Git, git_folder: Path, commit: str) -> BaseContent:
    """What `commit` has of all that. `git_folder` is the repository's common one. Raises WorkspaceError."""
    missing = await _missing(git, git_folder, commit)
    if missing:
        return BaseContent(missing=missing)
    listed = await _listed(git, git_folder, commit)
    return BaseContent(
        submodules=await _submodules(git, git_folder, commit, listed),
        filters=await _filters(git, git_folder, commit, listed),
    )


def require_plain(name: str, branch: str, content: BaseContent, *, git_folder: Path) -> None:
    """Raises WorkspaceError for what a run in the repository `name` could not handle, with what mends it."""
    if content.missing:
        raise WorkspaceError(f"{partial_words(name, branch, content, git_folder=git_folder)} Nothing ran.")
    if content.filters:
        raise WorkspaceError(f"{filter_words(name, branch, content)} Nothing ran.")


def partial_words(name: str, branch: str, content: BaseContent, *, git_folder: Path) -> str:
    """That objects are missing, with the command that fetches them."""
    here = f"git -C {git_folder}"
    return (
        f"{name} is a partial clone and lacks {content.missing} objects of {branch}. Fetch them: "
        f"{here} config --unset remote.origin.partialclonefilter; {here} fetch --refetch origin"
    )


def filter_words(name: str, branch: str, content: BaseContent) -> str:
    """That files are stored by a filter, and what would come of that."""
    filter_name, file = content.filters[0]
    return (
        f"{name} stores files by the git filter {filter_name} ({file} on {branch}), which runs do not have: an agent "
        "would read what the filter stored, and its own files would be published without it. Name a base without it."
    )


async def _listed(git: Git, git_folder: Path, commit: str) -> list[bytes]:
    """A line for each path of the commit, as `git ls-tree -z` prints them. Raises WorkspaceError."""
    listed = await _in(git, git_folder, "ls-tree", "-r", "-z", "--full-tree", commit)
    if not listed.is_success:
        raise WorkspaceError("The files of the base cannot be listed. Look at the repository with git fsck.")
    return listed.stdout.split(b"\0")


async def _filters(git: Git, git_folder: Path, commit: str, listed: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    has_attributes = any(line.endswith(b".gitattributes") for line in listed)
    words = ("grep", "-z", "-I", "-E", r"(^|[[:space:]])filter=", commit, "--", _ATTRIBUTE_FILES)
    printed = (await _in(git, git_folder, *words)).stdout.decode("utf-8", "replace") if has_attributes else ""
    lines = [line.removeprefix(f"{commit}:").partition("\0") for line in printed.split("\n")]
    named = [(path, text) for path, _, text in lines]
    named += [(f"{_OWN_ATTRIBUTES} of its .git", text) for text in _read(git_folder / _OWN_ATTRIBUTES).splitlines()]
    found = [
        (cut(clean(match[1]), _NAMED), cut(clean(path), _NAMED))
        for path, text in named
        if not text.lstrip().startswith("#")
        for match in _FILTER.finditer(text)
    ]
    return tuple(dict.fromkeys(found))


async def _submodules(
    git: Git, git_folder: Path, commit: str, listed: Sequence[bytes], *, above: str = "", depth: int = 1
) -> tuple[Submodule, ...]:
    """Each with the folder of its objects where the source has all of its commit, and those within it."""
    links = [line.partition(b"\t") for line in listed if line.startswith(_GITLINK)]
    names = await _names(git, git_folder, commit) if links else {}
    found: list[Submodule] = []
    for about, _, raw in links:
        path, wanted = raw.decode("utf-8", "replace"), about.rpartition(b" ")[2].decode("ascii")
        module = git_folder / "modules" / names.get(path, path)
        is_there = await _has(git, module, wanted)
        found.append(Submodule(path=f"{above}{path}", commit=wanted, objects=module / "objects" if is_there else None))
        if is_there and depth < _DEEPEST:
            inner = await _listed(git, module, wanted)
            found += await _submodules(git, module, wanted, inner, above=f"{above}{path}/", depth=depth + 1)
    return tuple(found)


async def _has(git: Git, module: Path, commit: str) -> bool:
    """Whether the submodule is there with all files of the commit, as they are."""
    if ".." in module.parts or not (module / "objects").is_dir():
        return False
    is_whole = await _in(git, module, "rev-list", "--objects", "--no-walk", "--quiet", commit)
    if not is_whole.is_success or await _missing(git, module, commit):
        return False
    return not await _filters(git, module, commit, await _listed(git, module, commit))


async def _names(git: Git, git_folder: Path, commit: str) -> dict[str, str]:
    """The name of each submodule by its path, from `.gitmodules`."""
    words = ("config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    found: dict[str, str] = {}
    for line in (await _in(git, git_folder, *words)).stdout.decode("utf-8", "replace").split("\0"):
        key, _, path = line.partition("\n")
        if section := _SECTION.fullmatch(key):
            found[path] = section[1]
    return found


async def _missing(git: Git, git_folder: Path, commit: str) -> int:
    """How many objects of `commit` a partial clone lacks. Only such a repository has packs with that mark."""
    if not any((git_folder / "objects/pack").glob("*.promisor")):
        return 0
    listed = await _in(git, git_folder, "rev-list", "--objects", "--no-walk", "--missing=print", commit)
    return sum(line.startswith(b"?") for line in listed.stdout.splitlines())


async def _in(git: Git, git_folder: Path, *words: str) -> Completed:
    """Git there, without its work tree: that of a submodule may be gone."""
    places = {"GIT_DIR": str(git_folder), "GIT_WORK_TREE": str(git_folder)}
    return await git.attempt(*words, cwd=git_folder, env=places, timeout_s=TRANSFER_S)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
