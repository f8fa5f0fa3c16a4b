"""What health, status and metrics show of alerts; counterpart of `keeper.py`."""

from collections.abc import Sequence
from typing import Any, Final

from ompycord.app.alerting.heartbeat import HeartbeatState
from ompycord.app.alerting.rules import RULES_BY_NAME
from ompycord.bot.lookups import HealthLine
from ompycord.domain.alerting.alerts import Alert
from ompycord.domain.alerting.options import ALERTS
from ompycord.render.phrases import day_clock, iso
from ompycord.render.reports.alerts import alert_line, alert_title

__all__ = ["AlertState"]

_NAMED: Final = 5


class AlertState:
    """What is open now; the keeper fills it, readers ask it."""

    def __init__(self, heartbeat: HeartbeatState | None) -> None:
        """`heartbeat`: None where no address is pinged."""
        self.open: Sequence[Alert] = ()
        self.heartbeat = heartbeat

    def lines(self) -> list[HealthLine]:
        """Lines of `/omp health`."""
        shown = [
            f"{alert_title(RULES_BY_NAME[one.alert].title, one.subject)}, since {day_clock(one.began_at)}"
            for one in self.open[:_NAMED]
        ]
        more = f" and {len(self.open) - _NAMED} more" if len(self.open) > _NAMED else ""
        lines = [HealthLine(name="Alerts", is_ok=not self.open, text=" · ".join(shown) + more or "none open")]
        if self.heartbeat is not None:
            fault = self.heartbeat.fault
            text = f"the last ping failed: {fault}" if fault is not None else f"{self.heartbeat.sent} pings since start"
            lines.append(HealthLine(name="Heartbeat", is_ok=fault is None, text=text))
        return lines

    def report(self) -> list[dict[str, Any]]:
        """The part of /status."""
        return [
            {
                "alert": one.alert,
                "subject": one.subject,
                "text": alert_line(one, title=RULES_BY_NAME[one.alert].title),
                "began_at": iso(one.began_at),
            }
            for one in self.open
        ]

    def numbers(self) -> dict[str, float]:
        """How many are open, by name, for the metrics."""
        return {name: sum(one.alert == name for one in self.open) for name in ALERTS}
