"""A memory of another package finds candidates, our rows decide, and it forgets what they have not any more."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from ompycord.app.plugins.memory_rules import judge_memory
from ompycord.app.plugins.template import project_files
from ompycord.app.remembering import backend as backend_of_settings
from ompycord.app.remembering.backed_search import REST_S, BackedSearch
from ompycord.app.remembering.backend import backed_search, forgetting
from ompycord.domain.memory.backend import BackendItem, BackendQuery, BackendSpec
from ompycord.domain.memory.items import MemoryItem, MemoryPlace, MemoryQuery, MemoryStatus
from ompycord.entry_points import Registry
from ompycord.errors import ConfigurationError
from ompycord.memory.backends.kind import MemoryBackendKind
from ompycord.memory.book import MemoryBook, terms_of
from ompycord.memory.erasure import erase_from_memory
from ompycord.memory.query import query_of
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, SequentialIds
from tests.support.new_store import new_store
from tests.support.patience import until, within

HERE = MemoryPlace(guild="1", repository="shop", channel="7")
ADA = "111111111111111111"


@cache
def template() -> ModuleType:
    made = ModuleType("ompycord_box")
    exec(compile(project_files("memory", "box")["ompycord_box.py"], "box", "exec"), made.__dict__)  # our text
    return made


if TYPE_CHECKING:

    class Box:
        """What the template writes, as far as it is changed here."""

        def __init__(self, options: Any) -> None: ...
        async def candidates(self, query: BackendQuery) -> Sequence[str]: ...
        async def known(self) -> Mapping[str, str]: ...
        async def put(self, items: Sequence[BackendItem]) -> None: ...
        async def remove(self, ids: Sequence[str]) -> None: ...
else:
    Box = template().BoxMemory


class _FindsAll(Box):
    """Whatever it has, of whatever place."""

    async def candidates(self, query: BackendQuery) -> Sequence[str]:
        return [*await self.known()]


class _Remembers(Box):
    """Keeps what it is to forget."""

    async def remove(self, ids: Sequence[str]) -> None:
        """Nothing is done."""


class _KeepsOld(Box):
    async def put(self, items: Sequence[BackendItem]) -> None:
        known = await self.known()
        await super().put([one for one in items if one.id not in known])


class _FindsNothing(Box):
    async def candidates(self, query: BackendQuery) -> Sequence[str]:
        return []


class _AnswersAText(Box):
    async def candidates(self, query: BackendQuery) -> Any:
        return "X1"


class _Raises(Box):
    async def candidates(self, query: BackendQuery) -> Sequence[str]:
        raise SystemExit(3)


class _Never(Box):
    async def candidates(self, query: BackendQuery) -> Sequence[str]:
        await asyncio.Event().wait()
        return []


async def test_the_one_of_the_template_keeps_every_rule() -> None:
    assert [one for one in await judge_memory(template().MEMORY) if not one.kept] == []


@pytest.mark.parametrize(
    ("backend", "rule"),
    [
        (_FindsAll, "answers of the place that asks alone"),
        (_FindsAll, "finds what it was given and no more than is wanted"),
        (_FindsNothing, "finds what it was given and no more than is wanted"),
        (_AnswersAText, "takes any words"),
        (_Remembers, "forgets what is removed also when it is made again"),
        (_KeepsOld, "knows what it was given by its stamps"),
    ],
)
async def test_one_that_breaks_a_rule_is_told_which(backend: Any, rule: str) -> None:
    kind: MemoryBackendKind[Any] = dataclasses.replace(template().MEMORY, backend=backend)
    assert rule in [one.rule for one in await judge_memory(kind) if not one.kept]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    async with new_store(tmp_path / "m.db", clock=FakeClock(), ids=SequentialIds()) as opened:
        yield opened


class World:
    """Rows, and a memory over them."""

    def __init__(self, store: SqliteStore, folder: Path, backend: Any = Box) -> None:
        self.store, self.clock, self.ids = store, FakeClock(), SequentialIds()
        self.spec: BackendSpec = template().BoxOptions(file=folder / "items.json")
        self.backend = backend(self.spec)
        self.search = BackedSearch(
            rows=store.memory, backend=self.backend, spec=self.spec, clock=self.clock,
            redact=lambda text: text.replace("s3cret", "[redacted]"),
        )  # fmt: skip

    async def add(self, title: str, **more: Any) -> str:
        fields = {"guild": "1", "repository": "shop", "status": "active", "id": self.ids.ulid(), "title": title, **more}
        item = MemoryItem.model_validate({"kind": "lesson", "origin": "person", "created_at": 1, **fields})
        await self.store.memory.add([(item, terms_of(item))])
        return item.id

    async def found(self, text: str = "How does the till round cents?", **more: Any) -> list[str]:
        wanted: dict[str, Any] = {
            "place": HERE,
            "match": query_of(text).match,
            "now": self.clock.now_ms() + 2000,
            "text": text,
            **more,
        }
        return [one.item.title for one in await self.search.search(MemoryQuery(**wanted))]


async def test_it_is_given_what_is_active_and_its_candidates_are_found_by_their_rows(
    store: SqliteStore, tmp_path: Path
) -> None:
    world = World(store, tmp_path)
    half = await world.add("The till rounds half up")
    await world.add("The till is s3cret", author=ADA, author_name="Ada")
    await world.add("The till is proposed", status="proposed")
    await world.add("The till was so", expires_at=1)
    assert await world.search.keep()
    given = (tmp_path / "items.json").read_text()
    assert [word in given for word in ("half up", "[redacted]", "s3cret", "Ada", "proposed", "was so")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
    assert set(await world.found()) == {"The till rounds half up", "The till is s3cret"}
    found = (await store.memory.by_id([half]))[half].item
    await store.memory.rewrite(
        found.model_copy(update={"status": MemoryStatus.RETIRED}), "", expect=MemoryStatus.ACTIVE
    )
    assert await world.found() == ["The till is s3cret"], "before it is told"
    assert await world.search.keep()
    assert half not in await world.backend.known()
    await world.search.close()


async def test_one_that_answers_of_everywhere_leaks_nothing(store: SqliteStore, tmp_path: Path) -> None:
    world = World(store, tmp_path, _FindsAll)
    await world.add("Here")
    await world.add("Of the server", repository=None)
    run = "01JAB3C4D5E6F7G8H9JKMNPQRS"
    others: list[dict[str, Any]] = [
        {"guild": "2"}, {"repository": "other"}, {"channel": "8"}, {"source_run": run},
        {"expires_at": world.clock.now_ms() + 1000},
    ]  # fmt: skip
    for number, other in enumerate(others):
        await world.add(f"Other {number}", **other)
    assert await world.search.keep()
    assert len(await world.backend.known()) == 7, "what expires was not yet"
    assert set(await world.found("x y", without_run=run)) == {"Here", "Of the server"}
    await world.search.close()


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        (_Raises, "box raised SystemExit"),
        (_AnswersAText, "box answered str instead of ids"),
        (_Never, "box did not answer within 2 s"),
    ],
)
async def test_where_no_answer_comes_our_own_search_decides_and_health_names_why(
    backend: Any, why: str, store: SqliteStore, tmp_path: Path
) -> None:
    world = World(store, tmp_path, backend)
    await world.add("The till rounds half up")
    async with within(10), asyncio.TaskGroup() as group:
        searching = group.create_task(world.found())

        def is_done() -> bool:
            world.clock.advance(world.spec.timeout_s)
            return searching.done()

        await until(is_done)
    assert searching.result() == ["The till rounds half up"]
    line = world.search.line()
    assert (line.is_ok, line.text) == (False, f"{why}. Ompycord's own search answers where it does not")
    world.backend.candidates = Box(world.spec).candidates
    assert await world.found() == ["The till rounds half up"]
    assert not world.search.line().is_ok, "it rests"
    world.clock.advance(REST_S)
    await until(lambda: _is_answered(world))
    await world.search.close()


async def _is_answered(world: World) -> bool:
    """The memory was given nothing, so its own answer is empty."""
    world.clock.advance(REST_S)
    return await world.found() == [] and world.search.line().is_ok


async def test_an_erased_person_is_forgotten_there_or_the_erasure_says_that_it_is_not(
    store: SqliteStore, tmp_path: Path
) -> None:
    world = World(store, tmp_path)
    words = await world.add("The till rounds half up", author=ADA, author_name="Ada")
    other = await world.add("Ask Ada about the till")
    assert await world.search.keep()
    await erase_from_memory(store.erasure, store.compact, ADA, "Ada")
    assert await forgetting(world.search) == ()
    assert [*await world.backend.known()] == [other]
    assert "Ada" not in (tmp_path / "items.json").read_text()
    assert words not in (tmp_path / "items.json").read_text()
    (tmp_path / "items.json").write_text("broken")
    assert await forgetting(world.search) == (
        "The memory backend raised JSONDecodeError. It is told to forget again each minute, until it does.",
    )
    assert not world.search.line().is_ok
    await world.search.close()
    assert await forgetting(None) == ()


async def test_a_search_of_people_asks_it_and_the_look_for_repetitions_does_not(
    store: SqliteStore, tmp_path: Path
) -> None:
    world = World(store, tmp_path)
    await world.add("The till rounds half up")
    book = MemoryBook(
        rows=store.memory, runs=store, audit=store, clock=world.clock, ids=world.ids, redact=str, search=world.search
    )
    assert await book.search(HERE, "till rounds") == (), "it was given nothing yet"
    assert await world.search.keep()
    assert [one.item.title for one in await book.search(HERE, "till rounds")] == ["The till rounds half up"]
    await world.search.close()


def _broken(options: BackendSpec) -> Any:
    raise OSError("s3cret")


KIND: MemoryBackendKind[Any] = dataclasses.replace(template().MEMORY, backend=_broken)


def test_one_that_cannot_be_made_ends_the_start_by_the_name_of_its_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declared = [("ompycord-box", EntryPoint("box", f"{__name__}:KIND", "ompycord.memory"))]
    kinds: Registry[MemoryBackendKind[Any]] = Registry(group="", record=MemoryBackendKind, what="", declared=declared)
    monkeypatch.setattr(backend_of_settings, "MEMORY_BACKENDS", kinds)
    spec = template().BoxOptions(file=tmp_path / "f")
    rows: Any = None
    with pytest.raises(ConfigurationError, match=r"memory\.backend: box cannot be made \(OSError\)\.") as refused:
        backed_search(spec, rows=rows, clock=FakeClock(), redact=str)
    assert "s3cret" not in str(refused.value)
    assert backed_search(None, rows=rows, clock=FakeClock(), redact=str) is None
