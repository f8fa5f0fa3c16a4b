"""An alert as other programs get it: the content of its deliveries, published as `/schemas/alert.json`."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import Field

from ompycord.domain.alerting.alerts import Alert, AlertChange
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.deliveries import Delivery, DeliveryHead, Destination, Topic

__all__ = ["ALERT_SCHEMA", "AlertNotice", "alert_content", "alert_delivery", "trial_content"]

ALERT_SCHEMA: Final = "ompycord/alert@1"


class AlertNotice(Frozen):
    """What a webhook that takes the topic `alert` is sent."""

    schema_: Literal["ompycord/alert@1"] = Field(default=ALERT_SCHEMA, alias="schema")
    type: Literal["alert.opened", "alert.resolved", "alert.test"]
    id: str
    """The alert's: the same when it opens and when it is resolved."""
    alert: str
    """Its name, or `test`."""
    subject: str = ""
    """Which one, where there may be several."""
    at: datetime
    began_at: datetime
    ended_at: datetime | None = None
    title: str
    text: str
    remedy: str
    """What to do now."""
    message: str
    """The same in words for a chat."""
    delivery: DeliveryHead


def alert_content(
    alert: Alert, change: AlertChange, *, at: Millis, title: str, remedy: str, message: str
) -> dict[str, Any]:
    """The body of a notice without its head."""
    return {
        "schema": ALERT_SCHEMA,
        "type": f"alert.{change.value}",
        "id": alert.id,
        "alert": alert.alert,
        "subject": alert.subject,
        "at": _time(at),
        "began_at": _time(alert.began_at),
        "ended_at": None if alert.ended_at is None else _time(alert.ended_at),
        "title": title,
        "text": alert.text,
        "remedy": remedy,
        "message": message,
    }


def trial_content(trial: str, *, at: Millis, message: str) -> dict[str, Any]:
    """The body of a notice that only tries a way out."""
    return {
        "schema": ALERT_SCHEMA,
        "type": "alert.test",
        "id": trial,
        "alert": "test",
        "subject": "",
        "at": _time(at),
        "began_at": _time(at),
        "ended_at": None,
        "title": "A test",
        "text": message,
        "remedy": "Nothing to do.",
        "message": message,
    }


def alert_delivery(content: dict[str, Any], destination: Destination, *, at: Millis) -> Delivery:
    """The same id each time that it is made: receivers recognize a repetition."""
    what = str(content["type"]).rpartition(".")[2]
    return Delivery(
        id=f"{destination}-alert-{content['id']}-{what}",
        destination=destination,
        topic=Topic.ALERT,
        content=content,
        not_before=at,
        created_at=at,
    )


def _time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat().replace("+00:00", "Z")
