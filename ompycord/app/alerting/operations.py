"""`ompycord alerts`: what was wrong lately, and a test of every way out; counterpart of `cli/upkeep/alerts.py`."""

import asyncio
from pathlib import Path
from typing import Any, Final, Protocol

from ompycord.app.alerting.rules import RULES_BY_NAME
from ompycord.app.control import Operation
from ompycord.domain.alerting.alerts import Alert
from ompycord.domain.alerting.rows import AlertRows
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.deliveries import Destination
from ompycord.domain.ports import Clock, Ids
from ompycord.errors import RefusedInWords
from ompycord.files import replace_file
from ompycord.render.phrases import iso

__all__ = ["AlertOperations", "AlertTrial", "read_trial"]

MOST: Final = 1000
_FILE: Final = "alerts-tested.json"


class AlertTrial(Frozen):
    """The last test of the ways out, kept for `doctor`."""

    at: Millis
    failed: tuple[Destination, ...] = ()
    """Those that did not take it."""


class TriedWays(Protocol):
    """What is asked of the ways out."""

    async def try_all(self, trial: str, *, now: Millis) -> dict[Destination, str | None]:
        """What each answered, None where it arrived."""
        ...


class AlertOperations:
    """Reads the rows; tries the ways of the running process."""

    def __init__(self, *, rows: AlertRows, ways: TriedWays, data: Path, clock: Clock, ids: Ids) -> None:
        self._rows = rows
        self._ways = ways
        self._data = data
        self._clock = clock
        self._ids = ids

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {"alerts.list": self._list, "alerts.test": self._test}

    async def _list(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        limit = arguments.get("limit")
        found = await self._rows.recent_alerts(limit=limit if isinstance(limit, int) and 0 < limit <= MOST else MOST)
        return [_view(alert) for alert in found]

    async def _test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        now = self._clock.now_ms()
        answers = await self._ways.try_all(self._ids.ulid(), now=now)
        if not answers:
            raise RefusedInWords(
                "No way out is configured: set discord.ops_channel, or give a webhook the topic alert "
                "(docs/how-to/when-an-alert-comes.md)."
            )
        trial = AlertTrial(at=now, failed=tuple(name for name, fault in answers.items() if fault is not None))
        try:
            await asyncio.to_thread(replace_file, self._data / _FILE, trial.model_dump_json())
        except OSError as error:
            raise RefusedInWords(f"The test was sent, but {_FILE} cannot be written ({error.strerror}).") from None
        return {"ways": answers}


def read_trial(data: Path) -> AlertTrial | None:
    """The last test; None where there was none, or it cannot be read. Blocks."""
    try:
        return AlertTrial.model_validate_json((data / _FILE).read_bytes())
    except (OSError, ValueError):
        return None


def _view(alert: Alert) -> dict[str, Any]:
    rule = RULES_BY_NAME.get(alert.alert)
    return {
        "id": alert.id,
        "alert": alert.alert,
        "subject": alert.subject,
        "title": alert.alert if rule is None else rule.title,
        "text": alert.text,
        "remedy": "" if rule is None else rule.remedy,
        "began_at": iso(alert.began_at),
        "notified_at": None if alert.notified_at is None else iso(alert.notified_at),
        "ended_at": None if alert.ended_at is None else iso(alert.ended_at),
    }
