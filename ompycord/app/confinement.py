"""The launcher of `up`, with a warning where Ompycord runs as root and cannot confine fully.

`workspaces/confinement/probe.py` finds the launcher.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ompycord.processes.launcher_port import Launcher
from ompycord.telemetry import get_logger
from ompycord.workspaces.confinement.probe import best_launcher

__all__ = ["launcher_at_start"]

log = get_logger(__name__)


async def launcher_at_start(data: Path, environ: Mapping[str, str]) -> Launcher:
    """The strongest launcher that works here, with the PATH of `environ`; it hides `data` from what it starts."""
    launcher = await best_launcher(path=environ.get("PATH", os.defpath), hidden=(data,), environ=environ)
    if launcher.level != "full" and hasattr(os, "geteuid") and os.geteuid() == 0:
        log.warning("confinement.as_root", level=launcher.level, remedy=launcher.remedy)
    return launcher
