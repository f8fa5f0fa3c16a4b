"""The trees of a run's base and result, and their blobs, from the objects of `result.git`; no working copy is read.

Used by `service.py`; what the trees mean for the checks is decided by `checks/evidence/`.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from ompycord.domain.ports.trees import ResultTrees, TreeEntry
from ompycord.errors import WorkspaceError
from ompycord.workspaces.git import TRANSFER_S, Git

__all__ = ["BLOB_BYTES", "changed_entries", "commit_of_tree", "listed_entries", "sizes_of", "trees_of"]

BLOB_BYTES: Final = 1_048_576
"""The largest blob that is read; a larger file is no source that a person reviews."""
_CHUNK_NAMES: Final = 500
_CHUNK_BYTES: Final = 32 * 1_048_576


async def trees_of(git: Git, at: Path, *, base: str, result: str, marker: str) -> ResultTrees:
    """Both trees. `at` is the repository, `base` and `result` are commits. Raises WorkspaceError."""
    ls_tree = ("ls-tree", "-r", "-z", "--full-tree", base)
    listed = await git.run(*ls_tree, cwd=at, marker=marker, timeout_s=TRANSFER_S)
    entries = dict(listed_entries(listed))
    after = dict(entries)
    if base != result:
        words = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", "--no-commit-id", base, result)
        raw = await git.run(*words, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        for path, entry in changed_entries(raw):
            after.pop(path, None)
            if entry is not None:
                after[path] = entry

    async def read(names: Collection[str]) -> Mapping[str, bytes | None]:
        return await _blobs(git, at, sorted(set(names)), marker)

    return ResultTrees(base=entries, result=after, read=read)


async def commit_of_tree(git: Git, at: Path, commit: str, tree: Mapping[str, TreeEntry], *, marker: str) -> str:
    """A commit without a parent that has these files, made in `at` from the tree of `commit`; no ref leads to it.

    All blobs are in `at` already. Raises WorkspaceError.
    """
    listed = await git.run("ls-tree", "-r", "-z", "--full-tree", commit, cwd=at, marker=marker, timeout_s=TRANSFER_S)
    now = dict(listed_entries(listed))
    removed = [_index_line("0", "0" * len(entry.blob), path) for path, entry in now.items() if path not in tree]
    new = [_index_line(entry.mode, entry.blob, path) for path, entry in tree.items() if now.get(path) != entry]
    if not removed and not new:
        return commit
    index = at.with_name(f"{at.name}.mixed")
    env = {"GIT_DIR": str(at), "GIT_INDEX_FILE": str(index)}
    try:
        await git.run("read-tree", commit, cwd=at, env=env, marker=marker, timeout_s=TRANSFER_S)
        lines = b"".join((*removed, *new))  # what goes makes room for a folder of that name
        await git.run("update-index", "-z", "--index-info", cwd=at, env=env, marker=marker, stdin=lines)
        made = (await git.run("write-tree", cwd=at, env=env, marker=marker, timeout_s=TRANSFER_S)).decode().strip()
    finally:
        index.unlink(missing_ok=True)
    return await git.line("commit-tree", "-m", "tests of one, sources of the other", made, cwd=at, marker=marker)


def _index_line(mode: str, blob: str, path: str) -> bytes:
    return f"{mode} {blob}\t{path}\0".encode("utf-8", "surrogateescape")


def listed_entries(raw: bytes) -> Iterator[tuple[str, TreeEntry]]:
    """Path and entry of each line of `git ls-tree -r -z`: `<mode> <type> <name>`, a tab, the path."""
    for line in raw.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, _, name = facts.decode("ascii").split(" ")
        yield _path(path), TreeEntry(mode, name)


def changed_entries(raw: bytes) -> Iterator[tuple[str, TreeEntry | None]]:
    """Path and new entry (None: deleted) of `git diff-tree -z --raw --no-renames`.

    Two words a path: `:<old mode> <new mode> <old name> <new name> <letter>`, then the path.
    """
    words = iter(raw.split(b"\0")[:-1])
    for facts in words:
        _, mode, _, name, letter = facts.decode("ascii").removeprefix(":").split(" ")
        yield _path(next(words)), None if letter == "D" else TreeEntry(mode, name)


def _path(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


async def _blobs(git: Git, at: Path, names: list[str], marker: str) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = dict.fromkeys(names)
    for start in range(0, len(names), _CHUNK_NAMES):
        named = await sizes_of(git, at, names[start : start + _CHUNK_NAMES], marker)
        sizes = {name: size for name, size in named.items() if size <= BLOB_BYTES}
        for chunk in _chunks(sizes):
            found.update(await _read(git, at, chunk, marker))
    return found


async def sizes_of(git: Git, at: Path, names: list[str], marker: str) -> dict[str, int]:
    """The bytes of those that are blobs. Raises WorkspaceError."""
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    printed = await git.run("cat-file", form, cwd=at, marker=marker, stdin=_lines(names))
    found: dict[str, int] = {}
    for line in printed.decode("ascii", "replace").splitlines():
        name, kind, size = (*line.split(" "), "")[:3]  # `<name> missing` has two words
        if kind == "blob":
            found[name] = int(size)
    return found


def _chunks(sizes: dict[str, int]) -> Iterator[list[str]]:
    """The names in groups that together fit in what git may print at once."""
    chunk: list[str] = []
    room = _CHUNK_BYTES
    for name, size in sizes.items():
        if chunk and size > room:
            yield chunk
            chunk, room = [], _CHUNK_BYTES
        chunk.append(name)
        room -= size
    if chunk:
        yield chunk


async def _read(git: Git, at: Path, names: list[str], marker: str) -> Iterator[tuple[str, bytes]]:
    raw = await git.run("cat-file", "--batch", cwd=at, marker=marker, stdin=_lines(names), timeout_s=TRANSFER_S)
    return _contents(raw)


def _contents(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each blob of `git cat-file --batch`. Raises WorkspaceError for what is none."""
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        name, kind, number = (*raw[at:end].decode("ascii", "replace").split(" "), "")[:3]
        if kind != "blob":
            raise WorkspaceError("A file of the result cannot be read from its repository.")
        begin, size = end + 1, int(number)
        yield name, raw[begin : begin + size]
        at = begin + size + 1  # a line feed follows


def _lines(names: list[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode("ascii")
