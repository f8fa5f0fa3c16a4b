"""What a confined program sees of the machine: the system, this Python, its own program, its run's folders.

It holds for every level and consists only of paths: `bubblewrap.py` makes mounts of them, `landlock.py` rules.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import ompycord
from ompycord.errors import ProcessFailed
from ompycord.processes.launcher_port import Layout
from ompycord.workspaces.confinement.programs import is_of_run
from ompycord.workspaces.record import Folder

__all__ = ["SandboxView", "interpreter_of", "sandbox_view", "without"]

SYSTEM: Final = tuple(
    Path(name)
    for name in (
        *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix/store", "/gnu/store"),
        *("/snap", "/run/systemd/resolve", "/sys/devices/system/cpu", "/var/lib/ca-certificates"),
    )
)
SECRET: Final = tuple(
    Path(name)
    for name in (
        *("/root", "/home", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers"),
        *("/etc/sudoers.d", "/etc/ssh", "/etc/ssl/private", "/etc/ompycord", "/opt/ompycord"),
    )
)
_FIRST_LINE: Final = 256
"""BINPRM_BUF_SIZE: how much of a script's first line the kernel reads (linux/binfmts.h)."""
_INTERPRETERS: Final = 4
"""How many interpreters deep a script may be; the kernel itself stops at 5."""
_PACKAGES: Final = 1000
_ALTERNATES: Final = 5
"""How many repositories deep git alternates may go; git itself stops at 5."""


