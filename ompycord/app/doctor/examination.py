"""All findings in order of importance: what the others depend on comes first."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ompycord.app.backups.state import backup_finding
from ompycord.app.connection.discord_probe import findings_of, open_probe
from ompycord.app.connection.startup_probe import channels_of
from ompycord.app.doctor import machine, team
from ompycord.app.doctor.forges import forges
from ompycord.app.doctor.production import production
from ompycord.app.doctor.upkeep import upkeep
from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.app.plugins.listing import plugins_finding
from ompycord.app.recovery.report import recovery_finding
from ompycord.app.recovery.retention import results_finding
from ompycord.app.retention.finding import archive_finding
from ompycord.app.system import SystemClock
from ompycord.app.voice.finding import voice_finding
from ompycord.app.wiring.work import git_of
from ompycord.errors import ConfigurationError, StartError
from ompycord.settings import Settings, load_settings
from ompycord.workspaces.confinement.probe import best_launcher

__all__ = ["examine"]


async def examine(
    *, environ: Mapping[str, str], folder: Path, overrides: Mapping[str, Any], is_production: bool
) -> list[Finding]:
    """Inspect everything. `folder` is where `up` would be started. A finding is returned, never raised."""
    git = git_of(environ)
    found = [machine.python(), machine.sqlite(), await machine.git_version(git, folder)]
    try:
        settings = load_settings(environ=environ, folder=folder, overrides=overrides)
    except ConfigurationError as error:
        return [
            *found,
            fail("Settings", f"{error}.", "`ompycord config show` looks at them alone; docs/reference/settings.md."),
        ]
    found.append(ok("Settings", "read; `ompycord config show` says where each comes from"))
    found += [warn("Settings", one, "") for one in settings.warnings]
    found += [plugins_finding(), *voice_finding(settings)]
    path = settings.data_dir.expanduser().absolute()
    launcher = await best_launcher(path=environ.get("PATH", os.defpath), hidden=(path,), environ=environ)
    found += machine.confinement(
        launcher.level, settings.catalog.agents, remedy=launcher.remedy, is_production=is_production
    )
    found += machine.models(settings.catalog.agents, has_providers=bool(settings.providers), level=launcher.level)
    found += machine.networks(settings.catalog.repositories, launcher.level)
    database = await machine.database(path)
    found += [machine.data_folder(path), database, machine.disk(path), recovery_finding(path)]
    now = SystemClock().now_ms()
    found.append(await asyncio.to_thread(results_finding, path, settings.workspaces, now))
    found.append(await asyncio.to_thread(archive_finding, path, database=database))
    found.append(backup_finding(settings.backup, path, now=now))
    found += await machine.ports(settings)
    if is_production:
        found += [*production(settings), *await asyncio.to_thread(upkeep, settings, path, now=now)]
    if is_production and settings.discord.token is None:
        text = "not checked, and neither are access, agents and repositories: there is no token."
        return [*found, warn("Discord", text, "")]
    found.append(team.access(settings))
    found += await _discord(settings)
    found += [*team.agents(settings, environ), await team.programs_found(environ, folder, settings)]
    found += await team.repositories(settings, git, environ, folder)
    return found + await forges(settings, path)


async def _discord(settings: Settings) -> list[Finding]:
    if settings.discord.token is None:
        return [ok("Discord", "no token: `up` opens the playground")]
    async with open_probe(
        api=settings.discord.api, token=settings.discord.token.get_secret_value(), proxy=settings.discord.proxy
    ) as probe:
        try:
            return await findings_of(probe, settings.discord, channels=channels_of(settings.catalog))
        except StartError as error:
            return [fail("Discord", str(error), "")]
