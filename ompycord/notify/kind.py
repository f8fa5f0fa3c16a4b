"""A kind of notifier that another distribution adds: its options, what it is given, what it answers.

Counterparts: `registry.py`, which finds them by the entry points of `ompycord.notifiers`, and `added.py`, which tries
one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ompycord.domain.base import Frozen
from ompycord.domain.deliveries import StoredDelivery
from ompycord.notify.attempt import Attempt

__all__ = ["AddedNotifier", "MakeNotifier", "Notice", "NotifierKind", "NotifierOptions", "notice_of"]

_WORDS = ("title", "text", "message", "summary", "reason", "question")
"""Fields of an event that say in words what happened, the first that is there."""
_LONGEST = 1000


class NotifierOptions(Frozen):
    """The options of one kind, as `notify.notifiers` has them; it adds its fields. A secret is named by its file."""


class Notice(Frozen):
    """What a notifier is given: the same each time that it is tried."""

    id: str
    """By which a receiver recognizes a repetition."""
    destination: str
    topic: str
    """`run`, `question`, `approval`, `check` or `alert`."""
    text: str
    """It in words, without known secrets; what agents wrote stands in it: data, no markup of yours."""
    content: dict[str, Any]
    """The body that a webhook gets: `/schemas/notification.json`, or `/schemas/alert.json`."""


class AddedNotifier(Protocol):
    """Sends what it is given, for the life of the process, in an event loop of its own.

    Of `asyncio.to_thread` it has four threads, which nobody can end: give what waits there a timeout.
    """

    async def notify(self, notice: Notice) -> Attempt:
        """Try once, without blocking the loop; ten seconds at most. `Attempt(error)` says why it failed.

        A failure is tried again for three days, but for one that `is_permanent`.
        """
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


O_contra = TypeVar("O_contra", bound=NotifierOptions, contravariant=True)
OptionsT = TypeVar("OptionsT", bound=NotifierOptions)


class MakeNotifier(Protocol[O_contra]):
    """A notifier's class."""

    def __call__(self, options: O_contra) -> AddedNotifier: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifierKind(Generic[OptionsT]):
    """One kind of notifier."""

    name: str
    """Its name in configuration: `notify.notifiers.NAME.kind`."""
    options: type[OptionsT]
    notifier: MakeNotifier[OptionsT]
    example: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options with which `ompycord plugin check` makes one; `{folder}` in a text stands for an empty folder."""


def notice_of(stored: StoredDelivery) -> Notice:
    """What a notifier is given of a delivery."""
    delivery = stored.delivery
    content = delivery.content
    return Notice(
        id=delivery.id, destination=delivery.destination, topic=delivery.topic.value, text=_words(content),
        content=content,
    )  # fmt: skip


def _words(content: Mapping[str, Any]) -> str:
    if isinstance(content.get("message"), str):
        return str(content["message"])[:_LONGEST]
    data: Mapping[str, Any] = content["data"] if isinstance(content.get("data"), Mapping) else {}
    words = next((str(data[name]) for name in _WORDS if isinstance(data.get(name), str) and data[name]), "")
    head = f"{content.get('type', 'event')} of run {str(content.get('run') or '')[-6:].lower()}"
    return f"{head}: {words}"[:_LONGEST] if words else head
