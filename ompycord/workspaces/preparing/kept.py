"""The folder of set-ups: `<name>/tree` with what is kept, `made.json` once it is whole; which of them may go.

A name is made of the steps and of what they read, so the same name has the same content. A folder keeps its place for
as long as it lives: programs that are installed in it know their own path.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.configuration.setup import KEPT_FOLDER, SetupStep
from ompycord.domain.ports.trees import GITLINK, TreeEntry
from ompycord.errors import WorkspaceError
from ompycord.files import replace_file
from ompycord.workspaces.folders import is_real_folder, remove
from ompycord.workspaces.preparing.provided import Provided
from ompycord.workspaces.record import Folder

__all__ = [
    "OWN_FOLDER",
    "Made",
    "SetUpFolder",
    "filled_in",
    "input_of",
    "largest_of",
    "name_of",
    "prune",
]

OWN_FOLDER: Final = ".setup"
"""`{setup}`: what is kept beside the repository's files."""
_FORM: Final = "1"
"""Of what is kept; another form is made again."""
_MADE: Final = "made.json"


class Made(Frozen):
    """One set-up that is whole."""

    repository: str
    places: tuple[str, ...]
    variables: dict[str, str]
    at: Millis
    """When it was made or taken last."""
    size: int = 0
    """Bytes; 0 of what an earlier version made."""


class SetUpFolder:
    """The places in the folder of one set-up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = path / "tree"
        self.own = self.tree / OWN_FOLDER

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.name

    def made(self) -> Made | None:
        """What is kept; None where it is not whole."""
        if not is_real_folder(self.tree):
            return None
        try:
            return Made.model_validate_json((self.path / _MADE).read_bytes())
        except (OSError, ValidationError):
            return None

    def provided(self, made: Made) -> Provided:
        """It, as programs find it."""
        return Provided(folder=self.tree, places=made.places, variables=made.variables)

    def write(self, made: Made) -> None:
        """Say that it is whole. Blocks."""
        replace_file(self.path / _MADE, made.model_dump_json())

    def size(self) -> int:
        """Bytes of what is kept. Blocks."""
        total = 0
        for at, _, names in os.walk(self.tree):
            total += sum(Path(at, name).lstat().st_size for name in names)
        return total

    def strip(self, places: tuple[str, ...]) -> None:
        """Leave only what is kept. Raises WorkspaceError where a step did not make it as a folder. Blocks."""
        for place in places:
            _require_folder(self.tree, place)
        kept = {(self.tree / place) for place in (*places, OWN_FOLDER)}
        _strip(self.tree, kept)
        for beside in ("home", "tmp"):
            shutil.rmtree(self.path / beside, ignore_errors=True)


def _require_folder(tree: Path, place: str) -> None:
    parts = Path(place).parts
    for length in range(1, len(parts) + 1):
        if not is_real_folder(tree.joinpath(*parts[:length])):
            raise WorkspaceError(
                f"Set-up made no folder {place}, which its `keeps` names. Correct the step or `keeps`."
            )


def _strip(folder: Path, kept: set[Path]) -> None:
    for entry in list(folder.iterdir()):
        if entry in kept:
            continue
        if entry.is_dir() and not entry.is_symlink():
            if any(one.is_relative_to(entry) for one in kept):
                _strip(entry, kept)
            else:
                shutil.rmtree(entry)
        else:
            entry.unlink()


def _is_whole_tree(steps: tuple[SetupStep, ...]) -> bool:
    """Whether a step reads all files of the base."""
    return any(not step.files for step in steps)


def input_of(steps: tuple[SetupStep, ...], base: dict[str, TreeEntry]) -> dict[str, TreeEntry]:
    """The files of the base that the steps see. Raises WorkspaceError where one is missing."""
    files = {path: entry for path, entry in base.items() if entry.mode != GITLINK}
    for step in steps:
        for named in step.files:
            if not any(path == named or path.startswith(f"{named}/") for path in files):
                raise WorkspaceError(f"The step {step.name} of set-up reads {named}, which the base does not have.")
        for place in step.keeps:
            if any(path == place or path.startswith(f"{place}/") for path in files):
                raise WorkspaceError(f"The step {step.name} of set-up keeps {place}, which is part of the repository.")
    if _is_whole_tree(steps):
        return files
    names = [named for step in steps for named in step.files]
    return {p: entry for p, entry in files.items() if any(p == one or p.startswith(f"{one}/") for one in names)}


def name_of(
    repository: str, steps: tuple[SetupStep, ...], files: dict[str, TreeEntry], secrets: tuple[str, ...]
) -> str:
    """The name of what these steps make of these files."""
    known = {
        "form": _FORM,
        "repository": repository,
        "steps": [step.model_dump(mode="json", exclude={"timeout_s"}) for step in steps],
        "files": sorted((path, entry.mode, entry.blob) for path, entry in files.items()),
        "secrets": sorted(secrets),
    }
    return sha256(json.dumps(known, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def filled_in(text: str, folder: SetUpFolder) -> str:
    """`{setup}` as the path that it stands for."""
    return text.replace(KEPT_FOLDER, str(folder.own))


async def prune(setups: Path, runs: Path, *, most: int, busy: Collection[str]) -> None:
    """Remove what no run uses: broken ones, and of each repository all but the `most` that were used last.

    `busy` are the names of those that are made or taken now.
    """
    used = await asyncio.to_thread(_used, runs) | frozenset(busy)
    for path in await asyncio.to_thread(_spare, setups, most):
        if path.name not in used:
            await remove(path)


def _spare(setups: Path, most: int) -> list[Path]:
    """Those that no one needs to keep."""
    by_repository: dict[str, list[tuple[int, Path]]] = {}
    broken: list[Path] = []
    for path in [one for one in setups.iterdir() if is_real_folder(one)]:
        made = SetUpFolder(path).made()
        if made is None:
            broken.append(path)
        else:
            by_repository.setdefault(made.repository, []).append((made.at, path))
    old = [path for found in by_repository.values() for _, path in sorted(found, reverse=True)[most:]]
    return [*broken, *old]


def largest_of(setups: Path, repository: str) -> int:
    """Bytes of the largest set-up of a repository that is kept; 0 for none. Blocks."""
    folders = [SetUpFolder(one) for one in setups.iterdir()] if setups.is_dir() else []
    made = [found for folder in folders if (found := folder.made()) is not None]
    return max((one.size for one in made if one.repository == repository), default=0)


def _used(runs: Path) -> frozenset[str]:
    """The set-ups that the clones of runs use."""
    names: set[str] = set()
    for entry in os.scandir(runs) if runs.is_dir() else ():
        try:
            folder, record = Folder.located(Path(entry.path))
        except WorkspaceError:
            continue
        if record is not None and record.setup is not None and is_real_folder(folder.clone):
            names.add(record.setup.folder.parent.name)
    return frozenset(names)
