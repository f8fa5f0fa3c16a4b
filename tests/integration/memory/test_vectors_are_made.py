"""Vectors are made in the background, batch by batch, over kills and refusals; what answers meanwhile is whole."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from ompycord.domain.memory.items import FoundItem, MemoryFilter, MemoryPlace, MemoryQuery
from ompycord.domain.memory.options import EmbeddingOptions
from ompycord.domain.memory.vectors import EmbeddingCall
from ompycord.errors import EmbeddingFailed
from ompycord.memory.book import MemoryBook
from ompycord.memory.query import query_of
from ompycord.memory.vectors.filling import FIRST_S, PAUSE_S, VectorFiller
from ompycord.memory.vectors.meaning import REST_S, Meaning
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.store.test_store_memory import HERE, item, put
from tests.support.made_vectors import MadeVectors
from tests.support.new_store import new_store
from tests.support.patience import until

OPTIONS = EmbeddingOptions(provider="here", model="small", batch=4)
WORDS = ("discount", "rebate", "login", "session", "tax", "cart", "invoice", "parcel")
QUESTIONS = ("the discount of the cart", "sign the invoice", "cheaper parcel and tax", "login of the cart")


class ObservedClock(FakeClock):
    """Lets time pass once somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await super().sleep(seconds)

    async def slept(self, seconds: float) -> None:
        """Somebody waits for so long, and it is over."""
        await until(lambda: seconds in self.waits)
        self.waits.clear()
        self.advance(seconds)


class Crashed(BaseException):
    """The process was killed."""


class World:
    """A store with items, what fills it, and what asks it."""

    def __init__(self, store: SqliteStore, clock: ObservedClock, options: EmbeddingOptions | None = OPTIONS) -> None:
        self.store = store
        self.clock = clock
        self.made = MadeVectors()
        self.meaning = Meaning(rows=store.vectors, options=options, clock=clock, redact=str)
        self.meaning.use(self.made)
        self.filler = VectorFiller(rows=store.vectors, options=options, embedder=self.made, clock=clock, redact=str)

    async def remember(self, number: int = 20) -> None:
        await put(
            self.store,
            *(
                item(n, f"{WORDS[n % 8]} {WORDS[n * 3 % 8]} {n}", repository=("shop", "api")[n % 2])
                for n in range(number)
            ),
        )

    async def states(self) -> list[tuple[int, int, bool]]:
        """Of each space: numbers, vectors, whether it answers."""
        return [
            (one.space.dim, one.vectors, one.space.whole_at is not None) for one in await self.store.vectors.fills()
        ]

    async def near(self, text: str) -> Sequence[FoundItem]:
        query = MemoryQuery(place=HERE, match=query_of(text).match, now=5000)
        return await self.meaning.near(query, text, await self.store.memory.search(query))

    async def found(self, text: str, meaning: Meaning | None) -> list[str]:
        book = MemoryBook(
            rows=self.store.memory, runs=self.store, audit=self.store, clock=self.clock, ids=SequentialIds(),
            redact=str, meaning=meaning,
        )  # fmt: skip
        return [one.item.title for one in await book.search(HERE, text, limit=5)]

    async def top_fives(self) -> list[list[str]]:
        return [await self.found(text, self.meaning) for text in QUESTIONS]

    def texts(self) -> list[str]:
        return [text for call in self.made.calls for text in call.texts]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ompycord.db"


@pytest.fixture
async def world(path: Path) -> AsyncGenerator[World]:
    clock = ObservedClock()
    async with new_store(path, clock=clock, ids=SequentialIds(clock)) as store:
        yield World(store, clock)


async def test_batches_are_bounded_and_each_is_paid_by_one_repository(world: World) -> None:
    await world.remember()
    await world.filler.fill()
    assert await world.states() == [(64, 20, True)]
    assert sorted(world.texts()) == sorted(one.item.title for one in await world.store.memory.items(MemoryFilter()))
    assert max(len(call.texts) for call in world.made.calls) <= 4
    assert {(call.guild, call.repository) for call in world.made.calls} == {("1", "shop"), ("1", "api")}


async def test_a_process_that_is_killed_between_batches_goes_on_where_it_was(path: Path) -> None:
    clock = ObservedClock()
    async with new_store(path, clock=clock, ids=SequentialIds(clock)) as store:
        first = World(store, clock)
        await first.remember()

        def killed(call: EmbeddingCall) -> None:
            if len(first.made.calls) == 3:
                raise Crashed

        first.made.answer = killed
        with pytest.raises(Crashed):
            await first.filler.fill()
        assert await first.states() == [(64, 8, False)]
        assert await first.near("the discount of the cart") == (), "a space that is not whole does not answer"
    async with new_store(path, clock=clock, ids=SequentialIds(clock)) as store:
        second = World(store, clock)
        await second.filler.fill()
        assert await second.states() == [(64, 20, True)]
        assert len(second.texts()) == 12
        assert not {*second.texts()} & {text for call in first.made.calls[:2] for text in call.texts}


async def test_a_model_that_changes_its_length_in_the_middle_is_never_mixed(world: World) -> None:
    await world.remember()

    def grows(call: EmbeddingCall) -> None:
        world.made.dim = 64 if len(world.made.calls) < 3 else 96

    world.made.answer = grows
    await world.filler.fill()
    assert world.filler.fault == "small answers vectors of several lengths in turn: use another."
    await world.filler.fill()
    assert world.filler.fault is None
    assert await world.states() == [(96, 20, True)]


