"""A crash at any write of a question's or an approval's life.

What was asked is asked once, what was decided holds, nothing is lost.

The first process dies at a transaction that the dice choose, before it or after it; every later one begins where the
database stands.
"""

import asyncio
import random
import sys
from collections.abc import Sequence

import pytest

from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.catalog import Limits
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentInput
from ompycord.domain.records import Committed, OutboxKind
from ompycord.errors import Refused
from tests.integration.conductor.conftest import ADA, AP, CATALOG, PATIENCE_S, AppHarness
from tests.support.dying_store import dying_store
from tests.support.patience import within

LIFE = 30
"""More transactions than a life without a crash has (26, counted): every one of them may be the last."""
ROUNDS = 100
ONE_AT_A_TIME = CATALOG.model_copy(update={"limits": Limits(open_per_person=1)})
"""So that a task that is handed in again is known for what it is: another one would be refused."""
QUESTION, APPROVAL = "question", "approval"


class Life:
    """One run whose agent asks one thing, and all that anybody was told of it, over as many processes as it takes."""

    def __init__(self, harness: AppHarness, kind: str, dice: random.Random) -> None:
        self.kind = kind
        self.draft = harness.ids.ulid()
        self.told: list[tuple[str, Person, Committed]] = []
        """What people were answered: about which question, who, what."""
        self.heard: list[AgentInput] = []
        """By the agent of the latest process."""
        self._renames = dice.random() < 0.5
        self._starts = 0

    async def live(self, harness: AppHarness) -> None:
        """From wherever it stands to its end: hand the task in, let two people click at once, let the agent hear it."""
        self._starts += 1
        self.heard = []
        harness.agent.script = (self._asks(f"id-{self._starts}" if self._renames else "a1"),)
        harness.agent.hold()
        run = RunId((await harness.submit(ADA, draft=self.draft)).id)
        async with within(PATIENCE_S):
            while not (snapshot := await harness.until(run, lambda _: True)).is_final:
                for ref in self._open(snapshot):
                    await self._two_click(harness, run, ref)
                await self._let_hear(harness)

    def _asks(self, ref: str) -> ev.EventBody:
        if self.kind == QUESTION:
            return ev.QuestionAsked(question=ref, text="Which?", options=("Ada's", "Ap's"))
        return ev.ApprovalRequested(approval=ref, title="Run a command", command="make check")

    def _open(self, snapshot: StatusSnapshot) -> list[str]:
        open_ones = snapshot.open_questions if self.kind == QUESTION else snapshot.open_approvals
        return [one.ref for one in open_ones]

    async def _two_click(self, harness: AppHarness, run: RunId, ref: str) -> None:
        async with asyncio.TaskGroup() as group:
            for person in (ADA, AP):
                group.create_task(self._click(harness, run, ref, person))

    async def _click(self, harness: AppHarness, run: RunId, ref: str, person: Person) -> None:
        try:
            if self.kind == QUESTION:
                committed = await harness.areas.approvals.answer(
                    await harness.areas.load(run), ref, f"{person.name}'s", person
                )
            else:
                committed = await harness.areas.approvals.approve(await harness.areas.load(run), ref, person)
        except Refused:  # nobody waits for it any more: nothing was decided, and that was said
            return
        self.told.append((ref, person, committed))

    async def _let_hear(self, harness: AppHarness) -> None:
        """Once the agent heard what was decided, it ends."""
        try:
            async with asyncio.timeout(0.05):
                self.heard.append(await harness.agent.received.get())
        except TimeoutError:
            return
        harness.agent.release()

    async def judge(self, harness: AppHarness) -> None:
        """What the log, the outbox, the people and the agent have of it agree."""
        run = RunId(self.draft)
        log = [one.body for one in await harness.store.events_of(run)]
        decided = {ref: by for ref, by in map(self._decision, log) if ref}
        snapshot = await harness.until(run, lambda seen: seen.is_final)
        asked = [one.ref for one in (snapshot.questions if self.kind == QUESTION else snapshot.approvals)]
        messages = [
            row
            for row in await harness.store.outbox(limit=100_000)
            if row.kind is OutboxKind.QUESTION and row.run == run
        ]
        assert len(messages) == len(asked) == len(set(asked)), "asked once each"
        again = [at for at, body in enumerate(log) if isinstance(body, ev.QuestionAsked | ev.ApprovalRequested)][1:]
        assert len(again) == len(asked) - 1 <= (0 if self.kind == QUESTION else 1), "an answer holds for the run"
        for at in again:
            assert f"{self.kind[0]}:{asked[0]}" in self._taken(log[:at]), "again only where it was used"
        fresh = [ref for ref, _, committed in self.told if committed.fresh]
        assert len(fresh) == len(set(fresh)), "one effect"
        for ref, person, committed in self.told:
            assert decided[ref] == (person.name if committed.earlier is None else committed.earlier.by_name)
            assert committed.fresh is (committed.earlier is None)
        for said in self.heard:
            assert isinstance(said, ev.QuestionAnswered | ev.ApprovalGranted)
            assert said.by == decided[asked[-1]]
            assert f"{self.kind[0]}:{asked[-1]}" in self._taken(log), "what the agent has is noted down as taken"
        assert len(self.heard) <= 1

    @staticmethod
    def _taken(log: Sequence[ev.EventBody]) -> set[str]:
        return {name for body in log if isinstance(body, ev.InboxTaken) for name in body.said}

    def _decision(self, body: ev.EventBody) -> tuple[str | None, str | None]:
        match body:
            case ev.QuestionAnswered():
                return body.question, body.by
            case ev.ApprovalGranted():
                return body.approval, body.by
            case _:
                return None, None


