"""A message that belongs to no run: a digest, what became of a schedule. Counterpart of the table `announcements`."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.budgets.charts import Chart

__all__ = ["AnnouncedButton", "Announcement"]


class AnnouncedButton(Frozen):
    """A button of such a message."""

    action: str
    label: str
    ref: str
    is_primary: bool = False


class Announcement(Frozen):
    """One message, sent once. One that asks a question is edited when that is decided."""

    key: Annotated[str, Field(min_length=1, max_length=200)]
    """By which it is queued once."""
    guild: str
    channel: str
    text: Annotated[str, Field(max_length=4000)]
    """Sanitized and redacted by whoever queues it."""
    nonce: Annotated[str, Field(max_length=25)]
    """The message's nonce at each try."""
    buttons: tuple[AnnouncedButton, ...] = ()
    chart: Chart | None = None
    """What a picture beside the text shows. It is drawn at each try, of the same numbers."""
    created_at: Millis
    attempts: int = 0
    message: str = ""
    """As which it was sent; empty before that."""
    outcome: str | None = None
    """What it says instead, without buttons, once its question is decided; sanitized and redacted as the text."""

    @property
    def footer(self) -> str:
        """By which it is found in its channel, whatever became of the answer to an earlier try."""
        return f"Ompycord · {self.nonce[:8]}"