async def test_what_answers_another_length_than_is_stored_leaves_words_alone_until_all_is_made_again(
    world: World,
) -> None:
    await world.remember()
    await world.filler.fill()
    plain = [await world.found(text, None) for text in QUESTIONS]
    world.made.dim = 96
    assert await world.top_fives() == plain
    assert "made again in the background" in (world.meaning.fault or "")
    await put(world.store, item(50, "a new item brings the other length to light"))
    await world.filler.fill()
    assert await world.states() == [(96, 21, True)]
    world.clock.advance(REST_S)
    assert await world.near("the discount of the cart")
    assert world.meaning.fault is None


async def test_another_model_is_filled_beside_the_old_one_which_answers_until_then(path: Path) -> None:
    clock = ObservedClock()
    async with new_store(path, clock=clock, ids=SequentialIds(clock)) as store:
        before = World(store, clock)
        await before.remember()
        await before.filler.fill()
        after = World(store, clock, OPTIONS.model_copy(update={"model": "large"}))

        def stops(call: EmbeddingCall) -> None:
            if call.model == "large" and len(after.made.calls) == 4:
                raise EmbeddingFailed("It does not answer for now.")

        after.made.answer = stops
        await after.filler.fill()
        assert await after.states() == [(64, 20, True), (64, 10, False)]
        assert await after.near("the discount of the cart")
        assert after.made.calls[-1].model == "small"
        await after.filler.fill()
        assert await after.states() == [(64, 20, True)]
        await after.near("another question about the tax")
        assert after.made.calls[-1].model == "large"


async def test_vectors_made_again_give_the_same_top_five_and_answer_all_the_while(world: World) -> None:
    await world.remember(40)
    await world.filler.fill()
    before = await world.top_fives()
    assert before != [await world.found(text, None) for text in QUESTIONS], "vectors count here"
    (whole,) = await world.store.vectors.fills()
    await world.store.vectors.next_version(whole.space, at=2)
    assert await world.top_fives() == before
    await world.filler.fill()
    (again,) = await world.store.vectors.fills()
    assert (again.space.version, again.vectors) == (2, 40)
    assert await world.top_fives() == before


async def test_one_text_that_is_refused_does_not_keep_the_others_from_their_vectors(world: World) -> None:
    await world.remember()

    def picky(call: EmbeddingCall) -> None:
        if any("13" in text for text in call.texts):
            raise EmbeddingFailed("here answered 400.", is_input=True)

    world.made.answer = picky
    await world.filler.fill()
    assert await world.states() == [(64, 19, True)]
    assert world.filler.fault is None
    asked = len(world.made.calls)
    await world.filler.fill()
    assert len(world.made.calls) == asked, "it is left out for a day"
    world.clock.advance(24 * 3600)
    world.made.answer = lambda call: None
    await world.filler.fill()
    assert await world.states() == [(64, 20, True)]


async def test_an_address_that_is_down_is_asked_less_and_less_and_answers_stay_those_of_words(world: World) -> None:
    await world.remember()
    await world.filler.fill()
    plain = [await world.found(text, None) for text in QUESTIONS]
    world.made.down()
    assert await world.top_fives() == plain
    assert world.meaning.fault == "The address could not be reached."
    asked = len(world.made.calls)
    assert await world.near("one more question of the cart") == ()
    assert len(world.made.calls) == asked, "nobody waits for it again at once"
    world.clock.advance(REST_S)
    world.made.answer = lambda call: None
    assert await world.near("one more question of the cart")
    assert world.meaning.fault is None


async def test_where_nothing_is_configured_nothing_is_asked_and_every_answer_is_that_of_words(path: Path) -> None:
    clock = ObservedClock()
    async with new_store(path, clock=clock, ids=SequentialIds(clock)) as store:
        on, off = World(store, clock), World(store, clock, None)
        await on.remember(40)
        await on.filler.fill()
        await off.filler.run()
        assert await off.top_fives() == [await off.found(text, None) for text in QUESTIONS]
        assert off.made.calls == []


async def test_nothing_that_words_do_not_find_is_found_by_nearness_alone(world: World) -> None:
    await put(world.store, item(1, "rebate"), item(2, "parcels"))
    await world.filler.fill()
    asked = len(world.made.calls)
    assert await world.found("cheaper", world.meaning) == []
    assert await world.found("", world.meaning) == []
    assert len(world.made.calls) == asked
    assert await world.found("parcel cheaper", world.meaning) == ["parcels", "rebate"]


async def test_a_question_asked_twice_is_sent_once_and_no_other_server_sees_what_is_near(world: World) -> None:
    await world.remember()
    await world.filler.fill()
    await world.near("the discount of the cart")
    asked = len(world.made.calls)
    assert await world.near("the discount of the cart")
    assert len(world.made.calls) == asked
    elsewhere = MemoryQuery(place=MemoryPlace(guild="2", repository="shop"), match='"cart"', now=5000)
    assert await world.meaning.near(elsewhere, "the discount of the cart", ()) == []


async def test_the_service_looks_again_by_itself_and_at_once_when_it_is_woken(world: World) -> None:
    await world.remember(4)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(world.filler.run())
        await world.clock.slept(FIRST_S)
        await until(lambda: len(world.made.calls) == 2)
        await put(world.store, item(60, "late one"))
        world.filler.wake()
        await until(lambda: len(world.made.calls) == 3)
        await put(world.store, item(61, "later one"))
        await world.clock.slept(PAUSE_S)
        await until(lambda: len(world.made.calls) == 4)
        task.cancel()
