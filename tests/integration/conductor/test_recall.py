"""What a run's agent is given of earlier work: what fits, once, the same at each start, nothing of its own."""

import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ompycord.app.remembering import backend
from ompycord.app.wiring.memory import recaller_of
from ompycord.domain.access import Person
from ompycord.domain.events import MemoryRecalled
from ompycord.domain.ids import RunId
from ompycord.domain.memory.backend import BackendItem, BackendQuery, BackendSpec
from ompycord.domain.memory.items import MemoryKind, MemoryPlace, NewMemory
from ompycord.domain.memory.options import MemoryOptions
from ompycord.domain.run import RunState
from ompycord.memory.book import MemoryBook
from ompycord.memory.recall import is_withheld
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.app_harness import AGENT_SECRET

SHOP = MemoryPlace(guild="1", repository="shop", channel="2")
ALL = MemoryOptions(hold_out=0.0)


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(store, tmp_path, FakeClock(), memory=ALL)


def book(harness: AppHarness) -> MemoryBook:
    return MemoryBook(
        rows=harness.store.memory,
        runs=harness.store,
        audit=harness.store,
        clock=harness.infrastructure.clock,
        ids=harness.ids,
        redact=harness.infrastructure.redact,
    )


async def keep(
    harness: AppHarness, title: str, body: str = "", place: MemoryPlace = SHOP, person: Person = ADA, **changes: object
) -> str:
    new = NewMemory.model_validate({"kind": MemoryKind.LESSON, "title": title, "body": body, **changes})
    where = place.model_copy(update={"channel": None})
    return (await book(harness).keep(where, new, person)).item.id


async def ran(harness: AppHarness, prompt: str, **changes: str) -> tuple[str, list[MemoryRecalled]]:
    """The prompt that the agent of a run got, and what was recorded of its recall."""
    record = await harness.submit(ADA, None, prompt=prompt, **changes)
    await harness.ended(record.id)
    events = await harness.store.events_of(RunId(record.id))
    return harness.agent.jobs[-1].prompt, [one.body for one in events if isinstance(one.body, MemoryRecalled)]


async def test_what_fits_reaches_the_agent_as_background_and_stands_on_the_card(harness: AppHarness) -> None:
    fits = await keep(harness, "Discount before tax", "The cart rounds twice otherwise.")
    await keep(harness, "Unrelated words about deployment of servers")
    async with harness.running():
        record = await harness.submit(prompt="Fix the discount of the cart: the tax is wrong")
        snapshot = await harness.ended(record.id)
    prompt = harness.agent.jobs[-1].prompt
    assert prompt.startswith("Fix the discount of the cart")
    assert prompt.count("Discount before tax") == 1
    assert "Unrelated" not in prompt
    assert re.search(r"<background (\S{16})>\n\|[^<]*\n</background \1>", prompt)
    assert snapshot.recalled is not None
    assert [(one.item, one.why) for one in snapshot.recalled.items] == [(fits, "same repository")]
    (row,) = (await harness.store.memory.by_id([fits])).values()
    assert row.counts.injected == 1


@pytest.mark.parametrize("prompt", ["Fix", "Please fix the discount", "Do something else entirely with colours"])
async def test_where_too_little_is_known_nothing_is_recalled_or_recorded(harness: AppHarness, prompt: str) -> None:
    await keep(harness, "Fix discount", "before tax")
    async with harness.running():
        text, recorded = await ran(harness, prompt)
    if "discount" not in prompt:
        assert recorded == []
        assert "background" not in text


async def test_nothing_of_another_server_repository_or_of_proposals_and_drops_is_recalled(harness: AppHarness) -> None:
    words = "Discount before tax in the cart"
    await keep(harness, f"{words} A", place=MemoryPlace(guild="2", repository="shop"))
    await keep(harness, f"{words} B", place=MemoryPlace(guild="1", repository="shop-api"))
    await keep(harness, f"{words} C", place=MemoryPlace(guild="", repository="shop"))
    dropped = await keep(harness, f"{words} D")
    await book(harness).decide(SHOP, dropped, ADA, active=False)
    async with harness.running():
        other = await harness.submit(prompt="Something about nothing", repository="shop")
        await harness.ended(other.id)
        lesson = NewMemory(kind=MemoryKind.LESSON, title=f"{words} E")
        await harness.parts.areas.lessons.propose(RunId(other.id), lesson)
        text, recorded = await ran(harness, "Fix the discount and the tax of the cart")
    assert recorded == []
    assert words not in text


