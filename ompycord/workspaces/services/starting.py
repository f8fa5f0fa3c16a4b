"""A program with the services that it uses: in the network of its own on their usual ports, elsewhere on free ones.

`confinement/launcher.py` asks for it; `service_program.py` does it, inside.
"""

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.repository import ConfinementLevel
from ompycord.errors import ProcessFailed
from ompycord.processes import ProcessSpec
from ompycord.processes.launcher_port import Layout
from ompycord.processes.service_report import FAILED_FILE, services_folder
from ompycord.workspaces.services.programs import KNOWN, PYTHON, Steps, program_of

__all__ = ["Planned", "cannot_start", "planned"]

_PROGRAM: Final = Path(__file__).with_name("service_program.py")
_HOST: Final = "127.0.0.1"
_TERM: Final = 15
_ACCOUNTS: Final = ("postgres", "nobody")
"""Accounts as which root's programs see themselves where a service refuses root; they are root's all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The services of one start."""

    variables: dict[str, str]
    """By which the program finds them."""
    programs: tuple[Path, ...]
    ports: tuple[int, ...]
    start: tuple[str, ...]
    """The words before the program's path and arguments."""
    user: int | None = None
    """As whom the programs see themselves; None: as they are."""

    def before(self, spec: ProcessSpec, program: Path) -> ProcessSpec:
        """The program with its services."""
        return spec.model_copy(update={"argv": (*self.start, str(program), *spec.argv)})


def planned(layout: Layout, *, path: str, level: ConfinementLevel) -> Planned | None:
    """The services of `layout`, their folder made anew; None where it has none. Raises ProcessFailed. Blocks."""
    if not layout.services:
        return None
    has_own_network = level == "full" and not layout.network
    user = _user(layout.services, level)
    folder = services_folder(layout)
    _renew(folder)
    variables: dict[str, str] = {}
    programs: list[Path] = []
    ports: list[int] = []
    rows: list[dict[str, Any]] = []
    for service in layout.services:
        if words := cannot_start(service, path=path, level=level):
            raise ProcessFailed(f"The service {service.name} cannot start: {words[0]}")
        found = program_of(service, path)
        if found is None:
            raise AssertionError(service.name)
        port = service.own_port if has_own_network else _free_port(ports)
        data = folder / service.name
        words_of = {"{host}": _HOST, "{port}": str(port), "{data}": str(data), PYTHON: sys.executable}
        steps = _steps(service, found, data, port, words_of, is_root=os.geteuid() == 0 and user is None)
        variables |= {name: _filled(text, words_of) for name, text in _variables(service).items()}
        programs += [one for one in found if one is not None]
        ports.append(port)
        rows.append(_row(service, steps, data, port, words_of))
    plan = folder / "plan.json"
    plan.write_text(json.dumps({"services": rows, "failed": str(folder / FAILED_FILE)}), encoding="utf-8")
    return Planned(
        variables=variables,
        programs=tuple(programs),
        ports=tuple(ports),
        start=(sys.executable, "-I", "-S", str(_PROGRAM), str(plan)),
        user=user,
    )


def cannot_start(service: ServiceSpec, *, path: str, level: ConfinementLevel) -> tuple[str, str] | None:
    """Why a service cannot start on this machine and what to do, a sentence each; None where it can. Blocks."""
    known = None if service.known is None else KNOWN[service.known]
    if program_of(service, path) is None:
        if known is None:
            return f"{service.command[0]} is not installed here.", "Install it, or give its full path."
        return f"{known.title} is not installed here.", f"Install it, for example: apt-get install {known.package}."
    if known is not None and known.refuses_root and os.geteuid() == 0 and level != "full":
        words = f"{known.title} does not run as root, and the level {level} cannot make it another user."
        return words, "Run Ompycord as a user of its own, or install bubblewrap for the level full."
    return None


def _user(services: tuple[ServiceSpec, ...], level: ConfinementLevel) -> int | None:
    """The account as which all of them run where this is root and one of them refuses that."""
    refuses = any(one.known is not None and KNOWN[one.known].refuses_root for one in services)
    if not refuses or os.geteuid() != 0 or level != "full":
        return None
    import pwd  # not on Windows, where this module can be imported

    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return None


def _steps(
    service: ServiceSpec,
    found: tuple[Path, Path | None],
    data: Path,
    port: int,
    words: dict[str, str],
    *,
    is_root: bool,
) -> Steps:
    program, beside = found
    if service.known is not None:
        return KNOWN[service.known].steps(program, beside, data, port, is_root)
    command = (str(program), *(_filled(word, words) for word in service.command[1:]))
    return Steps(command=command, stop=_TERM)


def _variables(service: ServiceSpec) -> dict[str, str]:
    known: Mapping[str, str] = {} if service.known is None else KNOWN[service.known].variables
    return {**known, **service.variables}


def _row(service: ServiceSpec, steps: Steps, data: Path, port: int, words: dict[str, str]) -> dict[str, Any]:
    """What `service_program.py` reads of it."""
    return {
        "name": service.name,
        "prepare": steps.prepare,
        "command": steps.command,
        "probe": [_filled(word, words) for word in service.probe],
        "request": steps.request.hex(),
        "expected": steps.expected.hex(),
        "at": steps.at,
        "host": _HOST,
        "port": port,
        "data": str(data),
        "ready_s": service.ready_s,
        "stop": int(steps.stop),
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text


def _renew(folder: Path) -> None:
    """An empty folder: what an earlier start left is gone. Raises ProcessFailed."""
    try:
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ProcessFailed(f"The folder of services could not be made ({error.strerror}); free space.") from error


def _free_port(taken: list[int]) -> int:
    """A port that nobody has now."""
    while True:
        with socket.socket() as one:
            one.bind((_HOST, 0))
            port: int = one.getsockname()[1]
        if port not in taken:
            return port
