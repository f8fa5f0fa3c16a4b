"""What a memory of another package is given; counterpart of `memory/backends/kind.py`, which says what it answers."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.configuration.written import Slug

__all__ = ["BackendItem", "BackendQuery", "BackendSpec"]


class BackendSpec(Frozen):
    """The section `memory.backend`, as far as every kind has it; each kind's own options extend it."""

    kind: Slug
    """Which package's memory is asked; its options know this name."""
    timeout_s: Annotated[float, Field(gt=0, le=20)] = 2.0
    """So many seconds a start of an agent or a search waits for it; then Ompycord's own search decides."""


class BackendItem(Frozen):
    """An active item as it is given away: without its author, and without the secrets that are known."""

    id: str
    guild: str
    """The server in which it is seen; empty for a terminal's."""
    repository: str | None
    """None: in every repository of that server."""
    channel: str | None
    """None: in every channel."""
    kind: str
    """`lesson`, `decision`, `run_summary` or `fact`."""
    title: str
    body: str
    paths: tuple[str, ...]
    """Files that it is about."""
    created_at: Millis
    stamp: str
    """Another one for other words: kept beside the item, and answered as it is."""


class BackendQuery(Frozen):
    """What is looked for."""

    guild: str
    repository: str | None
    channel: str | None
    text: str
    """A task or a person's words, at most 4,000 characters, without the secrets that are known."""
    limit: int