async def a_life(harness: AppHarness, kind: str, seed: int) -> bool:
    """Whether its first process died on the way."""
    dice = random.Random(seed)
    at, after = dice.randrange(1, LIFE), dice.random() < 0.5
    database = harness.folder / "ompycord.db"
    async with dying_store(database, clock=harness.clock, ids=harness.ids, at=at, after=after) as (store, death):
        first = AppHarness(store, harness.folder, harness.clock, ONE_AT_A_TIME)
        life = Life(harness, kind, dice)
        async with first.running(), asyncio.TaskGroup() as group:
            living = group.create_task(life.live(first))
            dying = group.create_task(death.came.wait())
            await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
            living.cancel()
            dying.cancel()
    later = first.restart_over(harness.store)
    async with later.running():
        await life.live(later)
        await life.judge(later)
    return death.came.is_set()


@pytest.mark.parametrize("kind", [QUESTION, APPROVAL])
async def test_a_crash_at_any_write_loses_nothing_and_asks_nobody_twice(harness: AppHarness, kind: str) -> None:
    died = [await a_life(harness, kind, seed) for seed in range(12)]
    assert sum(died) > len(died) / 2


@pytest.mark.soak
@pytest.mark.parametrize("kind", [QUESTION, APPROVAL])
async def test_a_hundred_crashes_lose_nothing_and_ask_nobody_twice(harness: AppHarness, kind: str) -> None:
    died = [await a_life(harness, kind, seed) for seed in range(1000, 1000 + ROUNDS)]
    sys.stdout.write(f"{kind}: {len(died)} rounds, {sum(died)} crashes\n")
    assert sum(died) > ROUNDS / 2


async def both_click(harness: AppHarness, kind: str, rounds: int) -> None:
    async with harness.running():
        for number in range(rounds):
            life = Life(harness, kind, random.Random(number))
            await life.live(harness)
            harness.agent.release()
            await life.judge(harness)
            effects = [committed.fresh for _, _, committed in life.told]
            assert len(effects) >= 2  # more where they clicked again before the message changed
            assert sum(effects) == 1


@pytest.mark.parametrize("kind", [QUESTION, APPROVAL])
async def test_of_two_who_click_at_once_one_has_an_effect_and_the_other_is_told_who(
    harness: AppHarness, kind: str
) -> None:
    await both_click(harness, kind, 5)


@pytest.mark.soak
@pytest.mark.parametrize("kind", [QUESTION, APPROVAL])
async def test_fifty_times_two_who_click_at_once_have_one_effect(harness: AppHarness, kind: str) -> None:
    await both_click(harness, kind, 50)
