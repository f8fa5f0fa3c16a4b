"""What set-up made, as the programs of a run find it: links in their tree, a folder to be read, variables.

`provided.json` beside a tree says so; the programs of a run cannot write there. Every start reads it
(`confinement/launcher.py`), so that one rule serves agents, checks and collecting.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from ompycord.domain.base import Frozen
from ompycord.errors import ProcessFailed, WorkspaceError
from ompycord.files import replace_file
from ompycord.processes.launcher_port import Layout
from ompycord.workspaces.folders import is_real_folder

__all__ = ["Provided", "excluding", "provide", "with_provided"]

_FILE: Final = "provided.json"
_SPECIAL: Final = frozenset("\\*?[]!# ")


class Provided(Frozen):
    """One set-up that is kept."""

    folder: Path
    """Where it lies; nothing of a run writes there."""
    places: tuple[str, ...] = ()
    """Its folders that stand at the same place in a tree."""
    variables: dict[str, str] = Field(default_factory=dict[str, str])


def provide(tree: Path, provided: Provided) -> None:
    """Put its folders into a tree that no program of the run has seen yet, in place of what is there.

    Raises WorkspaceError where the way to one leads through a link. Blocks.
    """
    for place in provided.places:
        at = tree / place
        _make_way(tree, at)
        _take_away(tree, at)
        at.symlink_to(provided.folder / place, target_is_directory=True)
    replace_file(tree.parent / _FILE, provided.model_dump_json(), is_durable=False)


def _make_way(tree: Path, at: Path) -> None:
    for above in reversed(at.relative_to(tree).parents[:-1]):
        folder = tree / above
        if not os.path.lexists(folder):
            folder.mkdir(mode=0o755)
        elif not is_real_folder(folder):
            raise WorkspaceError(f"{above} is no folder, so {at.name} of set-up has no place. Change its `keeps`.")


def _take_away(tree: Path, at: Path) -> None:
    """Out of the tree: a result may have files here, and what its programs find is that of the base."""
    if at.is_symlink() or at.is_file():
        at.unlink()
    elif at.exists():
        at.rename(Path(tempfile.mkdtemp(prefix="replaced-", dir=tree.parent), at.name))


def with_provided(layout: Layout) -> tuple[Layout, dict[str, str]]:
    """The layout with what was provided to its tree, and its variables. Raises ProcessFailed. Blocks."""
    try:
        found = Provided.model_validate_json((layout.tree.parent / _FILE).read_bytes())
    except FileNotFoundError:
        return layout, {}
    except (OSError, ValidationError) as error:
        raise ProcessFailed("What set-up made for this run cannot be read, so nothing ran. Start it again.") from error
    return replace(layout, provided=(found.folder,)), found.variables


def excluding(provided: Provided) -> str:
    """Lines for git's list of excludes, so that no link of set-up becomes part of a result (gitignore(5))."""
    return "".join(f"/{_escaped(place)}\n" for place in provided.places)


def _escaped(place: str) -> str:
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in place)
