"""Where the services of a program lie, and the reason of one that did not get ready.

Written inside the confinement by `workspaces/services/service_program.py`, before the program begins; a program that
writes it later says no more than that it was not run.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from ompycord.processes.launcher_port import Layout
from ompycord.text import clean, cut

__all__ = ["FAILED_FILE", "ServiceFault", "service_fault", "services_folder"]

FAILED_FILE: Final = "failed.json"
_BYTES: Final = 65_536
_NAME: Final = 64
_DETAIL: Final = 300
_TAIL: Final = 4000


class ServiceFault(NamedTuple):
    """A service that did not get ready."""

    service: str
    detail: str
    """Why, without its name and a full stop."""
    tail: str
    """The last lines that it printed."""


def services_folder(layout: Layout) -> Path:
    """The folder of the services that are started for a program: made anew for each start, gone after it."""
    return layout.tmp / "services"


def service_fault(layout: Layout) -> ServiceFault | None:
    """What is said there; None where all services got ready, or there are none. Blocks."""
    try:
        descriptor = os.open(services_folder(layout) / FAILED_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        raw = file.read(_BYTES)
    try:
        written: Any = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(written, dict):
        return None
    words = cast("dict[str, object]", written)
    tail = "\n".join(clean(line) for line in str(words.get("tail", "")).splitlines())
    return ServiceFault(
        cut(clean(str(words.get("service", ""))), _NAME) or "a service",
        cut(clean(str(words.get("detail", ""))), _DETAIL) or "it gave no reason",
        tail[-_TAIL:],
    )
