"""Finds the best confinement that this machine really gives.

A child tries to break out, and must fail (`probe_program.py`). No version number and no setting is trusted: containers
and kernels report both wrongly (docs/platform/git-and-confinement.md, *Levels*).
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ompycord.domain.repository import ConfinementLevel
from ompycord.errors import ProcessFailed
from ompycord.processes import Clocks, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher, Layout, can_deny_network
from ompycord.workspaces.confinement.confine_program import ARCHITECTURES
from ompycord.workspaces.confinement.launcher import ConfinedLauncher, UnconfinedLauncher
from ompycord.workspaces.confinement.remedies import inspect_machine, remedy

__all__ = ["LEVELS", "best_launcher", "gives"]

LEVELS: Final[tuple[ConfinementLevel, ...]] = ("full", "files+net", "files")
"""The levels that can be tried, best first. *container* is a statement about the machine that no program can check."""
_PROGRAM: Final = Path(__file__).with_name("probe_program.py")
_PROBE_S: Final = 20.0
"""Seconds for a try, which takes some 100 ms on an idle machine."""
_TEXT: Final = "of somebody else"
_WORK, _CONNECT = "work", "connect"
_LIMITS: Final = "change the bot's limits"
_CHANGES: Final = (_WORK, "write", "empty", "delete")


async def best_launcher(*, path: str, hidden: tuple[Path, ...], environ: Mapping[str, str]) -> Launcher:
    """The strongest launcher that works here; level *none* where nothing does. Arguments as `ConfinedLauncher`'s."""
    if sys.platform == "linux":
        for level in LEVELS:
            words = remedy(level, inspect_machine(path))
            launcher = ConfinedLauncher(level=level, path=path, hidden=hidden, environ=environ, remedy=words)
            if await gives(launcher):
                return launcher
    return UnconfinedLauncher(path=path, environ=environ, remedy=remedy("none", inspect_machine(path)))


async def gives(launcher: Launcher) -> bool:
    """Whether a child of this launcher can work in its tree, and cannot do what its level is to prevent.

    Its changes are checked from here: in a namespace of its own it may write to what only resembles our file.
    """
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="ompycord-probe-", ignore_cleanup_errors=True)
    with folder as name, socket.create_server(("127.0.0.1", 0)) as listener:
        tree = _lure(Path(name))
        could = await _try(launcher, tree, listener.getsockname()[1])
        is_whole = could is not None and _is_as_it_was(tree.parents[1])
    network = () if can_deny_network(launcher.level) else (_CONNECT,)
    unfiltered = () if os.uname().machine in ARCHITECTURES else (_LIMITS,)
    allowed = {*_CHANGES, *network, *unfiltered}
    return could is not None and is_whole and _WORK in could and could <= allowed


def _lure(folder: Path) -> Path:
    """Files outside of the tree in `folder`, and the tree of a run beside them."""
    for file in ("secret", "full", "kept"):
        (folder / file).write_text(_TEXT, encoding="utf-8")
    tree = folder / "run/clone"
    tree.mkdir(parents=True)
    return tree


def _is_as_it_was(folder: Path) -> bool:
    files = [folder / name for name in ("secret", "full", "kept")]
    is_kept = all(file.is_file() and file.read_text(encoding="utf-8") == _TEXT for file in files)
    return is_kept and not (folder / "new").exists() and (folder / "run/clone/made").is_file()


async def _try(launcher: Launcher, tree: Path, port: int) -> set[str] | None:
    outside = tree.parents[1]
    aims = {"outside": str(outside), "pid": os.getpid(), "port": port}
    argv = (sys.executable, "-I", "-S", str(_PROGRAM), json.dumps(aims))
    spec = ProcessSpec(argv=argv, env={}, cwd=tree)
    printed = ""
    try:
        async with launcher.start(spec, Layout(tree), clocks=Clocks(wall_s=_PROBE_S, idle_s=_PROBE_S)) as process:
            async for line in process.lines():
                printed += line.text if line.stream is Stream.STDOUT else ""
        return set(json.loads(printed))
    except (ProcessFailed, ValueError):
        return None
