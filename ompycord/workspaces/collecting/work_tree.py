"""The files of the clone as a tree of git's: all that is not ignored, and nothing that blocks the rest.

Repositories within it are taken as files, unreadable files are made readable, and a file that the agent did not touch
keeps the base's blob, whatever attributes say of the ends of its lines.
"""

import filecmp
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ompycord.workspaces.collecting.inside_git import GitFailed, InsideGit, records
from ompycord.workspaces.collecting.local_work import is_real_folder

__all__ = ["GITLINK", "Entry", "add_all", "entries_of", "is_empty_folder", "snapshot", "without_repositories"]

GITLINK = "160000"
_ALL_RIGHTS = 0o700
_ONE_BY_ONE = 500
"""Files that git is given alone where it fails on one of many; each takes some milliseconds."""
_AWAY = ".ompycord-away-"
_MOVED = re.compile(r"\.ompycord-away-\d+-(\.git)", re.IGNORECASE)
_NOT_MOVED = (f":(exclude,top,glob)**/{_AWAY}*", f":(exclude,top,glob)**/{_AWAY}*/**")
_CHUNK = 1024 * 1024
_SHA1 = 40
"""Digits of an object's name in a repository that does not use SHA-256."""


class Entry(NamedTuple):
    """A path in a tree: its mode and the name of its object."""

    mode: str
    object: str


def entries_of(git: InsideGit, commit: str) -> dict[str, Entry]:
    """All paths of a commit."""
    found: dict[str, Entry] = {}
    for line in records(git.raw("ls-tree", "-r", "-z", "--full-tree", commit)):
        about, _, path = line.partition("\t")
        mode, _, name = about.split(" ")
        found[path] = Entry(mode, name)
    return found


def snapshot(git: InsideGit, base: str, parent: str, entries: Mapping[str, Entry]) -> tuple[str, list[str]]:
    """The tree of the clone's files, and the paths that could not be taken into it. Raises GitFailed.

    `entries` are the base's. In here no folder of the clone is a repository of its own (`without_repositories`).
    """
    git("read-tree", parent)
    for path in _new_links(git, base, parent):  # the agent committed a repository within the clone as a bare number
        git.raw("update-index", "--force-remove", "-z", "--stdin", data=os.fsencode(path))
    git("update-index", "-q", "--refresh")  # read, compared and known: else `add` stores every unchanged file once more
    _keep_untouched(git, base, parent, entries)
    left_out = add_all(git)
    return git("write-tree"), left_out


def _new_links(git: InsideGit, base: str, parent: str) -> list[str]:
    if parent == base:
        return []
    known = {path for path, entry in entries_of(git, base).items() if entry.mode == GITLINK}
    return [path for path, entry in entries_of(git, parent).items() if entry.mode == GITLINK and path not in known]


# -- files that git would refuse ---------------------------------------------------------------------------------------


def add_all(git: InsideGit, *, index: Path | None = None, tree: Path | None = None) -> list[str]:
    """Puts all files into the index; the paths that git refuses, however often it is asked. Raises GitFailed.

    `index` and `tree` stand for git's own index and the clone.
    """
    places = {} if index is None or tree is None else {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(tree)}
    every = ("add", "--all", "--ignore-errors", "--", ".", *_NOT_MOVED)
    if git.attempt(*every, env=places).code == 0:
        return []
    for path in _left(git, places):
        _make_readable(Path(tree or ".", path))
    done = git.attempt(*every, env=places)
    if done.code == 0:
        return []
    left = _left(git, places)
    if len(left) > _ONE_BY_ONE:
        raise GitFailed(f"git add refuses {len(left)} files, such as {left[0]}: {done.words}")
    for path in left:  # one of them may have ended git before it came to the others
        git.attempt("add", "--all", "--", f":(top,literal){path}", env=places)
    return _left(git, places)


def _left(git: InsideGit, places: Mapping[str, str]) -> list[str]:
    """What is new or changed and not in the index."""
    listed = ("ls-files", "-z", "--others", "--modified", "--exclude-standard", "--", ".", *_NOT_MOVED)
    return list(dict.fromkeys(records(git.raw(*listed, env=places))))


def _make_readable(path: Path) -> None:
    with suppress(OSError):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and not mode & stat.S_IRUSR:
            path.chmod(stat.S_IMODE(mode) | stat.S_IRUSR)


def _named(error: OSError) -> str:
    return Path(str(error.filename)).as_posix()


def _open(folder: Path) -> None:
    with suppress(OSError):
        mode = folder.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & _ALL_RIGHTS != _ALL_RIGHTS:
            folder.chmod(stat.S_IMODE(mode) | _ALL_RIGHTS)


# -- repositories within the clone -------------------------------------------------------------------------------------


