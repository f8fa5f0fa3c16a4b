"""What is wrong, found from one sighting, and what an operator does about it; pure.

Each alert is one record of `RULES`; docs/how-to/when-an-alert-comes.md has a section for each, and a test holds the two
together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ompycord.app.alerting.reading import Sighting
from ompycord.app.outgoing.states import OLD_S
from ompycord.app.resources.bounds import LIMITS_REMEDY, MANY_EVENTS
from ompycord.domain.alerting.alerts import FoundFault
from ompycord.domain.alerting.options import AlertName, AlertOptions
from ompycord.domain.deliveries import DISCORD, DestinationState
from ompycord.domain.ids import OPS_CHANNEL
from ompycord.render.phrases import count, duration

__all__ = ["RULES", "RULES_BY_NAME", "AlertRule", "found_faults"]

Found = Sequence[tuple[str, str]] | None
"""Subjects with what is wrong; None where it cannot be known now."""
SLOW_LOOP_S: Final = 1.0
MANY_DESCRIPTORS: Final = 0.8
_MIB: Final = 1024 * 1024
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One kind of alert."""

    name: AlertName
    title: str
    after_s: int
    """How long it must be wrong; `alerts.after_s` changes it."""
    remedy: str
    find: Callable[[Sighting, AlertOptions, float], Found]
    """The last argument is how often a backup is to be made, in hours; 0: never by itself."""


def _one(text: str | None) -> Found:
    return () if text is None else (("", text),)


