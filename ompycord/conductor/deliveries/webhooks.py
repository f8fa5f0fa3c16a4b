"""Which facts are sent to webhooks, as deliveries; pure.

Counterparts: `discord.py`, which does it for Discord, and `notify/`. The same fact makes the same delivery each time
it is projected: the store keeps one of an id.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.deliveries import EVENT_TOPICS, Delivery, Destination, Topic, streamed, topic_of
from ompycord.domain.events import RunEvent

__all__ = ["NotificationRule", "Notifications"]


class NotificationRule(Frozen):
    """Which events one destination gets."""

    destination: Destination
    topics: frozenset[Topic] = EVENT_TOPICS
    repositories: frozenset[str] = frozenset()
    """Only runs in these; empty: all runs, those in no repository too."""

    def wants(self, topic: Topic, repository: Callable[[], str | None]) -> bool:
        """Whether the destination gets it; the repository is asked for only where it matters."""
        return topic in self.topics and (not self.repositories or repository() in self.repositories)


class Notifications:
    """Makes deliveries of events, with every known secret taken out of their data."""

    def __init__(self, rules: Sequence[NotificationRule] = (), *, redact: Callable[[str], str] = str) -> None:
        self._rules = tuple(rules)
        self._redact = redact

    def deliveries(self, event: RunEvent, *, repository: Callable[[], str | None], at: Millis) -> list[Delivery]:
        """One delivery for each destination that wants it, made at `at`. `repository` is the run's."""
        topic = topic_of(event.body.type) if self._rules else None
        if topic is None:
            return []
        wanting = [rule.destination for rule in self._rules if rule.wants(topic, repository)]
        if not wanting:
            return []
        content = streamed(event).model_dump(mode="json")
        content["data"] = _redacted(content["data"], self._redact)
        return [
            Delivery(
                id=f"{destination}-{event.id or event.position}",
                destination=destination,
                topic=topic,
                run=event.run,
                content=content,
                not_before=at,
                created_at=at,
            )
            for destination in wanting
        ]


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:  # JSON
    """The same shape with every text redacted, names too."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {redact(name): _redacted(inner, redact) for name, inner in named.items()}
    if isinstance(value, list):
        return [_redacted(inner, redact) for inner in cast("list[Any]", value)]
    return value