@contextmanager
def without_repositories() -> Generator[list[str]]:
    """Renames what makes a folder within the clone a repository of its own, where it stands, for as long as this lasts.

    Git would otherwise store its commit and not its files, and ask that repository's own settings for programs. It
    stays in its own folder, since each folder of a run may be mounted by itself. Gives the folders that stay shut.
    """
    nested, shut = _inspect()
    moved: list[tuple[Path, Path]] = []
    try:
        for number, found in enumerate(nested):
            away = found.with_name(f"{_AWAY}{number}-{found.name}")
            found.rename(away)
            moved.append((found, away))
        yield shut
    finally:
        for found, away in moved:
            with suppress(OSError):
                away.rename(found)


def _inspect() -> tuple[list[Path], list[str]]:
    """Every `.git` below the clone's own, in any spelling, and the folders that stay shut.

    Opens each folder to its owner, since git passes over one that it cannot list and says nothing, and puts back what a
    collection that was killed had renamed.
    """
    found: list[Path] = []
    shut: list[str] = []
    _open(Path())
    for at, folders, files in os.walk(".", onerror=lambda error: shut.append(_named(error))):
        layout = Path(at)
        for name in (*folders, *files):
            original = _put_back(layout, name)
            if original.lower() != ".git":
                if name in folders:
                    _open(layout / name)
                continue
            if name in folders:
                folders.remove(name)
            if layout != Path() or original != ".git":
                found.append(layout / original)
    return found, shut


def _put_back(folder: Path, name: str) -> str:
    """The name that it has from now on."""
    moved = _MOVED.fullmatch(name)
    if moved is None or os.path.lexists(folder / moved[1]):
        return name
    try:
        Path(folder, name).rename(folder / moved[1])
    except OSError:
        return name
    return moved[1]


# -- files that the agent did not touch --------------------------------------------------------------------------------


def _keep_untouched(git: InsideGit, base: str, parent: str, entries: Mapping[str, Entry]) -> None:
    """Gives each file whose bytes are those of the checkout the base's blob in the index, and shuts it there.

    By their attributes git would store other ends of lines for some, or fail on one that its encoding does not fit.
    """
    changed = records(git.raw("diff-files", "-z", "--name-only", "--diff-filter=M"))
    if parent != base:
        committed = ("diff-tree", "-r", "-z", "--name-only", "--diff-filter=M", base, parent)
        changed = list(dict.fromkeys((*changed, *records(git.raw(*committed)))))
    files = [path for path in changed if path in entries and _is_file(Path(path)) and entries[path].mode != GITLINK]
    same = [path for path in files if _blob(Path(path), entries[path].object) == entries[path].object]
    others = [path for path in files if path not in set(same)]
    if others and any(path.rpartition("/")[2] == ".gitattributes" for path in entries):
        same += _same_as_checkout(git, base, others)
    if not same:
        return
    lines = (f"{_mode(Path(path))} {entries[path].object}\t{path}\0" for path in same)
    git.raw("update-index", "-z", "--index-info", data=os.fsencode("".join(lines)))
    git.raw("update-index", "-z", "--assume-unchanged", "--stdin", data=_paths(same))


def _same_as_checkout(git: InsideGit, base: str, paths: list[str]) -> list[str]:
    """Those of `paths` that are as the base's checkout wrote them, by the attributes of the base."""
    places = {"GIT_INDEX_FILE": str(git.folder / "base.index"), "GIT_WORK_TREE": str(git.folder / "base.empty")}
    out = git.folder / "base.files"
    Path(places["GIT_WORK_TREE"]).mkdir()
    git("read-tree", base, env=places)
    written = ("checkout-index", "-q", "-z", "--stdin", f"--prefix={out}/")
    git.attempt(*written, data=_paths(paths), env=places)  # what it cannot write is not the same
    same = [path for path in paths if _is_file(out / path) and _are_same(out / path, Path(path))]
    shutil.rmtree(out, ignore_errors=True)
    return same


def _paths(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _are_same(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _mode(path: Path) -> str:
    return "100755" if path.lstat().st_mode & stat.S_IXUSR else "100644"


def _blob(path: Path, like: str) -> str:
    """The name that git gives to the file's bytes as they are; `like` is a name of the same kind."""
    try:
        with path.open("rb") as file:
            digest = hashlib.sha1(usedforsecurity=False) if len(like) == _SHA1 else hashlib.sha256()
            digest.update(b"blob %d\0" % os.fstat(file.fileno()).st_size)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()


def is_empty_folder(path: Path) -> bool:
    """Whether there is nothing below it, or nothing that could be: no link on the way to it is followed."""
    try:
        is_of_clone = path.resolve() == Path.cwd().resolve() / path
        return not is_of_clone or not is_real_folder(path) or not any(path.iterdir())
    except OSError:
        return True
