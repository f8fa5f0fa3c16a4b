"""Levels *files+net* and *files*: the kernel's Landlock denies files, and TCP, to a program.

The program otherwise stays where it is. A port is allowed by its number alone, on whatever host; UDP and sockets in
files are not denied.
"""

import json
import sys
from pathlib import Path
from typing import Final

from ompycord.processes import ProcessSpec
from ompycord.processes.launcher_port import Layout
from ompycord.workspaces.confinement.confine_program import RULES
from ompycord.workspaces.confinement.sandbox_view import SandboxView, without

__all__ = ["in_landlock"]

_PROGRAM: Final = Path(__file__).with_name("confine_program.py")
_DEVICES: Final = tuple(
    f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm")
)
_FILES_ABI: Final = 3
"""Landlock's first ABI with truncate; before it, a file outside can be emptied."""
_NET_ABI: Final = 4
"""The first ABI that can deny TCP (kernel 6.7)."""


def in_landlock(
    spec: ProcessSpec,
    layout: Layout,
    seen: SandboxView,
    *,
    has_network_rules: bool,
    program: Path,
    own_ports: tuple[int, ...] = (),
) -> ProcessSpec:
    """`spec` behind `confine_program.py`, which restricts itself and becomes the program.

    On `own_ports` it listens, too: they are those of its services.
    """
    rules = {
        "least_abi": _NET_ABI if has_network_rules else _FILES_ABI,
        "deny_tcp": has_network_rules and not layout.network,
        "ports": [*([] if layout.listener is None else [layout.listener.port]), *own_ports],
        "own_ports": list(own_ports),
        "read": [str(part) for path in seen.readable for part in without(path, seen.hidden)] + ["/proc"],
        "write": [str(path) for path in seen.writable],
        "devices": list(_DEVICES),
        "terminal": spec.claims_terminal,
    }
    start = (sys.executable, "-I", "-S", str(_PROGRAM), "landlock", RULES, str(program))
    return spec.model_copy(update={"argv": (*start, *spec.argv), "env": {**spec.env, RULES: json.dumps(rules)}})
