"""How to raise the level of confinement on this machine: its facts, and the exact commands.

Used by `probe.py`.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ompycord.domain.repository import ConfinementLevel

__all__ = ["HostMachine", "inspect_machine", "remedy"]

_INSTALL: Final = {
    "debian": "sudo apt install bubblewrap",
    "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
    "alpine": "sudo apk add bubblewrap",
    "suse": "sudo zypper install bubblewrap",
    "opensuse": "sudo zypper install bubblewrap",
}
_SWITCHES: Final = {
    # Path below /proc/sys, the value that forbids, the one that allows.
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "user/max_user_namespaces": ("0", "15000"),
}
_CONTAINER: Final = (
    "Put bubblewrap into the image and start the container with --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined."
)
_TRY: Final = "bubblewrap is here and does not confine. See why: bwrap --unshare-user --unshare-pid --ro-bind / / true"
_KERNEL: Final = "Level files needs a kernel from 5.19 on with landlock among its security modules (lsm=landlock,…)."
_TRY_AS_ROOT: Final = _TRY.replace("--unshare-user", "--unshare-user --disable-userns")
_ROOT: Final = (
    "Ompycord runs as root, whose programs may change settings of the kernel and rights of every file: start it as a "
    "user of its "
    "own, or confine fully, for which root needs bubblewrap 0.8 or newer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMachine:
    """The facts that decide about confinement here."""

    platform: str
    distributions: tuple[str, ...] = ()
    """ID and ID_LIKE of /etc/os-release."""
    has_bubblewrap: bool = False
    is_container: bool = False
    is_root: bool = False
    switches: tuple[tuple[str, str], ...] = ()
    """Kernel settings of `_SWITCHES` that exist, with their values."""


def inspect_machine(path: str) -> HostMachine:
    """This machine, with `path` as the PATH."""
    found = ((name, Path("/proc/sys", name)) for name in _SWITCHES)
    return HostMachine(
        platform=sys.platform,
        distributions=_distributions(Path("/etc/os-release")),
        has_bubblewrap=shutil.which("bwrap", path=path) is not None,
        is_root=hasattr(os, "geteuid") and os.geteuid() == 0,
        is_container=any(os.path.lexists(name) for name in ("/.dockerenv", "/run/.containerenv")),
        switches=tuple((name, file.read_text(encoding="ascii").strip()) for name, file in found if file.is_file()),
    )


def remedy(level: ConfinementLevel, machine: HostMachine) -> str:
    """Some sentences with commands; empty where nothing is better than `level`."""
    if level == "full":
        return ""
    if machine.platform != "linux":
        return "This system confines nothing: run agents on Linux for that."
    words = _on_linux(level, machine)
    return f"{words} {_ROOT}" if machine.is_root else words


def _on_linux(level: ConfinementLevel, machine: HostMachine) -> str:
    if machine.is_container:
        return _CONTAINER
    commands = [] if machine.has_bubblewrap else [_installing(machine)]
    commands += [
        f"sudo sysctl -w {name.replace('/', '.')}={_SWITCHES[name][1]}"
        for name, value in machine.switches
        if value == _SWITCHES[name][0]
    ]
    trying = _TRY_AS_ROOT if machine.is_root else _TRY
    words = f"Run: {' && '.join(commands)}; then start Ompycord again." if commands else f"{trying}."
    return f"{words} {_KERNEL}" if level == "none" else words


def _installing(machine: HostMachine) -> str:
    return next((_INSTALL[one] for one in machine.distributions if one in _INSTALL), "install bubblewrap")


def _distributions(release: Path) -> tuple[str, ...]:
    if not release.is_file():
        return ()
    pairs = (line.partition("=") for line in release.read_text(encoding="utf-8", errors="replace").splitlines())
    values = {name: value.strip("\"'") for name, _, value in pairs}
    return tuple(f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".split())
