"""Which texts of events the snapshot keeps the latest of, as the events' classes mark them (`events/fields.py`)."""

from ompycord.domain import events as ev
from ompycord.domain.events.fields import Latest

__all__ = ["LATEST"]


def _latest(cls: type[ev.EventBody]) -> tuple[tuple[str, str, int | None], ...]:
    """The texts that an event's class marks as `Latest`: name in the snapshot, field, length."""
    marked = [
        (field_, mark)
        for field_, info in cls.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, Latest)
    ]
    return tuple((mark.name or field_, field_, mark.most) for field_, mark in marked)


LATEST = {cls: _latest(cls) for cls in (*ev.EVENT_TYPES.values(), ev.Opaque)}
"""By the class of an event: the texts of which the latest is kept, as (name, field, length)."""
