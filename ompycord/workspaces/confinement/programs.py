"""Where the program of a run lies: outside, as a person installed it, or in the run's own folders.

In those an agent can put a link. Their content decides nothing about what is seen (`sandbox_view.py`), and a link out
of them is refused here, before anything starts. A link that is put there later leads into the confinement only: nothing
was made visible for it.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ompycord.errors import ProgramLeadsOut
from ompycord.processes.launcher_port import Layout
from ompycord.text import clean, cut

__all__ = ["is_of_run", "require_inside"]

_LINKS: Final = 40
"""How many links the kernel follows on one way (path_resolution(7))."""
_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*")
_LONGEST: Final = 100


def is_of_run(path: Path, layout: Layout) -> bool:
    """Whether the way to `path` touches what the run's programs can write.

    Then an agent may choose where it ends.
    """
    return any(_is_in(at, _folders(layout)) for at in _way(path))


def require_inside(name: str, path: Path, layout: Layout, *, shows: Callable[[Path], bool]) -> None:
    """Raises ProgramLeadsOut where `path`, the program `name`, passes through the run's own folders and ends outside.

    One way out is through what set-up made, which no program of the run can change. Another is a virtual environment's:
    its Python is a link to the Python it was made from. Both are followed where they end at a path that every program
    may see anyway (`shows`).
    """
    folders = _folders(layout)
    way = list(_way(path))
    inside = [at for at in way if _is_in(at, folders)]
    if not inside or _is_in(way[-1], folders):
        return
    if shows(way[-1]) and any(_is_in(at, layout.provided) for at in way):
        return
    link = next((at for at in reversed(inside) if at.is_symlink()), None)
    if link is not None and _is_environments_python(path, link, way[-1]) and shows(way[-1]):
        return
    by = "" if link is None else f" by the link {_shown(link, layout)}"
    raise ProgramLeadsOut(
        f"The program {name} leads out of the checkout{by}, so nothing ran. Put the file itself into the checkout."
    )


def _way(path: Path) -> Iterator[Path]:
    """Each place on the way to `path` as the kernel follows it, links before their targets; the last one is its end.

    `Path.resolve` gives the end alone. A way with too many links ends where they are too many: the kernel refuses it,
    too.
    """
    start = path.absolute()
    at, ahead, links = Path(start.anchor), list(reversed(start.parts[1:])), 0
    while ahead:
        name = ahead.pop()
        here = at.parent if name == ".." else at / name
        target = None if name == ".." else _target(here)
        yield here
        if target is None:
            at = here
            continue
        links += 1
        if links > _LINKS:
            return
        if target.is_absolute():
            at = Path(target.anchor)
        ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _target(path: Path) -> Path | None:
    try:
        return Path(os.readlink(path))  # noqa: PTH115  # Path.readlink calls it, too
    except OSError:  # no link, nothing, or nothing that we may read: then we cannot start it either
        return None


def _folders(layout: Layout) -> tuple[Path, ...]:
    return tuple(folder.resolve() for folder in (layout.tree, layout.home, layout.tmp))


def _is_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _is_environments_python(path: Path, link: Path, end: Path) -> bool:
    """Whether `link`, the last one within the run's folders, is how `path` names a virtual environment's Python."""
    is_python = all(_PYTHON.fullmatch(one.name) for one in (path, link, end))
    return is_python and link.parent.name == "bin" and (link.parents[1] / "pyvenv.cfg").is_file()


def _shown(link: Path, layout: Layout) -> str:
    tree = layout.tree.resolve()
    named = link.relative_to(tree) if link.is_relative_to(tree) else Path(link.name)
    return cut(clean(str(named)), _LONGEST)
