"""Installs, removes and asks for the service by the manager that this system has."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.app.supervision.launchd import LABEL, property_list
from ompycord.app.supervision.plan import ServicePlan
from ompycord.app.supervision.systemd import unit_text
from ompycord.app.supervision.windows_task import TASK, task_xml
from ompycord.errors import ConfigurationError, OmpycordError, UnavailableError
from ompycord.files import replace_file
from ompycord.processes import ProcessSpec, run

__all__ = ["Manager", "ServiceAnswer", "manager_of", "plan_of"]

UNIT: Final = "ompycord.service"
COMMAND_S: Final = 60.0
_PASSED: Final = ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SYSTEMROOT", "USERPROFILE")

Command = tuple[str, ...]


class ServiceAnswer(NamedTuple):
    """How something of the manager went."""

    is_done: bool
    text: str


class Manager(NamedTuple):
    """One of the three, with this service's names in it."""

    name: str
    file: Path
    content: Callable[[ServicePlan], bytes]
    starts: tuple[Command, ...]
    """Commands that make the manager take the file, and start the service."""
    stops: tuple[Command, ...]
    """Commands that end the service, before the file goes."""
    asks: Command
    """Its state, in the manager's own words."""
    forgets: tuple[Command, ...] = ()
    """Commands after the file is gone."""
    state: str = ""
    """How the line of its answer begins that holds the state; empty: the first one does."""

    async def install(self, plan: ServicePlan, environ: Mapping[str, str]) -> list[ServiceAnswer]:
        """Write the file, then have it taken; the answer of each command. Raises ConfigurationError."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.file, self.content(plan), mode=0o644)
        except OSError as error:
            raise ConfigurationError(f"{self.file} cannot be written ({error.strerror}).") from None
        return [await _answer(command, environ) for command in self.starts]

    async def uninstall(self, environ: Mapping[str, str]) -> list[ServiceAnswer]:
        """End it and take the file away; the answer of each command. Raises ConfigurationError."""
        answers = [await _answer(command, environ) for command in self.stops]
        try:
            self.file.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{self.file} cannot be removed ({error.strerror}).") from None
        return [*answers, *[await _answer(command, environ) for command in self.forgets]]

    async def status(self, environ: Mapping[str, str]) -> str:
        """What the manager says, in its words; empty where it cannot be asked."""
        lines = [line.strip() for line in (await _answer(self.asks, environ)).text.splitlines()]
        return next((line for line in lines if line.startswith(self.state)), lines[0] if lines else "")


def manager_of(
    environ: Mapping[str, str], *, user: str | None, platform: str = sys.platform, data: Path | None = None
) -> Manager:
    """That of this system. `user`: the machine starts it, as this user; None: it starts with the one who installs it.

    Raises UnavailableError where there is none that is known, or it starts nothing as another user.
    """
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    if platform.startswith("linux"):
        return _systemd(home, environ, user=user)
    if user is not None:
        raise UnavailableError("--run-as is for Linux alone: here the service is yours and starts with your login.")
    if platform == "darwin":
        return _launchd(home)
    if platform == "win32":
        return _windows(data or home)
    raise UnavailableError(f"No service manager is known for {platform}: start `ompycord up` by your own one.")


def _systemd(home: Path, environ: Mapping[str, str], *, user: str | None) -> Manager:
    folder = Path("/etc/systemd/system")
    if user is None:
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "systemd" / "user"
    systemctl = ("systemctl",) if user else ("systemctl", "--user")
    return Manager(
        name="systemd",
        file=folder / UNIT,
        content=_unit,
        starts=((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", UNIT)),
        stops=((*systemctl, "disable", "--now", UNIT),),
        asks=(*systemctl, "is-active", UNIT),
        forgets=((*systemctl, "daemon-reload"),),
    )


def _unit(plan: ServicePlan) -> bytes:
    return unit_text(plan).encode()


def _launchd(home: Path) -> Manager:
    file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"
    return Manager(
        name="launchd",
        file=file,
        content=property_list,
        starts=(("launchctl", "bootstrap", domain, str(file)),),
        stops=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        asks=("launchctl", "print", f"{domain}/{LABEL}"),
        state="state =",
    )


def _windows(data: Path) -> Manager:
    file = data / "service-task.xml"
    return Manager(
        name="the Task Scheduler",
        file=file,
        content=task_xml,
        starts=(("schtasks", "/Create", "/TN", TASK, "/XML", str(file), "/F"), ("schtasks", "/Run", "/TN", TASK)),
        stops=(("schtasks", "/End", "/TN", TASK), ("schtasks", "/Delete", "/TN", TASK, "/F")),
        asks=("schtasks", "/Query", "/TN", TASK, "/FO", "LIST"),
        state="Status:",
    )


def plan_of(environ: Mapping[str, str], *, folder: Path, data: Path, user: str | None) -> ServicePlan:
    """What this installation runs as a service. Raises ConfigurationError where root would be the one who runs it."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if user == "root" or (is_root and user is None):
        raise ConfigurationError(
            "A service of root would run agents as root: name another user, as in `--run-as ompycord`."
        )
    path = environ.get("PATH") if user is None else None  # another user has other programs
    return ServicePlan(
        python=Path(sys.executable).absolute(), folder=folder.absolute(), data=data, user=user, path=path
    )


async def _answer(command: Command, environ: Mapping[str, str]) -> ServiceAnswer:
    """Have the manager do something; bounded."""
    kept = {name: environ[name] for name in _PASSED if name in environ}
    shown = " ".join(command)
    try:
        done = await run(ProcessSpec(argv=command, env=kept, cwd=Path.cwd()), timeout_s=COMMAND_S)
    except OmpycordError as error:
        return ServiceAnswer(is_done=False, text=f"{shown}: {error}")
    words = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return ServiceAnswer(is_done=done.is_success, text=words[:2000])
