"""`doctor --production`: whether anyone is notified, whether that was tried, and whether a backup would help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ompycord.app.alerting.heartbeat import heartbeat_url
from ompycord.app.alerting.operations import read_trial
from ompycord.app.backups.copies import place_of
from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.backup.drills import read_drill
from ompycord.domain.base import Millis
from ompycord.errors import ConfigurationError
from ompycord.render.phrases import day_clock
from ompycord.settings import Settings

__all__ = ["upkeep"]

_DAY_MS: Final = 24 * 3_600_000
_DRILL_DAYS: Final = 8
"""A trial a week, and a day for one that had to be put off."""
_PAGE: Final = "docs/how-to/when-an-alert-comes.md"
_MADE_UP: Final = ("example.org", "example.com", "example.net", "example", "invalid", "test")
"""Names that stand for one of yours (RFC 2606)."""


def upkeep(settings: Settings, data: Path, *, now: Millis) -> list[Finding]:
    """One line for each rule. Blocks."""
    return [
        _ways(settings),
        _trial(data, now),
        _heartbeat(settings, data),
        _other_disk(settings, data),
        _drill(settings, data, now),
        _money(settings),
        _placeholders(settings),
    ]


def _ways(settings: Settings) -> Finding:
    outgoing = [one.name for one in settings.notify.all if "alert" in one.topics]
    channel = settings.discord.ops_channel is not None
    if not outgoing and not channel and settings.alerts.heartbeat is None:
        return fail("Alerts", "no one is notified when something is wrong.", f"Set discord.ops_channel, or see {_PAGE}")
    if not outgoing and settings.alerts.heartbeat is None:
        text = "they only reach Discord, which may be what is down."
        return warn("Alerts", text, f"Give a webhook the topic alert, or set alerts.heartbeat: {_PAGE}")
    ways = [*(("the ops channel",) if channel else ()), *outgoing]
    return ok("Alerts", ", ".join(ways) or "a heartbeat alone")


def _trial(data: Path, now: Millis) -> Finding:
    trial = read_trial(data)
    if trial is None or not 0 <= now - trial.at < _DAY_MS:
        last = "never" if trial is None else day_clock(trial.at)
        return warn("Alerts tried", f"last: {last}.", "Run today, while it runs: ompycord alerts test")
    if trial.failed:
        return fail(
            "Alerts tried", f"{', '.join(trial.failed)} did not take the test.", "ompycord alerts test says why."
        )
    return ok("Alerts tried", day_clock(trial.at))


def _heartbeat(settings: Settings, data: Path) -> Finding:
    options = settings.alerts.heartbeat
    if options is None:
        text = "nothing outside notices when this machine is off."
        return warn("Heartbeat", text, f"Set alerts.heartbeat.url_file: {_PAGE}")
    try:
        heartbeat_url(options, data)
    except ConfigurationError as error:
        return fail("Heartbeat", f"{error}.", "Put the address of your check into that file.")
    return ok("Heartbeat", f"every {options.every_s} s")


def _other_disk(settings: Settings, data: Path) -> Finding:
    place = place_of(settings.backup, data).path
    if not settings.backup.every_hours:
        return warn("Backup disk", "no backup is made by itself.", "Set backup.every_hours.")
    try:
        is_same = _existing(place).stat().st_dev == _existing(data).stat().st_dev
    except OSError as error:
        return fail("Backup disk", f"{place} cannot be looked at ({error.strerror}).", "Set backup.folder.")
    if is_same:
        text = f"{place} is on the disk of the data folder: one broken disk takes both."
        return warn("Backup disk", text, "Set backup.folder to another disk, or copy it elsewhere.")
    return ok("Backup disk", f"{place}, another disk")


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _drill(settings: Settings, data: Path, now: Millis) -> Finding:
    record = read_drill(place_of(settings.backup, data))
    if record.at is None:
        return warn("Restore trial", "no backup was restored on trial yet.", "ompycord backup verify --restore")
    if record.faults:
        return fail("Restore trial", f"{record.backup}: {record.faults[0]}", "ompycord backup create makes another.")
    if now - record.at > _DRILL_DAYS * _DAY_MS:
        return fail("Restore trial", f"the last is of {day_clock(record.at)}.", "ompycord backup verify --restore")
    return ok("Restore trial", day_clock(record.at))


def _money(settings: Settings) -> Finding:
    if not settings.providers:
        return ok("Limits of models", "agents hold their own keys: their providers limit them")
    if settings.limits.run_tokens is None:
        text = "a run may use any number of tokens."
        return warn("Limits of models", text, "Set limits.run_tokens.")
    return ok("Limits of models", f"{settings.limits.run_tokens:,} tokens a run")


def _placeholders(settings: Settings) -> Finding:
    """An address of the examples that no one replaced."""
    left = [name for name, url in _addresses(settings) if _is_made_up(urlsplit(url).hostname or "")]
    if left:
        return fail("Placeholders", f"{', '.join(left)} still has an example's address.", "Write your own there.")
    return ok("Placeholders", "none left")


def _is_made_up(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in _MADE_UP)


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    for webhook in settings.notify.webhooks:
        yield f"notify.webhooks.{webhook.name}.url", webhook.url
    for repository in settings.catalog.repositories:
        if repository.address is not None:
            yield f"repositories.{repository.name}.address", repository.address
    for host in settings.webhook.hosts:
        yield "webhook.hosts", f"https://{host}"
