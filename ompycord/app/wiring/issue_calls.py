"""Webhooks of forges as they are wired: their secrets, what takes their deliveries, and what starts runs."""

from functools import partial
from pathlib import Path
from typing import Final

from ompycord.app.data_folder import DataFolder
from ompycord.app.wiring.parts import Areas, Infrastructure
from ompycord.app.wiring.schedules import channels_of, home_of
from ompycord.conductor.issue_calls.calls import IssueCalls, RoleOf
from ompycord.conductor.issue_calls.judging import CallJudge
from ompycord.conductor.pull_requests.callers import Callers
from ompycord.domain.issue_calls.options import ForgeHookSpec, starts_by_repository
from ompycord.errors import ConfigurationError
from ompycord.webhook.forge_routes import ForgeHooks

__all__ = ["forge_hooks_of", "hook_secret", "hook_secret_file", "issue_calls_of"]

_SHORTEST: Final = 20


def issue_calls_of(infrastructure: Infrastructure, areas: Areas, role_of: RoleOf) -> IssueCalls:
    """What labels and assignments start; where no forge has a webhook it has nothing to do."""
    settings, store = infrastructure.settings, infrastructure.store
    guild = next(iter(settings.discord.guilds), None)
    judge = CallJudge(
        catalog=settings.catalog,
        callers=Callers(partial(infrastructure.roles.access, guild), guild=guild),
        issues=areas.pull_requests.issues,
        rights=infrastructure.forges.following,
        starts=starts_by_repository(settings.forge_hooks.values()),
    )
    return IssueCalls(
        hooks=settings.forge_hooks,
        rows=store.issue_calls,
        judge=judge,
        issues=areas.pull_requests.issues,
        pulls=areas.pull_requests,
        runs=areas.runs,
        announcements=store.announcements,
        audit=store,
        catalog=settings.catalog,
        guild=home_of(settings),
        channels=channels_of(settings),
        role_of=role_of,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        redact=infrastructure.redact,
    )


def forge_hooks_of(infrastructure: Infrastructure, calls: IssueCalls) -> ForgeHooks | None:
    """The route of each forge with its secret; None where none is configured. Raises ConfigurationError."""
    hooks = infrastructure.settings.forge_hooks
    if not hooks:
        return None
    secrets = {name: hook_secret(infrastructure.data, spec) for name, spec in hooks.items()}
    infrastructure.known.add(secrets.values())
    return ForgeHooks({name: text.encode() for name, text in secrets.items()}, calls)


def hook_secret_file(folder: Path, spec: ForgeHookSpec) -> Path:
    """Where the secret of a forge lies; `folder` is the data folder."""
    return folder / (spec.secret_file or Path("secrets") / f"hook_{spec.name}")


def hook_secret(data: DataFolder, spec: ForgeHookSpec) -> str:
    """What its deliveries are signed with. Raises ConfigurationError."""
    if spec.secret_file is None:
        text, _ = data.secret(f"hook_{spec.name}")
    else:
        try:
            text = hook_secret_file(data.path, spec).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"forge_hooks.{spec.name}.secret_file: that file cannot be read") from None
    if len(text) < _SHORTEST:
        raise ConfigurationError(f"The secret of forge_hooks.{spec.name} has less than {_SHORTEST} characters.")
    return text
