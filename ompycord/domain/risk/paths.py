"""Where a path of a command leads: into the clone, a build folder, git's own folder, a secret, or outside; pure.

Symbolic links are not followed: what they would reach is confinement's to deny. Counterpart of `judging.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ompycord.domain.risk.shell import Word

__all__ = ["BUILD_FOLDERS", "PathPlace", "Whereabouts", "is_secret"]

BUILD_FOLDERS: Final = frozenset(
    {
        *("build", "dist", "out", "target", "node_modules", "coverage", "htmlcov", "tmp", "__pycache__"),
        *(".venv", "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".next", ".cache", ".turbo"),
        *(".gradle", ".parcel-cache", "bin-debug", "obj", "_build", "site"),
    }
)
"""Folders whose content programs make again."""
_SECRET_FOLDERS: Final = frozenset({".ssh", ".aws", ".gnupg", ".azure", ".kube", ".docker", "secrets", ".secrets"})
_SECRET_NAMES: Final = frozenset(
    {
        *(".env", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".git-credentials", ".htpasswd"),
        *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "credentials", "credentials.json", "shadow", "gshadow"),
        *("secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "kubeconfig", "environ", "hosts.yml"),
        *("service-account.json", "terraform.tfstate", ".vault-token", ".envrc"),
    }
)
_SECRET_ENDS: Final = (".pem", ".key", ".p12", ".pfx", ".kdbx", ".keystore", ".jks", ".tfstate", ".tfvars", ".env")
_SAMPLES: Final = (".example", ".sample", ".template", ".dist")
_HARMLESS: Final = frozenset(
    {"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/tty", "/dev/zero", "/dev/urandom", "/dev/random"}
)
_MOST_PLACES: Final = 8

Parts = tuple[str, ...]


class PathPlace(IntEnum):
    """The kinds of places, the worse the higher."""

    NOWHERE = 0
    """`/dev/null` and its like."""
    BUILD = 1
    INSIDE = 2
    SECRET = 3
    """Inside or outside, by its name a secret."""
    GIT = 4
    UNKNOWN = 5
    """Only the shell knows it."""
    OUTSIDE = 6
    SOCKET = 7
    """`/dev/tcp/…`, which bash opens as a connection."""


def is_secret(name: str) -> bool:
    """Whether a path is by its name that of a secret."""
    parts = [part for part in name.casefold().split("/") if part]
    last = parts[-1] if parts else ""
    if last.endswith((*_SAMPLES, ".pub")):
        return False
    is_named = (
        last in _SECRET_NAMES or last.endswith(_SECRET_ENDS) or last.startswith((".env.", "id_rsa", "id_ed25519"))
    )
    return is_named or not _SECRET_FOLDERS.isdisjoint(parts)


@dataclass(slots=True)
class Whereabouts:
    """The clone, and the folders in it where a command may stand: each `cd` adds one, none takes one away."""

    root: str
    """Absolute path of the clone, as its agent sees it; empty where it is not known."""
    build_folders: frozenset[str] = BUILD_FOLDERS
    folders: tuple[Parts, ...] = ((),)
    is_lost: bool = False
    """Whether it may stand outside the clone or nowhere known."""

    def enter(self, word: Word | None) -> None:
        """`cd`: from now on it may stand there."""
        if word is None or not word.is_plain or word.text.startswith(("-", "~")):
            self.is_lost = True
            return
        entered = [self._resolve(word.text, folder) for folder in self.folders]
        known = dict.fromkeys((*self.folders, *(parts for parts in entered if parts is not None)))
        self.is_lost |= None in entered or len(known) > _MOST_PLACES
        self.folders = tuple(known)[:_MOST_PLACES]

    def here(self, name: str) -> list[str]:
        """The paths from the clone's root that a path can mean, one for each folder where it may stand."""
        found = (self._resolve(name, folder) for folder in self.folders)
        return ["/".join(parts) if parts else "" for parts in found]

    def from_root(self, word: Word) -> str | None:
        """The path from the clone's root; None outside of it, and of the root itself."""
        parts = self._resolve(word.text, self.folders[0])
        return "/".join(parts) if parts else None

    def place(self, word: Word, *, names_secrets: bool = True) -> PathPlace:
        """The worst place to which it can lead; `names_secrets`: or a secret, where its name says so."""
        if not word.is_literal:
            is_named = names_secrets and is_secret(word.text.replace("\0", "x"))
            return PathPlace.SECRET if is_named else PathPlace.UNKNOWN
        text = word.text
        if text in _HARMLESS or text.startswith("/dev/fd/"):
            return PathPlace.NOWHERE
        if text.startswith(("/dev/tcp/", "/dev/udp/")):
            return PathPlace.SOCKET
        if names_secrets and is_secret(text):
            return PathPlace.SECRET
        if word.has_pattern and not self._is_clear_pattern(text):
            return PathPlace.UNKNOWN
        if text.startswith("~"):
            return PathPlace.OUTSIDE
        if self.is_lost and not text.startswith("/"):
            return PathPlace.OUTSIDE
        return max((self._of(self._resolve(text, folder)) for folder in self.folders), default=PathPlace.UNKNOWN)

    @staticmethod
    def _is_clear_pattern(text: str) -> bool:
        """Whether all that a pattern can match lies where its text says: no hidden name, no way up."""
        last = text.rpartition("/")[2]
        is_hidden = any(part.startswith(".") and len(part) > 1 and _has_sign(part) for part in text.split("/"))
        return "{" not in text and not is_hidden and (not _has_sign(last) or "." in last.strip("*?[]"))

    def _of(self, parts: Parts | None) -> PathPlace:
        if parts is None:
            return PathPlace.OUTSIDE
        names = [part.casefold().rstrip(". ") for part in parts]
        if ".git" in names:
            return PathPlace.GIT
        if any(part in self.build_folders for part in parts):  # where case counts, `Build` is another folder
            return PathPlace.BUILD
        return PathPlace.INSIDE

    def _resolve(self, text: str, folder: Parts) -> Parts | None:
        """From the clone's root; None outside of it."""
        if text.startswith("/"):
            root = self.root.rstrip("/")
            if not root or not (text == root or text.startswith(f"{root}/")):
                return None
            return _walk((), text[len(root) :].split("/"))
        return _walk(folder, text.split("/"))


def _has_sign(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _walk(start: Parts, steps: Iterable[str]) -> Parts | None:
    parts = list(start)
    for step in steps:
        if step == "..":
            if not parts:
                return None
            parts.pop()
        elif step not in {"", "."}:
            parts.append(step)
    return tuple(parts)
