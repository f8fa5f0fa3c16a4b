"""`ompycord doctor --repository NAME`: what a run there needs, looked at as it is before one."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ompycord.app.findings import Finding, fail
from ompycord.app.precheck.provider_lines import Providers, reach
from ompycord.app.system import SystemClock
from ompycord.app.wiring.preparing import precheck_for
from ompycord.app.wiring.work import git_of
from ompycord.errors import ConfigurationError, Refused
from ompycord.http.proxy.forward_proxy import upstream_of
from ompycord.http.trust.authorities import trust_of
from ompycord.processes.launcher_port import can_deny_network
from ompycord.settings import load_settings
from ompycord.workspaces.confinement.probe import best_launcher
from ompycord.workspaces.preparing.base_reader import BaseReader
from ompycord.workspaces.repositories import Repositories

__all__ = ["examine_repository"]


async def examine_repository(
    name: str, *, environ: Mapping[str, str], folder: Path, overrides: Mapping[str, Any]
) -> list[Finding]:
    """Every line for the repository, with each agent that may work there. An address is asked, and not fetched."""
    try:
        settings = load_settings(environ=environ, folder=folder, overrides=overrides)
    except ConfigurationError as error:
        return [fail("Settings", f"{error}.", "`ompycord config show` looks at them alone.")]
    data = settings.data_dir.expanduser().absolute()
    try:
        trust = trust_of(settings.tls.ca_file, data)
    except ConfigurationError as error:
        return [fail("TLS", f"{error}.", "Put the authority's certificate there, or leave tls.ca_file out.")]
    git = git_of(environ, trust)
    launcher = await best_launcher(path=environ.get("PATH", os.defpath), hidden=(data,), environ=environ)
    precheck = precheck_for(
        settings,
        data,
        bases=BaseReader(git=git, repositories=Repositories(folder=data / "repositories", git=git), fetches=False),
        launcher=launcher,
        environ=environ,
        providers=Providers(
            tuple(settings.providers.values()),
            clock=SystemClock(),
            stopped=_runs,
            proxy=upstream_of(environ),
            reach_of=partial(reach, trust=trust),
            is_network_denied=can_deny_network(launcher.level),
        ),
    )
    try:
        lines = await precheck.of_repository(name)
    except Refused:
        known = ", ".join(settings.repositories) or "none is configured"
        text = f"There is no repository {name[:64]!r} in the settings."
        return [fail("repository", text, f"Choose one of: {known}.")]
    return [Finding(name=line.name, status=line.status, text=line.text, remedy=line.fix) for line in lines]


def _runs() -> bool:
    """Nothing is stopped here: that is a matter of the Ompycord that runs."""
    return False
