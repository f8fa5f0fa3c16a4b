"""Looks at the process every few seconds, and notifies people of what lasts: once when it opens, once when it is over.

Counterparts: `rules.py`, which says what is wrong, `domain/alerting/alerts.py`, which decides, `ways.py`, which sends.
Alerts that are open are rows, so that a restart neither repeats one nor forgets its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from ompycord.app.alerting.reading import Sighting
from ompycord.app.alerting.rules import RULES_BY_NAME, AlertRule, found_faults
from ompycord.app.alerting.state import AlertState
from ompycord.app.alerting.ways import WaysOut
from ompycord.domain.alerting.alerts import Alert, AlertChange, FoundFault, Observed, Timing, observe
from ompycord.domain.alerting.options import AlertOptions
from ompycord.domain.alerting.rows import AlertRows
from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock, Ids
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["INSPECT_S", "AlertKeeper"]

INSPECT_S: Final = 15.0
_SUSPENDED_MS: Final = round(4 * INSPECT_S * 1000)
"""After so long without a look the process was stopped: what was wrong before begins again."""

log = get_logger(__name__)


class Looks(Protocol):
    """What is asked for a sighting."""

    async def sighting(self) -> Sighting:
        """Everything now."""
        ...


class AlertKeeper:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        lookout: Looks,
        rows: AlertRows,
        ways: WaysOut,
        options: AlertOptions,
        backup_hours: float,
        clock: Clock,
        ids: Ids,
        state: AlertState,
    ) -> None:
        """`state` is kept for those who show it."""
        self._lookout = lookout
        self._rows = rows
        self._ways = ways
        self._options = options
        self._backup_hours = backup_hours
        self._clock = clock
        self._ids = ids
        self._state = state
        self._observed: dict[str, Observed] = {}
        self._is_loaded = False
        self._looked_at: Millis | None = None

    @property
    def open(self) -> Sequence[Alert]:
        """Alerts that people were notified of and that have no end yet, the oldest first."""
        found = [one.alert for one in self._observed.values() if one.alert is not None]
        return sorted(found, key=lambda alert: (alert.began_at, alert.id))

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.inspect()
            await self._clock.sleep(INSPECT_S)

    async def inspect(self) -> None:
        """Look once, and notify of what changed. Raises nothing that the database does."""
        self._forget_old_starts(self._clock.now_ms())
        await self._load()
        seen = await self._lookout.sighting()
        now = self._clock.now_ms()
        await self._ways.retry()
        looked_for: set[str] = set()
        for rule, found in found_faults(seen, self._options, backup_hours=self._backup_hours):
            looked_for.add(rule.name)
            if found is not None:
                await self._judge(rule, {one.key: one for one in found}, now)
        for key, known in list(self._observed.items()):
            if known.fault.alert not in looked_for:  # it is not looked for any more
                await self._step(key, known, None, now, clear_ms=0)
        self._state.open = self.open
        self._looked_at = self._clock.now_ms()  # a look at a disk that hangs lasts long, and is no suspension

    async def _judge(self, rule: AlertRule, found: Mapping[str, FoundFault], now: Millis) -> None:
        known = {key: one for key, one in self._observed.items() if one.fault.alert == rule.name}
        for key in sorted({*known, *found}):
            await self._step(key, known.get(key), found.get(key), now, rule=rule)

    async def _step(
        self,
        key: str,
        known: Observed | None,
        fault: FoundFault | None,
        now: Millis,
        *,
        rule: AlertRule | None = None,
        clear_ms: Millis | None = None,
    ) -> None:
        timing = self._timing(rule, now, clear_ms)
        after, changed = observe(known, fault, now=now, timing=timing, new_id=self._ids.ulid())
        if after is None:
            self._observed.pop(key, None)
        else:
            self._observed[key] = after
        if changed is not None:
            change, alert = changed
            log.warning("alert", change=change.value, alert=alert.key, text=alert.text)
            await self._ways.send(change, alert, now=now)

    def _timing(self, rule: AlertRule | None, now: Millis, clear_ms: Millis | None) -> Timing:
        quiet = self._options.quiet
        is_always = rule is not None and rule.name in self._options.always
        after_s = 0 if rule is None else self._options.after_s.get(rule.name, rule.after_s)
        return Timing(
            after_ms=after_s * 1000,
            clear_ms=self._options.clear_s * 1000 if clear_ms is None else clear_ms,
            is_quiet=quiet is not None and quiet.holds(now) and not is_always,
        )

    def _forget_old_starts(self, now: Millis) -> None:
        """A machine that slept saw nothing in between: how long something lasted is counted from now on."""
        before = self._looked_at
        if before is None or now - before < _SUSPENDED_MS:
            return
        self._observed = {
            key: one if one.alert is not None else replace(one, since=now) for key, one in self._observed.items()
        }

    async def _load(self) -> None:
        """Take up what was open when the process ended, once the database can be read."""
        if self._is_loaded:
            return
        try:
            stored = await self._rows.open_alerts()
        except StorageError as error:
            log.warning("alert.not_read", cause=str(error))
            return
        self._is_loaded = True
        for alert in stored:
            rule = RULES_BY_NAME.get(alert.alert)
            known = self._observed.get(alert.key)
            if rule is None or (known is not None and known.alert is not None):
                ended = alert.model_copy(update={"ended_at": max(self._clock.now_ms(), alert.began_at)})
                await self._ways.send(AlertChange.PASSED, ended, now=self._clock.now_ms())
                continue
            fault = FoundFault(alert=rule.name, subject=alert.subject, text=alert.text)
            self._observed[alert.key] = Observed(fault, alert.began_at, alert)
