"""git inside a run's confinement: our own folder as its GIT_DIR, the clone as its work tree.

What the agent did to its `.git` does not matter so: no setting, hook or attribute of that is read.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["BASE_REF", "GitEnded", "GitFailed", "InsideGit", "records"]

GIT_S = 600
IDENTITY = {"NAME": "Ompycord", "EMAIL": "ompycord@localhost"}
BASE_REF = "refs/ompycord/base"
SETTINGS = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.autocrlf=false", "gc.auto=0")


class GitFailed(Exception):
    """Raised when a call of git that had to succeed did not."""


class GitEnded(NamedTuple):
    """How a call ended, where failing is an answer."""

    code: int
    output: bytes
    words: str
    """The end of its standard error."""


class InsideGit:
    """git with our own folder and the clone, which is the current folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        closed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()}
        ours = {"GIT_DIR": str(folder), "GIT_WORK_TREE": str(Path.cwd()), "GIT_NO_REPLACE_OBJECTS": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._trees: dict[str, str] = {}
        self._environment = {**kept, **closed, **who, **ours, "GIT_TERMINAL_PROMPT": "0", "GIT_ATTR_NOSYSTEM": "1"}

    def __call__(self, *arguments: str, text: str = "", env: Mapping[str, str] | None = None) -> str:
        """What it printed. Raises GitFailed."""
        return self.raw(*arguments, data=text.encode(), env=env).decode("utf-8", "replace").strip()

    def tree_of(self, commit: str) -> str:
        """The tree of a commit, asked once of each: a commit has one for good. Raises GitFailed."""
        if commit not in self._trees:
            self._trees[commit] = self("rev-parse", f"{commit}^{{tree}}")
        return self._trees[commit]

    def raw(self, *arguments: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """The same in bytes, as paths are. Raises GitFailed."""
        done = self.attempt(*arguments, data=data, env=env)
        if done.code:
            raise GitFailed(f"git {arguments[0]}: {done.words}")
        return done.output

    def attempt(self, *arguments: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> GitEnded:
        """How it ended; `env` has variables of this call alone."""
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        done = subprocess.run(  # noqa: S603  # a list of our own words, inside the run's confinement
            ["git", *settings, *arguments],  # noqa: S607  # the PATH is the launcher's
            env={**self._environment, **(env or {})},
            input=data,
            capture_output=True,
            timeout=GIT_S,
            check=False,
        )
        return GitEnded(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()[-300:])


def records(output: bytes) -> list[str]:
    """The parts of an output with `-z`, as paths: bytes that are no text survive the way back (os.fsencode)."""
    return [os.fsdecode(part) for part in output.split(b"\0") if part]
