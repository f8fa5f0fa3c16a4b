"""Reads a repository on this machine or elsewhere as far as its section of the settings needs it, and writes that.

Counterparts: `detection.py` and `section.py`, which decide without I/O.
"""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ompycord.app.repositories.detection import READ, Detected, detect
from ompycord.app.repositories.section import inserted, section_of
from ompycord.errors import ConfigurationError, ProcessFailed, RefusedInWords, WorkspaceError
from ompycord.files import replace_file
from ompycord.settings import load_settings
from ompycord.text.secret_shapes import shapes
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.remote import NotReached, RemoteGit

__all__ = ["Added", "add_repository"]

CONFIG: Final = "ompycord.yml"
_ADDRESS: Final = re.compile(r"^(https?|ssh|git|file)://|^[\w.-]+@[\w.-]+:")
_SLUG: Final = re.compile(r"[^a-z0-9]+")


class Added(NamedTuple):
    """What was found and written."""

    name: str
    section: str
    """As it stands in the file."""
    detected: Detected
    file: Path


class _Base(NamedTuple):
    branch: str
    names: tuple[str, ...]
    texts: Mapping[str, str]


async def add_repository(
    given: str, *, name: str | None, folder: Path, environ: Mapping[str, str], git: Git, is_trial: bool = False
) -> Added:
    """Find out, and write the section into the `ompycord.yml` of `folder` unless it is a trial.

    Raises RefusedInWords, and ConfigurationError where the settings were wrong before; then nothing was written.
    """
    is_address = _ADDRESS.match(given) is not None
    try:
        base = await (_elsewhere(given, git) if is_address else _here(_folder(given), git))
    except NotReached as error:
        raise RefusedInWords(str(error).replace("could not be fetched", "cannot be read", 1)) from None
    except (ProcessFailed, WorkspaceError) as error:
        raise RefusedInWords(f"{_shown(given)} cannot be read: {error}") from None
    chosen = name or _name_of(given)
    place = {"address": given} if is_address else {"path": str(_folder(given))}
    detected = detect(base.names, base.texts)
    values: dict[str, Any] = {**place, **({"base": base.branch} if base.branch != "main" else {})}
    values |= {"setup_hosts": list(detected.hosts)} if detected.hosts else {}
    values |= {"setup": [dict(step) for step in detected.setup]} if detected.setup else {}
    values |= {"checks": [dict(check) for check in detected.checks]} if detected.checks else {}
    file = folder / CONFIG
    before = file.read_bytes() if file.exists() else b""
    after = inserted(before, chosen, values)
    if not is_trial:
        _write(file, before, after, environ)
    return Added(name=chosen, section=section_of(chosen, values), detected=detected, file=file)


def _write(file: Path, before: bytes, after: bytes, environ: Mapping[str, str]) -> None:
    """The new file, if the settings can be read with it; else the old one, byte by byte."""
    was_there = file.exists()
    mode = file.stat().st_mode & 0o777 if was_there else 0o600
    replace_file(file, after, mode=mode)
    try:
        load_settings(environ=environ, folder=file.parent)
    except ConfigurationError:
        if was_there:
            replace_file(file, before, mode=mode)
        else:
            file.unlink()
        raise


def _folder(given: str) -> Path:
    path = Path(given).expanduser().resolve()
    if not path.is_dir():
        raise RefusedInWords(f"{path} is no folder. Give the folder of a git repository, or an address.")
    return path


async def _here(path: Path, git: Git) -> _Base:
    if not await git.is_repository(path):
        raise RefusedInWords(f"{path} is no git repository. Run `git init` there and commit something, then try again.")
    head = await git.attempt("symbolic-ref", "--quiet", "--short", "HEAD", cwd=path)
    if await git.commit_of("HEAD", cwd=path) is None:
        raise RefusedInWords(f"{path} has no commit yet. Commit something, then try again.")
    branch = head.stdout.decode("utf-8", "replace").strip() if head.is_success else ""
    if not branch:
        raise RefusedInWords(
            f"{path} has no branch checked out. Check out the one from which runs start, then try again."
        )
    return await _read(path, git, "HEAD", branch)


async def _elsewhere(address: str, git: Git) -> _Base:
    if urlsplit(address).password or next(shapes(address), None) is not None:
        raise RefusedInWords(
            "The address holds a password or a token. Leave it out, and give it to git's credential helper."
        )
    remote = RemoteGit(git)
    with tempfile.TemporaryDirectory(prefix="ompycord-add-") as made:
        folder = Path(made)
        words = ("clone", "--quiet", "--bare", "--depth=1", "--no-tags", "--", address, str(folder / "base.git"))
        cloned = await remote.attempt(*words, cwd=folder, timeout_s=TRANSFER_S)
        if not cloned.is_success:
            raise NotReached(_name_of(address), cloned)
        branch = await git.line("symbolic-ref", "--short", "HEAD", cwd=folder / "base.git")
        if await git.commit_of("HEAD", cwd=folder / "base.git") is None:
            raise RefusedInWords(f"{_shown(address)} has no commit yet. Push something, then try again.")
        return await _read(folder / "base.git", git, "HEAD", branch)


async def _read(folder: Path, git: Git, commit: str, branch: str) -> _Base:
    listed = await git.run("ls-tree", "-r", "--name-only", "-z", commit, cwd=folder)
    names = tuple(listed.decode("utf-8", "surrogateescape").split("\0"))[:-1]
    texts: dict[str, str] = {}
    for name in READ:
        if name in names:
            content = await git.run("show", f"{commit}:{name}", cwd=folder)
            texts[name] = content.decode("utf-8", "replace")
    return _Base(branch, names, texts)


def _name_of(given: str) -> str:
    last = given.rstrip("/").removesuffix(".git").rpartition("/")[2].rpartition(":")[2]
    return _SLUG.sub("-", (last or Path(given).resolve().name).lower()).strip("-")[:32] or "repository"


def _shown(given: str) -> str:
    """The address without what may be secret in it."""
    return re.sub(r"//[^/@]*@", "//", given)