@dataclass(frozen=True, slots=True)
class SandboxView:
    """Absolute paths.

    `hidden` wins over a readable folder above it, a readable or writable path over a hidden one above.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    hidden: tuple[Path, ...]

    def shows(self, path: Path) -> bool:
        """Whether `path`, a real one without links, is visible to the program: the nearest rule for it decides."""
        above = {path, *path.parents}
        shown = max((len(one.parts) for one in (*self.readable, *self.writable) if one in above), default=0)
        return shown > 0 and shown >= max((len(one.parts) for one in self.hidden if one in above), default=0)


def sandbox_view(
    layout: Layout, *, program: Path, path: str, hidden: Iterable[Path], beside: Iterable[Path] = ()
) -> SandboxView:
    """The view of `program` in `layout` with `path` as its PATH; of what lies in `hidden` only what is named.

    A program, or a folder of the PATH, that lies in the run's own folders adds nothing: an agent chooses where it
    leads. `beside` are programs that are started with it. Raises ProcessFailed for a grant that would show a hidden
    folder of ours whole.
    """
    ours = tuple(hidden)
    unseen = tuple(dict.fromkeys(_both(one for one in (*SECRET, Path.home(), *ours) if _is_there(one))))
    _refuse_ours(layout.grants, ours)
    folders = [Path(word) for word in path.split(os.pathsep) if word.startswith(os.sep)]
    tools = [root for folder in folders if not is_of_run(folder, layout) for root in _roots(folder)]
    programs = [one for one in (program, *beside) if not is_of_run(one, layout)]
    named = [*_pythons(), *tools, *(root for one in programs for root in _of_program(one))]
    fit = [one for one in named if _is_there(one) and not any(other.is_relative_to(one) for other in unseen)]
    own = [layout.tree] if layout.is_read_only else []
    given = [*own, *layout.readable, *layout.provided, *_objects(layout), *layout.grants]
    system = [one for one in SYSTEM if _is_there(one)]
    resolver = Path("/etc/resolv.conf").resolve()
    all_of_it = (*system, *(one for one in _both((*fit, *given, resolver)) if _is_there(one)))
    shown = [one for one in dict.fromkeys(all_of_it) if not _is_covered(one, all_of_it, unseen)]
    writable = _both((*([] if layout.is_read_only else [layout.tree]), layout.home, layout.tmp))
    return SandboxView(readable=tuple(shown), writable=tuple(dict.fromkeys(writable)), hidden=unseen)


def without(folder: Path, hidden: Iterable[Path]) -> Iterator[Path]:
    """`folder` as the paths that together leave out what is hidden in it.

    Links in a folder that is split are left out.
    """
    inside = [one for one in hidden if one.is_relative_to(folder) and one != folder]
    if not inside:
        yield folder
        return
    for child in sorted(folder.iterdir()):
        if child not in inside and not child.is_symlink():
            yield from without(child, inside)


def _refuse_ours(grants: Iterable[Path], ours: tuple[Path, ...]) -> None:
    for grant in _both(grants):
        if any(one.is_relative_to(grant) or grant.is_relative_to(one) for one in _both(ours)):
            raise ProcessFailed(f"The grant {grant} would show Ompycord's own data to the agent. Grant something else.")


def _both(paths: Iterable[Path]) -> list[Path]:
    """Each path as it is named and as it really lies."""
    return [form for path in paths for form in dict.fromkeys((path.absolute(), path.resolve()))]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # not ours to read
        return False


def _is_covered(path: Path, shown: Iterable[Path], hidden: Iterable[Path]) -> bool:
    """Whether a folder above shows it already: a mount over a link in a mounted folder would fail."""
    above = [one for one in shown if one in path.parents and (one.parent != Path("/") or not one.is_symlink())]
    return any(
        not any(path.is_relative_to(veil) and veil.is_relative_to(one) and veil != one for veil in hidden)
        for one in above
    )


def _pythons() -> list[Path]:
    """This interpreter, its libraries and this package: checks, the rehearsal and collecting run with them."""
    package = Path(ompycord.__file__).parent
    real = Path(sys.executable).resolve().parents[1]
    return [Path(sys.prefix), Path(sys.base_prefix), real, package]


def _of_program(program: Path) -> list[Path]:
    """A program and what is installed with it, also the target where it is a link, and what interprets it."""
    found: list[Path] = []
    ahead = [program]
    for one in ahead:
        real = one.resolve()
        found += [one, real, *_roots(one.parent), *_roots(real.parent), *_modules(one, real)]
        interpreter = interpreter_of(real)
        if interpreter is not None and interpreter not in ahead and len(ahead) < _INTERPRETERS:
            ahead.append(interpreter)
    return list(dict.fromkeys(found))


def interpreter_of(program: Path) -> Path | None:
    """The program that the kernel starts for a script; None for a file that is none, or cannot be read."""
    try:
        with program.open("rb") as file:
            first = file.read(_FIRST_LINE)
    except OSError:
        return None
    words = first[2:].split(b"\n")[0].split() if first.startswith(b"#!") else []
    return Path(os.fsdecode(words[0])) if words and words[0].startswith(b"/") else None


def _modules(named: Path, real: Path) -> Iterator[Path]:
    """The Node packages that a program in `node_modules` may load: those around it, and those that they are links to.

    In a workspace of packages `node_modules` has links to folders beside it, and pnpm's to its own store.
    """
    around = [one for one in (_around(named), _around(real)) if one is not None]
    if not around:
        return
    if _around(real) is None:  # linked in from a package beside
        yield from [above for above in real.parents if (above / "package.json").is_file()][:1]
    for modules in dict.fromkeys(around):
        yield modules
        for link in _links(modules):
            target = link.resolve()
            yield _around(target) or target


def _around(path: Path) -> Path | None:
    parts = path.parts
    return Path(*parts[: parts.index("node_modules") + 1]) if "node_modules" in parts else None


def _links(modules: Path) -> Iterator[Path]:
    """Links among the packages, also those of a scope (`@scope/name`); the first thousand."""
    scopes = [one for one in islice(_listed(modules), _PACKAGES) if one.name.startswith("@") and not one.is_symlink()]
    for folder in (modules, *scopes):
        yield from (one for one in islice(_listed(folder), _PACKAGES) if one.is_symlink())


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return


def _roots(folder: Path) -> list[Path]:
    """A folder of programs with the libraries beside it; all of a virtual environment, and of the Python it is from."""
    if folder.name not in ("bin", "sbin"):
        return [folder]
    beside = folder.parent
    settings = beside / "pyvenv.cfg"
    if not settings.is_file():
        return [folder, beside / "lib", beside / "lib64", beside / "libexec"]
    pythons = [link.resolve().parent for link in folder.glob("python*") if link.is_symlink()]
    return [beside, *(root for at in (*_homes(settings), *pythons) if at != folder for root in _roots(at))]


def _homes(settings: Path) -> Iterator[Path]:
    """The folder of the Python that an environment was made from (`home` of pyvenv.cfg), as named and in fact."""
    try:
        lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for name, _, value in (line.partition("=") for line in lines):
        if name.strip() == "home" and value.strip().startswith(os.sep):
            yield from _both([Path(value.strip())])


def _objects(layout: Layout) -> list[Path]:
    """The objects of the base that a run's clone uses.

    They come from our own record, since the content of the clone is the agent's.
    """
    folder = Folder(layout.tree.parent)
    record = folder.read() if layout.tree == folder.clone else None
    found = [record.objects] if record is not None else []
    found += [one for one in layout.readable if one.name == "objects" and one not in found]
    for at in found:
        alternates = at / "info/alternates"
        if alternates.is_file() and len(found) < _ALTERNATES:
            words = alternates.read_text(encoding="utf-8", errors="replace").splitlines()
            found += [at / word for word in words if word and not word.startswith("#")]
    return [*found, *(at.parent / "shallow" for at in found)]
