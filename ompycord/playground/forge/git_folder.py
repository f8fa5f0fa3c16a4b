"""A repository of the forge on disk, as git itself reads and changes it: branches, commits, diffs, merges."""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ompycord.playground.rules.documents import Json

GIT_S: Final = 60.0
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_UNUSABLE: Final = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|//|@\{|^[-/.]|[/.]$|\.lock(/|$)|/\.")
_FIELDS: Final = "%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B%x1e"
_PATCH_LIMIT: Final = 200_000
"""Characters of a file's diff; GitHub leaves out larger ones, too."""


class GitError(Exception):
    """git refused; the message is its own."""


class ConflictError(GitError):
    """Two branches change the same lines."""


@dataclass(frozen=True, kw_only=True)
class ChangeCounts:
    """What a pull request changes, in numbers."""

    commits: int
    files: int
    added: int
    removed: int


def environment(home: Path) -> dict[str, str]:
    """What git gets here: no configuration of the machine or its user, and no credential."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


class GitFolder:
    """One bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[tuple[str, ...], bytes] = {}

    # -- branches

    def tip(self, branch: str) -> str | None:
        """The commit of a branch, read from git's files; None where there is none."""
        if _UNUSABLE.search(branch) or not branch:
            return None
        try:
            found = (self.path / "refs/heads" / branch).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            found = self._packed().get(f"refs/heads/{branch}", "")
        return found if _COMMIT.fullmatch(found) else None

    async def branches(self) -> dict[str, str]:
        """Every branch with its commit."""
        listed = await self.line("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads")
        return {name: commit for commit, _, name in (line.partition(" ") for line in listed.splitlines())}

    async def commit_of(self, name: str) -> str | None:
        """The commit of a branch or of a commit's name, a whole one; None where there is none."""
        tip = self.tip(name)
        if tip is not None:
            return tip
        if not _COMMIT.fullmatch(name):
            return None
        code, _, _ = await self._run("cat-file", "-e", f"{name}^{{commit}}")
        return name if code == 0 else None

    async def delete(self, branch: str) -> None:
        await self.line("update-ref", "-d", f"refs/heads/{branch}")

    # -- what is in it

    async def commits(self, base: str, head: str) -> list[Json]:
        """The commits of `head` that `base` does not have, oldest first."""
        printed = await self._cached("log", "--reverse", f"--format={_FIELDS}", f"{base}..{head}", "--")
        return [_commit(text) for text in printed.decode("utf-8", "replace").split("\x1e") if text.strip()]

    async def commit(self, commit: str) -> Json:
        """One commit."""
        printed = await self._cached("log", "-1", f"--format={_FIELDS}", commit, "--")
        return _commit(printed.decode("utf-8", "replace").partition("\x1e")[0])

    async def files(self, base: str, head: str) -> list[Json]:
        """The files that `head` changes since it left `base`, with their diffs."""
        start = await self.merge_base(base, head)
        raw = await self._cached("diff-tree", "-r", "-M", "-z", "--raw", "--numstat", start, head)
        files = _files(raw)
        for found in files:
            paths = [found["path"], *([found["before"]] if found["before"] else [])]
            words = ("diff-tree", "-r", "-M", "-p", "--no-color", "--no-ext-diff", start, head, "--", *paths)
            text = (await self._cached(*words)).decode("utf-8", "replace")
            at = text.find("\n@@ ")
            found["patch"] = text[at + 1 :].rstrip("\n") if at >= 0 and len(text) <= _PATCH_LIMIT else ""
        return files

    async def diff(self, base: str, head: str, *, is_patch: bool = False) -> bytes:
        """The whole diff as text, or the commits as mails."""
        if is_patch:
            return await self._cached("format-patch", "--stdout", "--no-signature", f"{base}..{head}")
        return await self._cached("diff-tree", "-r", "-M", "-p", "--no-color", await self.merge_base(base, head), head)

    async def counts(self, base: str, head: str) -> ChangeCounts:
        """What `head` adds to `base`, in numbers."""
        start = await self.merge_base(base, head)
        raw = await self._cached("diff-tree", "-r", "-M", "-z", "--raw", "--numstat", start, head)
        files = _files(raw)
        number = await self._cached("rev-list", "--count", f"{base}..{head}", "--")
        return ChangeCounts(
            commits=int(number),
            files=len(files),
            added=sum(one["added"] for one in files),
            removed=sum(one["removed"] for one in files),
        )

    async def merge_base(self, base: str, head: str) -> str:
        """Where `head` left `base`; the empty tree where they have nothing in common."""
        code, printed, _ = await self._run("merge-base", base, head)
        if code == 0:
            return printed.decode("ascii").strip()
        return await self.line("hash-object", "-t", "tree", os.devnull)

    async def is_within(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`."""
        code, _, _ = await self._run("merge-base", "--is-ancestor", old, new)
        return code == 0

    async def text_of(self, commit: str, path: str) -> str | None:
        """A file's text; None where it is not there."""
        code, printed, _ = await self._run("cat-file", "blob", f"{commit}:{path}")
        return printed.decode("utf-8", "replace") if code == 0 else None

    # -- merging

    async def merged_tree(self, base: str, head: str) -> str:
        """The tree of both together. Raises ConflictError."""
        code, printed, _ = await self._run("merge-tree", "--write-tree", "--allow-unrelated-histories", base, head)
        if code != 0:
            raise ConflictError("there is a conflict")
        return printed.decode("ascii").splitlines()[0]

    async def put_commit(
        self, branch: str, *, tree: str, parents: list[str], message: str, author: tuple[str, str]
    ) -> str:
        """A new commit on a branch, which must be at the first parent. Raises GitError."""
        name, address = author
        who = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER")
               for field, value in (("NAME", name), ("EMAIL", address))}  # fmt: skip
        ends = [word for parent in parents for word in ("-p", parent)]
        made = await self.line("commit-tree", tree, *ends, "-m", message, more=who)
        await self.line("update-ref", f"refs/heads/{branch}", made, parents[0])
        return made

    async def move(self, branch: str, commit: str, old: str) -> None:
        """A branch from one commit to another. Raises GitError."""
        await self.line("update-ref", f"refs/heads/{branch}", commit, old)

    # -- git

    async def line(self, *words: str, more: dict[str, str] | None = None) -> str:
        """What git prints. Raises GitError."""
        code, printed, errors = await self._run(*words, more=more)
        if code != 0:
            raise GitError(errors.decode("utf-8", "replace").strip())
        return printed.decode("utf-8", "replace").strip()

    async def _cached(self, *words: str) -> bytes:
        """What git prints of commits, which never change."""
        if words not in self._known:
            code, printed, errors = await self._run(*words)
            if code != 0:
                raise GitError(errors.decode("utf-8", "replace").strip())
            if len(self._known) > 500:
                self._known.clear()
            self._known[words] = printed
        return self._known[words]

    async def _run(self, *words: str, more: dict[str, str] | None = None) -> tuple[int, bytes, bytes]:
        pipe = asyncio.subprocess.PIPE
        env = {**environment(self.path), **(more or {})}
        git = await asyncio.create_subprocess_exec(
            "git", *words, cwd=self.path, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        try:
            async with asyncio.timeout(GIT_S):
                printed, errors = await git.communicate()
        finally:
            if git.returncode is None:
                git.kill()
                await git.wait()
        return git.returncode or 0, printed, errors

    def _packed(self) -> dict[str, str]:
        try:
            lines = (self.path / "packed-refs").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return {}
        return {name: commit for commit, _, name in (line.partition(" ") for line in lines) if name}


def _commit(text: str) -> Json:
    sha, tree, parents, name, mail, date, committer, address, at, message = text.strip("\n").split("\x1f")
    return {
        "sha": sha,
        "tree": tree,
        "parents": parents.split(),
        "author": {"name": name, "email": mail, "date": date},
        "committer": {"name": committer, "email": address, "date": at},
        "message": message.rstrip("\n"),
    }


def _files(raw: bytes) -> list[Json]:
    """The files of `git diff-tree -z --raw --numstat`: first what happened to each, then its lines."""
    parts = raw.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode("utf-8").split("\0")
    files: dict[str, Json] = {}
    words = iter(parts)
    for word in words:
        if word.startswith(":"):
            _, _, _, blob, kind = word.split(" ")
            before = next(words) if kind[0] in "RC" else ""
            path = next(words)
            files[path] = {"path": path, "before": before, "blob": blob, "kind": kind[0], "added": 0, "removed": 0}
        elif word.count("\t") == 2:
            added, removed, path = word.split("\t")
            if not path:
                next(words)
                path = next(words)
            files[path] |= {"added": _lines(added), "removed": _lines(removed)}
    return list(files.values())


def _lines(text: str) -> int:
    return int(text) if text.isdigit() else 0
