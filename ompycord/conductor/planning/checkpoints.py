"""What people do between the rounds of a run: pause before the next one, go back to an earlier one.

A method returns when the fact is on disk. Refusals are `Refused`. Counterpart: `domain/transitions/checkpoints.py`.
"""

from collections.abc import Callable, Sequence

from ompycord.conductor.budgets import is_used_up
from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.snapshots import LoadedRun
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.folds.checkpoints import Checkpoint, checkpoints_of
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunHistory
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord, RunState
from ompycord.domain.transitions.checkpoints import has_next_round
from ompycord.errors import Refused

__all__ = ["Checkpoints", "checkpoint_words"]


class Checkpoints:
    """Pauses runs between rounds and puts them back."""

    def __init__(
        self, *, access: RunAccess, transitions: Transitions, history: RunHistory, wake: Callable[[], None]
    ) -> None:
        self._access = access
        self._transitions = transitions
        self._history = history
        self._wake = wake

    async def of(self, run: RunId) -> tuple[Checkpoint, ...]:
        """The results to which it can go back, oldest first."""
        return checkpoints_of(await self._history.events_of(run))

    async def pause(self, record: RunRecord, person: Person) -> Committed:
        """Have it wait before its next round; what runs now runs to its end."""
        require_hosted(record)
        self._access.require(person, "stop", record)
        if record.machine is None or not has_next_round(record.machine):
            raise Refused(RefusalCode.NO_NEXT_ROUND, run=short_id(record.id))
        return await self._move(record, ev.PauseRequested(by=person.name), "pause", person)

    async def roll_back(self, loaded: LoadedRun, number: int, person: Person) -> Committed:
        """Continue a suspended run from the result of a round."""
        record = loaded.record
        require_hosted(record)
        self._access.require(person, "resume", record)
        if record.state is not RunState.SUSPENDED:
            raise Refused(RefusalCode.NOT_SUSPENDED, run=short_id(record.id))
        if loaded.snapshot is not None and is_used_up(loaded.snapshot):
            raise Refused(RefusalCode.LIMIT_USED_UP, run=short_id(record.id))
        known = await self.of(loaded.run)
        if not known:
            raise Refused(RefusalCode.NOTHING_TO_GO_BACK_TO, run=short_id(record.id))
        to = next((one for one in known if one.round == number), None)
        if to is None:
            rounds = _listed(known)
            raise Refused(RefusalCode.NO_SUCH_ROUND, run=short_id(record.id), round=number, rounds=rounds)
        body = ev.RunRolledBack(by=person.name, round=to.round, commit=to.commit)
        return await self._move(record, body, "roll_back", person)

    async def _move(self, record: RunRecord, body: ev.EventBody, kind: str, person: Person) -> Committed:
        run = RunId(record.id)
        decision = self._access.decision(run, kind, str(record.version), "", person)
        committed, _ = await self._transitions.decide(
            run, body, kind=SourceKind.PERSON, decision=decision, must_move=True, known=record
        )
        self._wake()
        return committed


def checkpoint_words(one: Checkpoint) -> str:
    """`round 1: 2 files, unit failed`."""
    parts = (f"{one.files} file{'' if one.files == 1 else 's'}", *one.checks)
    return f"round {one.round}: {', '.join(parts)}"


def _listed(known: Sequence[Checkpoint]) -> str:
    return "; ".join(checkpoint_words(one) for one in known)
