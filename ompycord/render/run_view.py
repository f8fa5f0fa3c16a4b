"""A run as other programs see it, and the facts of its snapshot that people see in lists and on cards: declared once.

Counterparts are the views that show what is declared for them and name no fact: the card, the board, `/omp runs`,
`/omp show`, `ompycord runs` and `GET /api/runs`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.render.cards.headlines import status_of
from ompycord.render.cards.proposed import pull_request_words
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import cut

__all__ = ["GIVEN_OUT", "RUN_FACTS", "Place", "RunFact", "RunView", "facts_at", "shown_facts"]


_TITLE: Final = 100
_TITLE_SOURCE: Final = 1000
"""Characters of a task in which its title is looked for."""


class Place(StrEnum):
    """Where a fact of a run can be shown."""

    CARD = "card"
    BOARD = "board"
    """Also `/omp status` without a run."""
    LIST = "/omp runs"
    HEAD = "head of /omp show"
    TABLE = "ompycord runs"
    """Its list and its one run; also what PROGRAMS get, since it prints what the running process hands out."""
    PROGRAMS = "programs"
    """`GET /api/runs` and `ompycord runs --json`: the field of `RunView` that has the fact's name."""


GIVEN_OUT: Final = (Place.TABLE, Place.PROGRAMS)
"""Places that are shown a `RunView`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFact:
    """Something that a run's snapshot says, by its name."""

    name: str
    """Programs read it by this name: it never changes."""
    label: str
    """What people read before it on the card, and above it in the table."""
    of: Callable[[StatusSnapshot], str | float | tuple[str, ...] | None]
    """What it is; None or nothing where it is not known, which is shown nowhere."""
    text: Callable[[Any], str] = str
    """How people read a value that is known. It may hold text of agents: views sanitize what this returns."""
    places: frozenset[Place]

    def words(self, value: str | float | tuple[str, ...] | None) -> str:
        """What people read; empty where it is not known."""
        return "" if value is None or value in ("", ()) else self.text(value)


class RunView(Frozen):
    """A run as other programs see it."""

    id: str
    kind: RunKind
    name: str | None = None
    """What its sender calls it; None for a hosted run."""
    title: str | None = None
    """Its task in a few words."""
    state: RunState
    status: str | None = None
    """What people read on its card: `Waiting for Ada`."""
    repository: str | None = None
    agent: str | None = None
    pull_request: str | None = None
    """Its pull request and how that stands: `#3 merged`."""
    follows: str | None = None
    """The run with whose result it goes on, on the same branch."""
    followed_by: tuple[str, ...] = ()
    """The runs that go on with its result, the oldest first."""
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def of(cls, record: RunRecord, snapshot: StatusSnapshot | None = None) -> "RunView":
        """What of a run's row is theirs to know, and the facts of its snapshot where one is given."""
        of_row = cls(
            id=record.id,
            kind=record.kind,
            name=record.external_name,
            state=record.state,
            repository=record.repository,
            agent=record.agent,
            created_at=_time(record.created_at),
            updated_at=_time(record.updated_at),
            ended_at=None if record.ended_at is None else _time(record.ended_at),
        )
        if snapshot is None:
            return of_row
        return of_row.model_copy(update={fact.name: fact.of(snapshot) for fact in facts_at(*GIVEN_OUT)})


def _time(at: Millis) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _title(snapshot: StatusSnapshot) -> str:
    """At most 100 characters, on one line."""
    return cut(" ".join((snapshot.title or snapshot.prompt[:_TITLE_SOURCE]).split()), _TITLE)


RUN_FACTS: Final[tuple[RunFact, ...]] = (
    RunFact(name="status", label="Status", of=status_of, places=frozenset(GIVEN_OUT)),
    RunFact(name="title", label="Title", of=_title, places=frozenset(GIVEN_OUT)),
    RunFact(name="repository", label="Repository", of=lambda run: run.repository, places=frozenset({Place.HEAD})),
    RunFact(name="agent", label="Agent", of=lambda run: run.agent, places=frozenset({Place.HEAD})),
    RunFact(name="mode", label="Mode", of=lambda run: run.mode, text="mode {}".format, places=frozenset({Place.HEAD})),
    RunFact(name="branch", label="Branch", of=lambda run: run.branch, places=frozenset({Place.HEAD})),
    RunFact(
        name="pull_request",
        label="Pull request",
        of=pull_request_words,
        text="pull request {}".format,
        places=frozenset({Place.HEAD, Place.PROGRAMS}),
    ),
    RunFact(
        name="follows",
        label="Follows",
        of=lambda run: run.follows,
        text=lambda run: f"follows {short_id(run)}",
        places=frozenset({Place.HEAD, Place.PROGRAMS}),
    ),
    RunFact(
        name="followed_by",
        label="Followed by",
        of=lambda run: run.followed_by,
        text=lambda runs: f"followed by {', '.join(map(short_id, runs))}",
        places=frozenset({Place.HEAD, Place.PROGRAMS}),
    ),
    RunFact(
        name="requester",
        label="Asked by",
        of=lambda run: run.origin.requester_name,
        places=frozenset({Place.BOARD}),
    ),
)
"""Every such fact, in the order in which each place shows its own."""


def facts_at(*places: Place) -> tuple[RunFact, ...]:
    """The facts that are shown at one of these places at least."""
    return tuple(fact for fact in RUN_FACTS if not fact.places.isdisjoint(places))


def shown_facts(
    snapshot: StatusSnapshot, place: Place, sanitizer: Sanitizer, *, most: int = 60, labelled: bool = False
) -> Sequence[str]:
    """What a place shows of a run: a text that is safe to show for each known fact, of at most `most` characters."""
    texts = [(fact.label, sanitizer.line(fact.words(fact.of(snapshot)), most)) for fact in facts_at(place)]
    return [f"{label}: {text}" if labelled else text for label, text in texts if text]


_missing = {fact.name for fact in facts_at(*GIVEN_OUT)} - RunView.model_fields.keys()
if _missing:
    raise AssertionError(f"RunView has no field for {_missing}")