async def test_a_run_never_gets_what_it_proposed_itself(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit(prompt="Round the discount before the tax")
        await harness.in_state(record.id, RunState.BUILDING)
        lesson = NewMemory(kind=MemoryKind.LESSON, title="The discount is rounded before the tax")
        kept = await harness.parts.areas.lessons.propose(RunId(record.id), lesson)
        await book(harness).decide(SHOP, kept.item.id, ADA, active=True)
        recaller = recaller_of(harness.infrastructure)

        async def no_paths() -> None:
            return None

        task = "Round the discount before the tax"
        own = await recaller.recall(RunId(record.id), task, before=None, paths=no_paths)
        assert (own.facts, own.text) == (None, ())
        harness.agent.release()
        await harness.ended(record.id)
        text, (recorded,) = await ran(harness, task)
    assert [one.item for one in recorded.items] == [kept.item.id]
    assert "The discount is rounded" in text


async def test_a_start_after_a_crash_gets_the_same_without_what_was_dropped_since(harness: AppHarness) -> None:
    first = await keep(harness, "Discount before tax")
    second = await keep(harness, "The cart keeps the tax of each discount")
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit(prompt="Fix discount and tax of the cart")
        await harness.began()
    before = harness.agent.jobs[-1].prompt
    assert "Discount before tax" in before
    assert "The cart keeps" in before
    await book(harness).decide(SHOP, first, ADA, active=False)
    await keep(harness, "Shipping came later: its currency, weight, zone and insurance beside discount and tax")
    again = harness.restart()
    async with again.running():
        snapshot = await again.ended(record.id)
    after = again.agent.jobs[-1].prompt
    assert "Discount before tax" not in after
    assert "The cart keeps" in after
    assert "came later" not in after
    assert snapshot.recalled is not None
    assert {one.item for one in snapshot.recalled.items} == {first, second}


async def test_a_run_that_is_withheld_gets_nothing_and_says_what_it_would_have_got(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), memory=MemoryOptions(hold_out=0.5))
    item = await keep(harness, "Discount before tax in the cart")
    seen: set[bool] = set()
    async with harness.running():
        while seen != {True, False}:
            record = await harness.submit(prompt="Fix discount and tax of the cart")
            snapshot = await harness.ended(record.id)
            assert snapshot.recalled is not None
            assert [one.item for one in snapshot.recalled.items] == [item]
            held = snapshot.recalled.withheld
            assert held is is_withheld(RunId(record.id), 0.5)
            assert ("Discount before tax" in harness.agent.jobs[-1].prompt) is not held
            seen.add(held)


async def test_recall_is_switched_off(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), memory=MemoryOptions(recall=False))
    await keep(harness, "Discount before tax in the cart")
    async with harness.running():
        text, recorded = await ran(harness, "Fix discount and tax of the cart")
    assert recorded == []
    assert "background" not in text


async def test_a_lesson_about_a_file_that_is_gone_is_marked(harness: AppHarness) -> None:
    await keep(harness, "Discount tax cart: gone", paths=("src/gone.py",))
    await keep(harness, "Discount tax cart: no file named here at all")
    async with harness.running():
        text, (recorded,) = await ran(harness, "Fix discount and tax of the cart")
    assert [one.stale for one in recorded.items] == [False, True]
    assert text.index("no file named") < text.index("file gone: it may not hold any more")


async def test_secrets_are_not_stored(harness: AppHarness) -> None:
    item = await keep(harness, f"The key {AGENT_SECRET} opens it", f"Use {AGENT_SECRET}\u200b here")
    (row,) = (await harness.store.memory.by_id([item])).values()
    assert AGENT_SECRET not in f"{row.item.title} {row.item.body}"
    assert "[redacted]" in row.item.title


class Elsewhere:
    """A memory of another package, which finds what it is told to find."""

    def __init__(self, options: BackendSpec) -> None:
        self.options = options
        self.items: dict[str, BackendItem] = {}
        self.queries: list[BackendQuery] = []

    async def candidates(self, query: BackendQuery) -> list[str]:
        self.queries.append(query)
        return [name for name, one in self.items.items() if "tax" in one.title]

    async def known(self) -> dict[str, str]:
        return {name: one.stamp for name, one in self.items.items()}

    async def put(self, items: Sequence[BackendItem]) -> None:
        self.items |= {one.id: one for one in items}

    async def remove(self, ids: Sequence[str]) -> None:
        self.items = {name: one for name, one in self.items.items() if name not in ids}

    async def close(self) -> None:
        """It has nothing to close."""


async def test_the_memory_of_another_package_finds_what_an_agent_is_given(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Elsewhere] = []

    def make(options: BackendSpec) -> Elsewhere:
        made.append(Elsewhere(options))
        return made[0]

    kind: Any = SimpleNamespace(get=lambda name: SimpleNamespace(backend=make))  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr(backend, "MEMORY_BACKENDS", kind)
    spec = MemoryOptions(hold_out=0.0, backend=BackendSpec(kind="elsewhere"))
    harness = AppHarness(store, tmp_path, FakeClock(), memory=spec)
    fits = await keep(harness, "Discount before tax", "The cart rounds twice otherwise.")
    await keep(harness, "The cart has a discount for members")
    assert harness.infrastructure.backed is not None
    assert await harness.infrastructure.backed.keep()
    prompt = "Fix the discount of the cart: the tax is wrong"
    async with harness.running():
        text, (recorded,) = await ran(harness, prompt)
    assert ([one.item for one in recorded.items], "Discount before tax" in text) == ([fits], True)
    (query,) = {one.text: one for one in made[0].queries}.values()
    assert (query.guild, query.repository, query.text) == (
        "1",
        "shop",
        "Fix the discount of the cart: the tax is wrong",
    )
    await harness.infrastructure.backed.close()
