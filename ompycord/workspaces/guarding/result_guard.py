"""The guard of a collected result: looks through what it adds to its base, in git's objects alone.

Counterpart: `domain/checking/guard_rules.py`, which has the rules.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from ompycord.domain.checking.guard_rules import (
    escaping,
    is_matched,
    protected_changes,
    size_findings,
    unplanned_changes,
)
from ompycord.domain.checking.review_risk import is_prose
from ompycord.domain.events import GuardFinding, ResultGuarded
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.ports.trees import GITLINK, LINK, ResultTrees, TreeEntry
from ompycord.errors import WorkspaceError
from ompycord.files import replace_file
from ompycord.processes.launcher_port import Launcher
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.guarding.added_secrets import added_secrets
from ompycord.workspaces.guarding.granted import as_text
from ompycord.workspaces.guarding.syntax import ChangedSource, check_syntax, language_of
from ompycord.workspaces.record import Folder
from ompycord.workspaces.trees import sizes_of, trees_of

__all__ = ["ResultGuard"]

_BATCH: Final = 64
"""Changed files that are read at a time, each of at most 1 MiB before and after."""
_MOVED: Final = 50
"""Removed files whose words may have moved to another file."""
_LISTED: Final = 50
_PATH: Final = 1024
_ORDER: Final = ("secret", "protected", "escape", "files", "lines", "file_size", "syntax", "unplanned")


class _Read(NamedTuple):
    """What the content of the changed files showed."""

    added_lines: int
    secrets: list[GuardFinding]
    broken: list[GuardFinding]
    not_checked: list[str]


class ResultGuard:
    """Guards the results of all runs."""

    def __init__(self, *, git: Git, launcher: Launcher) -> None:
        self._git = git
        self._launcher = launcher

    async def inspect(self, folder: Folder, run: str, *, base: str, commit: str, rules: GuardRules) -> ResultGuarded:
        """What of `commit` breaks a rule. Raises WorkspaceError, ProcessFailed."""
        marker = f"{run}.git"
        trees = await trees_of(self._git, folder.result, base=base, result=commit, marker=marker)
        changed = trees.changed_paths()
        there = {path: entry for path in changed if (entry := trees.result.get(path)) is not None}
        blobs = {path: entry.blob for path, entry in there.items() if entry.mode != GITLINK}
        known = await sizes_of(self._git, folder.result, sorted(set(blobs.values())), marker)
        sizes = {path: known[blob] for path, blob in blobs.items() if blob in known}
        read = await self._read(folder, run, trees, changed, rules)
        findings = [
            *read.secrets,
            *(await self._passed_secrets(folder, marker, trees, rules, base=base, commit=commit)),
            *protected_changes(changed, rules.protected),
            *(await _escaping(trees, changed)),
            *size_findings(rules.spec, changed=len(changed), added_lines=read.added_lines, sizes=sizes),
            *read.broken,
            *unplanned_changes(changed, rules.planned),
        ]
        if not findings:
            await asyncio.to_thread(replace_file, folder.manifest, _manifest(trees, changed))
        found = sorted(dict.fromkeys(findings), key=lambda one: (_ORDER.index(one.rule), one.path or ""))
        return ResultGuarded(
            findings=tuple(_shown(one) for one in found[:_LISTED]),
            total=len(found),
            not_checked=tuple(_shown_path(path) for path in read.not_checked[:_LISTED]),
            not_checked_total=len(read.not_checked),
            files=len(changed),
        )

    async def require_manifest(self, folder: Folder, run: str, *, base: str, commit: str) -> None:
        """Raises WorkspaceError where `commit` does not hold exactly what was looked through last."""
        if not folder.manifest.exists():  # collected by an earlier version
            return
        trees = await trees_of(self._git, folder.result, base=base, result=commit, marker=f"{run}.git")
        if await asyncio.to_thread(folder.manifest.read_text) != _manifest(trees, trees.changed_paths()):
            raise WorkspaceError("The result is not the one that was looked through, so it was not published. Retry.")

    async def _read(
        self, folder: Folder, run: str, trees: ResultTrees, changed: Sequence[str], rules: GuardRules
    ) -> _Read:
        """Reads every changed file, before and after."""
        plain = [path for path in changed if _is_file(trees.result.get(path))]
        exempt = {path for path in plain if is_matched(path, rules.spec.exempt)}
        with_syntax = rules.with_syntax and rules.spec.syntax
        removed = [path for path in changed if path not in trees.result and _is_file(trees.base.get(path))]
        removed_texts = await _texts(trees, trees.base, removed[:_MOVED])
        read = _Read(0, [], [], [])
        for batch in _batches(plain):
            new, old = await _both(trees, batch)
            read = read._replace(added_lines=read.added_lines + await asyncio.to_thread(_added_lines, new, old))
            looked = {path: content for path, content in new.items() if path not in exempt}
            if rules.spec.secrets:
                read.secrets.extend(await asyncio.to_thread(_secrets, looked, old, removed_texts))
            if with_syntax:
                broken, not_checked = await self._broken(folder, run, looked, old)
                read.broken.extend(broken)
                read.not_checked.extend(not_checked)
                read.not_checked.extend(path for path in batch if path not in new)
        return read

    async def _broken(
        self, folder: Folder, run: str, new: Mapping[str, bytes], old: Mapping[str, bytes]
    ) -> tuple[list[GuardFinding], list[str]]:
        """Files that do not parse although they did on the base, or are new; and those that no parser reads."""
        not_checked = [path for path, content in new.items() if content and _is_unknown(path)]
        after = await check_syntax(self._launcher, folder.path, run, _sources(new))
        was = {one.path: old[one.path] for one in after.findings if one.path is not None and one.path in old}
        if not was:
            return after.findings, [*not_checked, *after.not_checked]
        before = await check_syntax(self._launcher, folder.path, run, _sources(was))
        known = {one.path for one in before.findings}
        return [one for one in after.findings if one.path not in known], [*not_checked, *after.not_checked]

    async def _passed_secrets(
        self, folder: Folder, marker: str, trees: ResultTrees, rules: GuardRules, *, base: str, commit: str
    ) -> list[GuardFinding]:
        """Secrets of commits in between, which a later one took out again: they would stand in the history."""
        if not rules.spec.secrets:
            return []
        words = ("rev-list", "--objects", commit, "--not", base)
        listed = await self._git.run(*words, cwd=folder.result, marker=marker, timeout_s=TRANSFER_S)
        ends = {entry.blob for entry in (*trees.base.values(), *trees.result.values())}
        between: dict[str, str] = {}
        for line in listed.decode("utf-8", "surrogateescape").splitlines():
            name, _, path = line.partition(" ")
            if path and name not in ends and not is_matched(path, rules.spec.exempt):
                between[name] = path
        findings: list[GuardFinding] = []
        for batch in _batches(list(between)):
            read = await trees.read(batch)
            new = {name: content for name, content in read.items() if content is not None}
            for name, content in new.items():
                path = between[name]
                old = await _texts(trees, trees.base, [path] if _is_file(trees.base.get(path)) else [])
                found = await asyncio.to_thread(added_secrets, path, as_text(content), old)
                findings += [one.model_copy(update={"detail": f"{one.detail}, in an earlier commit"}) for one in found]
        return findings


def _manifest(trees: ResultTrees, changed: Sequence[str]) -> str:
    """Each changed path with its mode and object; null where it was removed."""
    entries = {path: trees.result.get(path) for path in changed}
    return json.dumps({_shown_path(path): entry and entry._asdict() for path, entry in entries.items()}, indent=1)


def _is_file(entry: TreeEntry | None) -> bool:
    return entry is not None and entry.mode not in {LINK, GITLINK}


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    ahead = iter(paths)
    while batch := list(islice(ahead, _BATCH)):
        yield batch


async def _both(trees: ResultTrees, paths: Sequence[str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """By path, after and before, read at once: each start of git takes longer than the reading."""
    before = [path for path in paths if _is_file(trees.base.get(path))]
    named = [*(trees.result[path].blob for path in paths), *(trees.base[path].blob for path in before)]
    read = await trees.read(named)
    new = {path: content for path in paths if (content := read.get(trees.result[path].blob)) is not None}
    old = {path: content for path in before if (content := read.get(trees.base[path].blob)) is not None}
    return new, old


async def _contents(trees: ResultTrees, tree: Mapping[str, TreeEntry], paths: Sequence[str]) -> dict[str, bytes]:
    """By path; without those that are too large to be read."""
    read = await trees.read([tree[path].blob for path in paths])
    return {path: content for path in paths if (content := read.get(tree[path].blob)) is not None}


def _is_unknown(path: str) -> bool:
    """Whether it may be in a language, of which no parser is here."""
    return language_of(path) is None and not is_prose(path)


async def _texts(trees: ResultTrees, tree: Mapping[str, TreeEntry], paths: Sequence[str]) -> list[str]:
    return [as_text(content) for content in (await _contents(trees, tree, paths)).values()]


async def _escaping(trees: ResultTrees, changed: Sequence[str]) -> list[GuardFinding]:
    if not any(entry is not None and entry.mode == LINK for entry in map(trees.result.get, changed)):
        return []
    after, before = await _targets(trees, trees.result), await _targets(trees, trees.base)
    return escaping(changed, trees.result, after, before)


async def _targets(trees: ResultTrees, tree: Mapping[str, TreeEntry]) -> dict[str, str]:
    links = {path: entry.blob for path, entry in tree.items() if entry.mode == LINK}
    read = await trees.read(list(links.values()))
    return {path: (read.get(blob) or b"/").decode("utf-8", "surrogateescape") for path, blob in links.items()}


def _sources(contents: Mapping[str, bytes]) -> list[ChangedSource]:
    named = ((path, language_of(path), content) for path, content in contents.items())
    return [ChangedSource(path, language, content) for path, language, content in named if language is not None]


def _added_lines(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> int:
    """Lines that a file has more often than before; a binary file has none."""
    texts = ((content, old.get(path, b"")) for path, content in new.items() if b"\0" not in content)
    return sum((Counter(after.splitlines()) - Counter(before.splitlines())).total() for after, before in texts)


def _secrets(new: Mapping[str, bytes], old: Mapping[str, bytes], moved: Sequence[str]) -> list[GuardFinding]:
    findings: list[GuardFinding] = []
    for path, content in new.items():
        before = [as_text(old[path])] if path in old else []
        findings += added_secrets(path, as_text(content), (*before, *moved))
    return findings


def _shown_path(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:_PATH] or "?"


def _shown(finding: GuardFinding) -> GuardFinding:
    return finding if finding.path is None else finding.model_copy(update={"path": _shown_path(finding.path)})
