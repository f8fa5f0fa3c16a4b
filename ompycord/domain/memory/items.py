"""What is remembered: an item, where it is seen, what counts for and against it; counterpart of `ports/memory.py`."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import Ulid
from ompycord.domain.run import RunRecord

__all__ = [
    "BODY_LENGTH",
    "MOST_PATHS",
    "TITLE_LENGTH",
    "ErasedMemory",
    "FoundItem",
    "MemoryAddition",
    "MemoryChange",
    "MemoryCounts",
    "MemoryFilter",
    "MemoryItem",
    "MemoryKind",
    "MemoryOrigin",
    "MemoryPlace",
    "MemoryQuery",
    "MemoryStatus",
    "NewMemory",
    "RecallReason",
    "RecalledItem",
]

TITLE_LENGTH = 200
BODY_LENGTH = 4000
"""Characters of an item; a longer text is for a file of the repository."""
MOST_PATHS = 20

Title = Annotated[str, StringConstraints(min_length=1, max_length=TITLE_LENGTH, strip_whitespace=True)]
Body = Annotated[str, StringConstraints(max_length=BODY_LENGTH, strip_whitespace=True)]
ItemPath = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class MemoryKind(StrEnum):
    """What an item is."""

    LESSON = "lesson"
    """What to do, or not to do, the next time."""
    DECISION = "decision"
    """What the team has decided."""
    RUN_SUMMARY = "run_summary"
    """What a verified run did, in facts."""
    FACT = "fact"
    """What is so here: of a file that was imported."""

    @property
    def word(self) -> str:
        """As people read it."""
        return "run" if self is MemoryKind.RUN_SUMMARY else self.value


class MemoryStatus(StrEnum):
    """Only an active item reaches an agent."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"
    """Dropped, or replaced by another; its text is found nowhere any more."""


class MemoryOrigin(StrEnum):
    """Where an item came from."""

    PERSON = "person"
    AGENT = "agent"
    RUN = "run"
    FILE = "file"


class MemoryPlace(Frozen):
    """Where a run works or a person asks: what is remembered elsewhere is not seen there.

    A server, a repository of its settings and a channel, each compared as a whole.
    """

    guild: str = ""
    """Empty for runs that no server knows, such as those of a terminal."""
    repository: str | None = None
    channel: str | None = None

    @classmethod
    def of(cls, record: RunRecord) -> "MemoryPlace":
        """Where a run works."""
        return cls(guild=record.guild or "", repository=record.repository, channel=record.channel)

    def sees(self, item: "MemoryItem") -> bool:
        """Whether an item is seen here, as the search's statement decides it."""
        is_here = item.repository is None or item.repository == self.repository
        return item.guild == self.guild and is_here and (item.channel is None or item.channel == self.channel)


class NewMemory(Frozen):
    """Something to be remembered, as a person, an agent or a run says it."""

    kind: MemoryKind
    title: Title
    body: Body = ""
    paths: Annotated[tuple[ItemPath, ...], Field(max_length=MOST_PATHS)] = ()
    """Files that it is about, relative to the root of the repository."""


class MemoryItem(NewMemory):
    """One thing that is remembered."""

    id: Ulid
    guild: str = ""
    repository: str | None = None
    """None: it is about the whole server."""
    channel: str | None = None
    """None: it is about every channel."""
    origin: MemoryOrigin
    source_run: Ulid | None = None
    source_message: str | None = None
    """The address of the message that it was made of."""
    author: str | None = None
    """Discord's id of the person whose words these are."""
    author_name: Annotated[str, Field(max_length=128)] | None = None
    status: MemoryStatus = MemoryStatus.PROPOSED
    created_at: Millis
    expires_at: Millis | None = None
    supersedes: Ulid | None = None
    """The item that this one replaced."""

    @property
    def place(self) -> MemoryPlace:
        return MemoryPlace(guild=self.guild, repository=self.repository, channel=self.channel)


class MemoryAddition(Frozen):
    """A new item, as a write of a commit. Where its words are there already, in the same place, nothing is stored."""

    item: MemoryItem
    terms: str
    """By which it is found beside its words."""


class MemoryChange(Frozen):
    """An item in the place of its row, as a write of a commit. The commit fails with VersionConflict where it moved."""

    item: MemoryItem
    terms: str
    """By which it is found beside its words."""
    expect: MemoryStatus
    """The state of the row that was read."""


class MemoryCounts(Frozen):
    """What became of the runs that were given an item."""

    helpful: int = 0
    harmful: int = 0
    injected: int = 0
    last_used: Millis | None = None


class FoundItem(Frozen):
    """An item that a search found."""

    item: MemoryItem
    counts: MemoryCounts = MemoryCounts()
    score: float = 0.0
    """How well its text fits; smaller is better, as SQLite counts."""


RecallReason = Literal["same file", "same repository", "same channel", "same server"]


class RecalledItem(Frozen):
    """An item that was chosen for a run, and why."""

    item: MemoryItem
    counts: MemoryCounts = MemoryCounts()
    why: RecallReason
    is_stale: bool = False
    """Whether the base lacks every file that it is about."""


class MemoryQuery(Frozen):
    """What is searched for; `memory/query.py` makes it of a text."""

    place: MemoryPlace
    match: str
    """Quoted terms joined by OR; nothing of it is a person's syntax."""
    without_run: str | None = None
    """The run whose own items are left out."""
    now: Millis
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    text: str = ""
    """The words as they were written, for the memory of another package; empty where only ours is to be searched."""

    def sees(self, item: MemoryItem) -> bool:
        """Whether an item may be found by this query, whatever its words are."""
        is_active = item.status is MemoryStatus.ACTIVE and (item.expires_at is None or item.expires_at > self.now)
        is_own = self.without_run is not None and item.source_run == self.without_run
        return is_active and not is_own and self.place.sees(item)


class ErasedMemory(Frozen):
    """What was taken out with a person."""

    items: int
    verdicts: int
    renamed: int
    """Items of others in which the person's name stood."""


class MemoryFilter(Frozen):
    """Which items are listed, newest first. A field that is not set matches all."""

    place: MemoryPlace | None = None
    """Those that are seen there."""
    kinds: frozenset[MemoryKind] = frozenset(MemoryKind)
    statuses: frozenset[MemoryStatus] = frozenset({MemoryStatus.ACTIVE})
    source_run: str | None = None
    ending: str | None = None
    """The last characters of an id, in upper case."""
    limit: Annotated[int, Field(ge=1, le=100_000)] = 100
