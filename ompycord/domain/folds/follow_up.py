"""What a follow-up goes on with: the branch, the session and the words of the runs before it; pure.

Counterparts: `conductor/lineage.py`, which reads the runs of a chain, and the steps that prepare and start the agent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ompycord.domain.base import Frozen
from ompycord.domain.folds.snapshot import StatusSnapshot, Usage
from ompycord.domain.ids import RunId
from ompycord.domain.results import PrepareResult
from ompycord.domain.run import FINAL, RunRecord

__all__ = ["ChainRun", "EarlierResult", "Former", "KeptSession", "PastRun", "before", "former_of", "waits_for"]

_PAST: Final = 3
"""Runs of which the summary tells."""
_FILES: Final = 30
_PROMPT: Final = 2000
_WORDS: Final = 1000


class PastRun(Frozen):
    """A run before, as a new session of its agent is told of it."""

    prompt: str
    words: str
    """What its agent said last; empty where it said nothing."""
    files: tuple[str, ...]
    """Paths that it changed, as many as are told."""
    files_total: int


class EarlierResult(Frozen):
    """A run before with a result on the branch, as the pull request of all of them tells of it."""

    run: RunId
    prompt: str
    requester: str | None
    usage: Usage
    pull_request: int | None
    """Where it was proposed; None where it was not."""


class KeptSession(Frozen):
    """A session of an agent that may still be kept."""

    run: RunId
    """The run that had it last."""
    session: str


class Former(Frozen):
    """The runs before a follow-up."""

    run: RunId
    """The last of them."""
    branch: str | None = None
    """Where their result is; None where none of them has one."""
    commit: str | None = None
    """Where Ompycord left that branch."""
    first_base: str | None = None
    """The commit from which the first run on that branch started, or the later one of its base on which it was put."""
    sessions: tuple[KeptSession, ...] = ()
    """Newest first."""
    past: tuple[PastRun, ...] = ()
    """The last of them, in their order."""
    earlier: tuple[EarlierResult, ...] = ()
    """Those with a result, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRun:
    """A run of a chain, with what its log tells."""

    record: RunRecord
    snapshot: StatusSnapshot
    prepared: PrepareResult | None = None
    session: str | None = None


def former_of(before: Sequence[ChainRun]) -> Former | None:
    """What the ended runs before a follow-up left, of which the newest comes first; None where there is none.

    The branch is that of the newest run that has one: a run without changes leaves it as it was.
    """
    ended = [one for one in before if one.record.state in FINAL]
    if not ended:
        return None
    published = next((one for one in ended if one.snapshot.branch is not None), None)
    return Former(
        run=RunId(ended[0].record.id),
        branch=published.snapshot.branch if published is not None else None,
        commit=published.snapshot.commit if published is not None else None,
        first_base=_first_base(published) if published is not None else None,
        sessions=tuple(
            KeptSession(run=RunId(one.record.id), session=one.session) for one in ended if one.session is not None
        ),
        past=tuple(_past(one.snapshot) for one in reversed(ended[:_PAST])),
        earlier=tuple(_earlier(one) for one in reversed(ended) if one.snapshot.branch is not None),
    )


def _first_base(published: ChainRun) -> str | None:
    moved, prepared = published.snapshot.base_moved, published.prepared
    if moved is not None and moved.commit is not None:
        return moved.onto
    return (prepared.first_base or prepared.base) if prepared is not None else None


def _earlier(one: ChainRun) -> EarlierResult:
    opened = one.snapshot.pull_request
    return EarlierResult(
        run=RunId(one.record.id),
        prompt=one.snapshot.prompt or one.snapshot.title,
        requester=one.snapshot.origin.requester_name,
        usage=one.snapshot.usage,
        pull_request=opened.number if opened is not None else None,
    )


def _past(snapshot: StatusSnapshot) -> PastRun:
    return PastRun(
        prompt=snapshot.prompt[:_PROMPT],
        words=(snapshot.summary or snapshot.last_words or "")[:_WORDS],
        files=tuple(file.path for file in snapshot.files[:_FILES]),
        files_total=snapshot.files_total,
    )


def before(record: RunRecord, runs: Sequence[RunRecord]) -> list[RunRecord]:
    """The runs of its chain that were started before a run, newest first, out of `runs`, which have the newest first.

    They come in the order in which they were stored, which is strict; times and ids are not.
    """
    ids = [one.id for one in runs]
    older = runs[ids.index(record.id) + 1 :] if record.id in ids else runs
    return [one for one in older if one.first == record.first]


def waits_for(record: RunRecord, runs: Sequence[RunRecord]) -> RunRecord | None:
    """The run for which a queued follow-up waits: the newest open one before it, of all `runs`, newest first.

    One at a time works on a branch, and each goes on with the result of the one before.
    """
    if record.chain is None:
        return None
    return next((one for one in before(record, runs) if one.state not in FINAL), None)
