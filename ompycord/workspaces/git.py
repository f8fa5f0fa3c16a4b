"""The host's own git: short calls with a closed environment; never in a folder that an agent may have written to.

Its counterpart inside a workspace is `collecting/inside_git.py`. Every call has arguments as a list, a timeout, a
process group of its own and a marker, by which the start after a crash finds what is left of it
(docs/platform/git-and-confinement.md, *Calls of git*).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ompycord.domain.repository import BRANCH_LIMIT, branch_fault
from ompycord.errors import WorkspaceError
from ompycord.processes import Completed, Outcome, ProcessSpec, run
from ompycord.text import clean, cut
from ompycord.workspaces.folders import is_real_folder

__all__ = ["SHORT_S", "TRANSFER_S", "Git", "require_branch"]

SHORT_S: Final = 60.0
TRANSFER_S: Final = 600.0
"""Seconds for what copies a whole repository."""

_OUTPUT: Final = 64 * 1024 * 1024
"""Bytes of output that are taken: the names of half a million changed files."""
_SENTENCE: Final = 300

_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    # The operator named the repository in the configuration, and so decided to trust its owner.
    "safe.directory=*",
)
_ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "file:https:http:ssh",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    "GIT_AUTHOR_NAME": "Ompycord",
    "GIT_AUTHOR_EMAIL": "ompycord@localhost",
    "GIT_COMMITTER_NAME": "Ompycord",
    "GIT_COMMITTER_EMAIL": "ompycord@localhost",
}
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s@]+@")


class Git:
    """Starts git, which is looked up in `path`. `operator` is the bot's own environment, for `remote.py` alone."""

    def __init__(self, *, path: str, operator: Mapping[str, str] | None = None) -> None:
        self._environment = {**_ENVIRONMENT, "PATH": path}
        self.operator = operator or {}

    async def run(
        self,
        *arguments: str,
        cwd: Path,
        marker: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = SHORT_S,
        settings: tuple[str, ...] = (),
        stdin: bytes | None = None,
    ) -> bytes:
        """The output of git. Raises WorkspaceError with git's last sentence, without credentials, when it failed."""
        done = await self.attempt(
            *arguments, cwd=cwd, marker=marker, env=env, timeout_s=timeout_s, settings=settings, stdin=stdin
        )
        if not done.is_success or done.was_cut:
            raise WorkspaceError(f"git {arguments[0]} failed: {_sentence(done, timeout_s)}")
        return done.stdout

    async def line(self, *arguments: str, cwd: Path, marker: str | None = None) -> str:
        """The one line of git's output."""
        return (await self.run(*arguments, cwd=cwd, marker=marker)).decode("utf-8", "replace").strip()

    async def attempt(
        self,
        *arguments: str,
        cwd: Path,
        marker: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = SHORT_S,
        settings: tuple[str, ...] = (),
        stdin: bytes | None = None,
    ) -> Completed:
        """How git ended, where failing is an answer. Raises ProcessFailed where git is not installed."""
        words = [word for setting in (*_SETTINGS, *settings) for word in ("-c", setting)]
        spec = ProcessSpec(
            argv=("git", *words, *arguments),
            env={**self._environment, **(env or {})},
            cwd=cwd,
            stdin=stdin,
            marker=marker,
        )
        return await run(spec, timeout_s=timeout_s, stdout_bytes=_OUTPUT)

    async def is_repository(self, path: Path) -> bool:
        """Whether `path` itself is a repository (not merely inside one) and has a commit."""
        if not is_real_folder(path):
            return False
        own = await self.attempt("rev-parse", "--show-prefix", "--verify", "--quiet", "HEAD^{commit}", cwd=path)
        return own.is_success and own.stdout.startswith(b"\n")

    async def commit_of(self, ref: str, *, cwd: Path) -> str | None:
        """The commit that a full ref name points to."""
        done = await self.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", cwd=cwd)
        return done.stdout.decode("ascii", "replace").strip() if done.is_success else None


def require_branch(name: str) -> str:
    """The name of a branch that is safe in a ref and in an argument. Raises WorkspaceError."""
    if len(name) > BRANCH_LIMIT:
        raise WorkspaceError(f"A name of a branch has at most {BRANCH_LIMIT} characters.")
    if fault := branch_fault(name):
        raise WorkspaceError(f"That is no name of a branch: {fault}.")
    return name


def _sentence(done: Completed, timeout_s: float) -> str:
    if done.outcome is Outcome.WALL_TIMEOUT:
        return f"it took longer than {timeout_s:.0f} s."
    if done.was_cut:
        return "it printed more than can be read."
    lines = clean(_CREDENTIALS.sub("", done.stderr.decode("utf-8", "replace"))).strip().splitlines()
    return cut(lines[-1], _SENTENCE) if lines else f"exit code {done.exit_code}."