def _discord(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    return _one(None if seen.is_connected else "the bot is not connected, or Discord has stopped answering")


def _database(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.disk is not None and seen.disk.is_full:
        return ()  # `disk_full` is the cause
    if seen.read_only is not None:
        return _one(seen.read_only)
    return _one(None if seen.is_writable else "it does not confirm writes")


def _disk(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.disk is None:
        return None
    is_low = seen.disk.is_low and not seen.disk.is_full
    return _one(f"{seen.disk.words}: no new run starts" if is_low else None)


def _disk_full(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.disk is None:
        return None
    return _one(f"{seen.disk.words}: Ompycord is read-only, nothing new is saved" if seen.disk.is_full else None)


def _backlog(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    waiting = seen.events_waiting
    if waiting is None:
        return None
    return _one(f"{waiting:,} events are stored and not processed yet" if waiting >= MANY_EVENTS else None)


def _loop(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    return _one(f"it was {seen.loop_lag_s:.1f} s late" if seen.loop_lag_s >= SLOW_LOOP_S else None)


def _memory(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    used = seen.process.resident_bytes // _MIB
    return _one(f"it uses {used:,} MiB, more than {options.memory_mib:,}" if used > options.memory_mib else None)


def _descriptors(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    most, used = seen.process.most_descriptors, seen.process.descriptors
    if most is None or used < most * MANY_DESCRIPTORS:
        return ()
    return _one(f"{used:,} of {most:,} are open")


def _limits(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    return _one(f"another program lowered {', '.join(seen.lowered_limits)}" if seen.lowered_limits else None)


def _backup(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.backups.fault is not None:
        return _one(seen.backups.fault)
    age = seen.backup_age_s
    if hours and age is not None and age > 2 * hours * _HOUR_S:
        return _one(f"the newest is {duration(round(age * 1000))} old")
    return ()


def _restore_trial(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    undrilled = seen.backups.undrilled
    return _one(seen.backups.drill_fault or (None if undrilled is None else f"it could not be made: {undrilled}"))


def _archive(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.unreadable is None:
        return None
    return _one(f"the file of {', '.join(seen.unreadable)}"[:300] if seen.unreadable else None)


def _deliveries(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.destinations is None:
        return None
    return [
        (state.destination, text)
        for state, age_s in seen.destinations
        if (text := _stuck(state, age_s, is_connected=seen.is_connected)) is not None
    ]


def _stuck(state: DestinationState, age_s: float, *, is_connected: bool) -> str | None:
    is_discord = state.destination in {DISCORD, OPS_CHANNEL}
    if is_discord and not is_connected:
        return None  # `discord` is the cause
    if age_s >= OLD_S:
        return f"{state.pending} wait, the oldest for {duration(round(age_s * 1000))}"
    if state.dead and not is_discord:
        return f"{count(state.dead, 'delivery', 'deliveries')} given up"
    return None


def _provider(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    failing: dict[str, list[str]] = {}
    for breaker in seen.failing:
        failing.setdefault(breaker.provider, []).append(breaker.model)
    return [(name, f"it fails for {', '.join(sorted(models))}"[:300]) for name, models in failing.items()]


def _queue(seen: Sighting, options: AlertOptions, hours: float) -> Found:
    if seen.queued is None:
        return None
    return _one(f"{count(seen.queued, 'run')} waiting although a slot is free" if seen.queued else None)


RULES: Final[tuple[AlertRule, ...]] = (
    AlertRule(
        name="database",
        title="The database takes no writes",
        after_s=30,
        remedy="Check its disk, and whether another program holds the file; the log says more.",
        find=_database,
    ),
    AlertRule(
        name="disk_full",
        title="The disk is full",
        after_s=0,
        remedy="Free space on the disk of the data folder; Ompycord continues by itself.",
        find=_disk_full,
    ),
    AlertRule(
        name="disk",
        title="The disk is low",
        after_s=60,
        remedy="Free space on the disk of the data folder, or lower workspaces.results_mib.",
        find=_disk,
    ),
    AlertRule(
        name="discord",
        title="Discord does not answer",
        after_s=120,
        remedy="Check the network and discordstatus.com; nothing is lost meanwhile.",
        find=_discord,
    ),
    AlertRule(
        name="deliveries",
        title="Deliveries do not arrive",
        after_s=60,
        remedy="Check the receiver, then `ompycord webhooks list`.",
        find=_deliveries,
    ),
    AlertRule(
        name="backlog",
        title="Events wait to be processed",
        after_s=60,
        remedy="Find the sender of so many events with `ompycord keys list`, and look at the machine's load.",
        find=_backlog,
    ),
    AlertRule(
        name="loop",
        title="The process is slow",
        after_s=60,
        remedy="Look for a busy machine or a slow disk; lower limits.parallel_runs if runs are the cause.",
        find=_loop,
    ),
    AlertRule(
        name="memory",
        title="The process uses much memory",
        after_s=300,
        remedy="Restart Ompycord in a quiet moment, or raise alerts.memory_mib if that is usual here.",
        find=_memory,
    ),
    AlertRule(
        name="descriptors",
        title="Open files near their limit",
        after_s=60,
        remedy="Raise the limit (LimitNOFILE of the unit, ulimit -n), then restart Ompycord.",
        find=_descriptors,
    ),
    AlertRule(
        name="limits",
        title="Limits of the process were lowered",
        after_s=0,
        remedy=LIMITS_REMEDY,
        find=_limits,
    ),
    AlertRule(
        name="backup",
        title="There is no new backup",
        after_s=0,
        remedy="`ompycord backup create` says what keeps it from being made.",
        find=_backup,
    ),
    AlertRule(
        name="restore_trial",
        title="The restore trial failed",
        after_s=0,
        remedy="Make another one: `ompycord backup create`, then `ompycord backup verify --restore`.",
        find=_restore_trial,
    ),
    AlertRule(
        name="archive",
        title="Events of old runs cannot be read",
        after_s=0,
        remedy="`ompycord archive restore` brings the file back, while a backup still has it.",
        find=_archive,
    ),
    AlertRule(
        name="provider",
        title="A model provider fails",
        after_s=600,
        remedy="Check its status page and the key: `ompycord gateway status`.",
        find=_provider,
    ),
    AlertRule(
        name="queue",
        title="Runs do not start",
        after_s=600,
        remedy="The log says why (`driver`); restarting Ompycord loses no run.",
        find=_queue,
    ),
)


RULES_BY_NAME: Final[dict[str, AlertRule]] = {rule.name: rule for rule in RULES}


def found_faults(
    seen: Sighting, options: AlertOptions, *, backup_hours: float
) -> Iterator[tuple[AlertRule, tuple[FoundFault, ...] | None]]:
    """Every alert that is looked for, with what is wrong now; None where that cannot be known."""
    for rule in RULES:
        if rule.name in options.off:
            continue
        found = rule.find(seen, options, backup_hours)
        if found is None:
            yield rule, None
            continue
        yield rule, tuple(FoundFault(alert=rule.name, subject=subject, text=text[:500]) for subject, text in found)
