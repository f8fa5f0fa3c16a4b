"""A unit of systemd; pure. It is checked by `systemd-analyze verify` where that is installed.

deploy/ompycord.service is the one for packages, with a user that systemd makes.
"""

from typing import Final

from ompycord.app.supervision.plan import NO_RESTART, ServicePlan, require_plain

__all__ = ["WATCHDOG_S", "unit_text"]

WATCHDOG_S: Final = 120
"""Longer than a disk may stall: what stands still for that long is started again."""


def unit_text(plan: ServicePlan) -> str:
    """The file. Raises ConfigurationError for a folder whose name it cannot hold."""
    require_plain(str(plan.python), str(plan.folder), str(plan.data), plan.user or "", plan.path or "")
    prevented = " ".join(map(str, NO_RESTART))
    lines = [
        "# Made by `ompycord service install`; `ompycord service uninstall` takes it away.",
        "[Unit]",
        "Description=Ompycord: a team's coding agents, run from Discord",
        "StartLimitIntervalSec=300",
        "StartLimitBurst=5",
        *(("After=network-online.target", "Wants=network-online.target") if plan.user else ()),
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"WatchdogSec={WATCHDOG_S}",
        f"ExecStart={_word(str(plan.python))} -m ompycord up",
        f"WorkingDirectory={_specifiers(str(plan.folder))}",
        f"Environment={_assignment('OMPYCORD_DATA_DIR', str(plan.data))}",
        *((f"Environment={_assignment('PATH', plan.path)}",) if plan.path else ()),
        *((f"User={_specifiers(plan.user)}",) if plan.user else ()),
        "UMask=0077",
        "Restart=on-failure",
        f"RestartPreventExitStatus={prevented}",
        "RestartSec=5",
        "KillMode=mixed",
        "TimeoutStopSec=40",
        "NoNewPrivileges=yes",
        "LimitNOFILE=65536",
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if plan.user else 'default.target'}",
    ]
    return "\n".join([*lines, ""])


def _specifiers(text: str) -> str:
    """Systemd reads `%` as the beginning of a specifier (systemd.unit(5), *Specifiers*)."""
    return text.replace("%", "%%")


def _word(text: str) -> str:
    """One word of a command line (systemd.service(5), *Command lines*), which also knows variables."""
    return _quoted(_specifiers(text).replace("$", "$$"))


def _assignment(name: str, value: str) -> str:
    return _quoted(f"{name}={_specifiers(value)}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
