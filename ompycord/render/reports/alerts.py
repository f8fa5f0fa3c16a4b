"""An alert and its end in words, for the ops channel, webhooks, terminals; counterpart of `app/alerting/rules.py`."""

from ompycord.domain.alerting.alerts import Alert, AlertChange
from ompycord.render.phrases import duration, sentence

__all__ = ["alert_line", "alert_title", "alert_words"]


def alert_title(title: str, subject: str) -> str:
    """What is wrong, and with which of several."""
    return f"{title}: {subject}" if subject else title


def alert_words(alert: Alert, change: AlertChange, *, title: str, remedy: str) -> str:
    """A message: what happened, to what, what to do now."""
    head = alert_title(title, alert.subject)
    if change is AlertChange.OPENED:
        return f"⚠ **{head}**\n{sentence(_capital(alert.text))}\n{remedy}"
    lasted = duration((alert.ended_at or alert.began_at) - alert.began_at)
    if change is AlertChange.PASSED:
        return f"▫ **{head}**\nIt lasted {lasted} in quiet hours and is over."
    return f"✅ **{head}: over**\nIt lasted {lasted}. Nothing more to do."


def alert_line(alert: Alert, *, title: str) -> str:
    """The alert in one line, for lists."""
    return f"{alert_title(title, alert.subject)}: {alert.text}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
