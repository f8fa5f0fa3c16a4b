"""Reads of two trees what `judge.py` needs: the changed files, and what the commands of the checks name."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from ompycord.checks.evidence.change import Blob, EvidenceScope, PathChange
from ompycord.checks.evidence.commands import (
    Files,
    first_definitions,
    import_folders,
    modules_of,
    named_by_command,
    named_by_text,
)
from ompycord.checks.evidence.judge import is_put_back, judge
from ompycord.checks.evidence.other_tests import holds_tests
from ompycord.checks.evidence.test_paths import is_test
from ompycord.domain.ports.checks import Comparison
from ompycord.domain.ports.trees import GITLINK, LINK, ResultTrees, TreeEntry
from ompycord.domain.repository import CheckSpec

__all__ = ["compare"]

_ROUNDS: Final = 8
"""How far scripts are followed that start scripts."""
_MOST: Final = 500
"""How many such scripts are read."""


async def compare(checks: Sequence[CheckSpec], trees: ResultTrees) -> Comparison:
    """See `domain.ports.Checks.compare`. Raises WorkspaceError."""
    paths = trees.changed_paths()
    if not paths:
        return Comparison(changes=(), with_base=trees.result, on_base=trees.base)
    defining, texts = await _defining(checks, trees)
    blobs = await _read(trees, [entry for path in paths for entry in _entries(trees, path)])
    return await asyncio.to_thread(_judged, checks, trees, paths, defining, texts, blobs)


def _judged(
    checks: Sequence[CheckSpec],
    trees: ResultTrees,
    paths: Sequence[str],
    defining: set[str],
    texts: Iterable[str],
    blobs: Mapping[str, bytes | None],
) -> Comparison:
    appeared = {trees.result[path].blob: path for path in reversed(paths) if path not in trees.base}
    changes = [_change(trees, path, blobs, appeared) for path in paths]
    scope = _scope(checks, trees, defining, " ".join(texts))
    apart = {change.path for change in changes if is_put_back(change, scope)}
    return Comparison(
        changes=judge(changes, scope, apart),
        with_base=_mixed(trees.result, trees.base, apart),
        on_base=_mixed(trees.base, trees.result, apart),
    )


def _mixed(
    tree: Mapping[str, TreeEntry], other: Mapping[str, TreeEntry], apart: Collection[str]
) -> Mapping[str, TreeEntry]:
    """A tree that has the paths `apart` as the other one has them."""
    mixed = {path: entry for path, entry in tree.items() if path not in apart}
    return mixed | {path: other[path] for path in apart if path in other}


def _entries(trees: ResultTrees, path: str) -> list[TreeEntry]:
    return [entry for entry in (trees.base.get(path), trees.result.get(path)) if entry is not None]


def _change(
    trees: ResultTrees, path: str, blobs: Mapping[str, bytes | None], appeared: Mapping[str, str]
) -> PathChange:
    """`appeared` has the new path of each content that the base had nowhere."""
    before, after = trees.base.get(path), trees.result.get(path)
    moved = appeared.get(before.blob) if before is not None and after is None else None
    return PathChange(path, _blob(before, blobs), _blob(after, blobs), moved_to=moved)


def _blob(entry: TreeEntry | None, blobs: Mapping[str, bytes | None]) -> Blob | None:
    return None if entry is None else Blob(entry.mode, blobs.get(entry.blob))


async def _read(trees: ResultTrees, entries: Iterable[TreeEntry]) -> Mapping[str, bytes | None]:
    return await trees.read({entry.blob for entry in entries if entry.mode != GITLINK})


async def _defining(checks: Sequence[CheckSpec], trees: ResultTrees) -> tuple[set[str], list[str]]:
    """The files that the commands name, over scripts and links in both trees, and the texts that were read for it."""
    both = [await _files(trees, tree) for tree in (trees.base, trees.result)]
    found = await asyncio.to_thread(_named, checks, both)
    waiting = found | first_definitions(both[0])
    texts: list[str] = []
    done: set[str] = set()
    for _ in range(_ROUNDS):
        fresh = sorted(waiting - done)[: _MOST - len(done)]
        if not fresh:
            break
        done.update(fresh)
        blobs = await _read(trees, [entry for path in fresh for entry in _entries(trees, path)])
        waiting, read = await asyncio.to_thread(_following, fresh, both, blobs)
        found |= waiting
        texts += read
    return found, texts


async def _files(trees: ResultTrees, entries: Mapping[str, TreeEntry]) -> Files:
    links = {path: entry for path, entry in entries.items() if entry.mode == LINK}
    blobs = await _read(trees, links.values())
    targets = {path: blobs.get(entry.blob) for path, entry in links.items()}
    return Files(entries, {path: data.decode("utf-8", "replace") for path, data in targets.items() if data})


def _named(checks: Sequence[CheckSpec], both: Sequence[Files]) -> set[str]:
    return {path for check in checks for path in named_by_command(check.command, both)}


def _following(
    paths: Sequence[str], both: Sequence[Files], blobs: Mapping[str, bytes | None]
) -> tuple[set[str], list[str]]:
    """What scripts name, and their texts."""
    found: set[str] = set()
    texts: list[str] = []
    for files in both:
        for path in paths:
            entry = files.entries.get(path)
            if entry is not None and path not in files.links and not holds_tests(path):
                texts.append((blobs.get(entry.blob) or b"").decode("utf-8", "replace"))
                found |= named_by_text(path, texts[-1], both)
    return found, texts


def _scope(checks: Sequence[CheckSpec], trees: ResultTrees, defining: set[str], texts: str) -> EvidenceScope:
    commands = [check.command for check in checks]
    tests = [path for path in trees.base if is_test(path)]
    words = " ".join(word for command in commands for word in command)
    return EvidenceScope(
        base_paths=trees.base.keys(),
        defining=defining,
        import_roots=_import_roots(trees, defining) | {root for one in commands for root in import_folders(one)},
        modules={module.partition(".")[0] for command in commands for module in modules_of(command)},
        test_names={name for path in tests for name in _names(path)},
        has_doctests="doctest" in words or "doctest" in texts,
    )


def _import_roots(trees: ResultTrees, defining: set[str]) -> set[str]:
    """Folders from which Python's runners import: the top, and what pytest puts before it for each file of tests.

    That is the first folder above a test that is no package, and the folder of each script that a command starts.
    """
    roots = {"", "src", "lib", "python"}
    packages = {
        str(PurePosixPath(path).parent)
        for tree in (trees.base, trees.result)
        for path in tree
        if path.endswith("/__init__.py")
    }
    for tree in (trees.base, trees.result):
        for path in (path for path in tree if path.endswith(".py") and is_test(path)):
            at = PurePosixPath(path).parent
            while str(at) in packages:
                at = at.parent
            roots.add(_name(at))
    roots |= {_name(PurePosixPath(path).parent) for path in defining if path.endswith(".py")}
    return roots


def _names(path: str) -> Iterable[str]:
    """How code would name a file of tests: by its path, and by its name where no other file bears such a one."""
    at = PurePosixPath(path)
    if at.suffix == ".py" and at.name != "__init__.py":
        yield path
        if at.name.startswith("test_") or at.stem.endswith("_test"):
            yield at.name


def _name(folder: PurePosixPath) -> str:
    return "" if str(folder) == "." else str(folder)
