"""The contract of a memory, rule by rule: what recall and erasure rely on, tried with the options of its example.

Counterpart of `notifier_rules.py`.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Final, cast

from ompycord.app.conformance import RuleVerdict
from ompycord.app.plugins.judging import Broken, judged_by_example
from ompycord.domain.memory.backend import BackendItem, BackendQuery
from ompycord.memory.backends.kind import MemoryBackend, MemoryBackendKind

__all__ = ["judge_memory"]

_RULE_S: Final = 60.0
_CANCEL_S: Final = 5.0
_LIMIT: Final = 5
_TEXTS: Final = (
    "",
    "two\nlines",
    "\x00\x1b[31m",
    "\N{SNOWMAN} \U0001f514 \u6f22\u5b57",
    '" OR * NEAR( --',
    "x " * 2000,
)
_HERE: Final = {"guild": "1", "repository": "shop", "channel": "7"}


class _Backend:
    """One of a kind, and it again: made with the same options."""

    def __init__(self, record: MemoryBackendKind[Any], example: Mapping[str, Any]) -> None:
        self._record = record
        self.options = record.options.model_validate(dict(example))

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[MemoryBackend]:
        backend = self._record.backend(self.options)
        try:
            yield backend
        finally:
            await backend.close()


Rule = Callable[[_Backend], Awaitable[None]]


async def judge_memory(record: MemoryBackendKind[Any]) -> list[RuleVerdict]:
    """Every rule's verdict, in order. The memory's code runs here, with what its example names."""
    return [await judged_by_example(_emptied(rule), record, wait_s=_RULE_S) for rule in _RULES]


def _emptied(rule: Rule) -> Callable[[MemoryBackendKind[Any], Mapping[str, Any]], Awaitable[None]]:
    """The rule on a memory that keeps nothing: what its example names may be there from before."""

    @wraps(rule)
    async def on_empty(record: MemoryBackendKind[Any], example: Mapping[str, Any]) -> None:
        tried = _Backend(record, example)
        async with tried.opened() as backend:
            await backend.remove([*await backend.known()])
        await rule(tried)

    return on_empty


async def is_made_with_its_example_and_closed(tried: _Backend) -> None:
    async with tried.opened():
        pass


async def finds_what_it_was_given_and_no_more_than_is_wanted(tried: _Backend) -> None:
    async with tried.opened() as backend:
        await backend.put([_item(f"X{number}", "The till rounds cents half up") for number in range(8)])
        found = await _found(backend, "How does the till round cents?", tried)
    if not found:
        raise Broken("it does not find an item by its own words")
    if len(found) > _LIMIT or len({*found}) != len(found):
        raise Broken(f"of {_LIMIT} that were wanted at most it answers {found}"[:300])


async def knows_what_it_was_given_by_its_stamps(tried: _Backend) -> None:
    other = _item("X2", "The door opens at nine")
    async with tried.opened() as backend:
        for title in ("The till rounds half up", "The till rounds half up", "The till rounds down"):
            till = _item("X1", title)
            await backend.put([till, other])
            known, wanted = dict(await backend.known()), {"X1": till.stamp, "X2": other.stamp}
            if known != wanted:
                raise Broken(f"it knows {known!r} and was given {wanted!r}"[:300])


async def forgets_what_is_removed_also_when_it_is_made_again(tried: _Backend) -> None:
    async with tried.opened() as backend:
        await backend.put([_item("X1", "Ada rounds half up"), _item("X2", "The door opens at nine")])
        await backend.remove(["X1", "X3"])
        await backend.remove(["X1"])
    async with tried.opened() as backend:
        if "X1" in await backend.known() or "X1" in await _found(backend, "Ada rounds half up", tried):
            raise Broken("what was erased is there")


async def answers_of_the_place_that_asks_alone(tried: _Backend) -> None:
    words = "The till rounds half up"
    async with tried.opened() as backend:
        await backend.put([
            _item("X1", words), _item("X2", words, repository=None, channel=None), _item("X3", words, guild="2"),
            _item("X4", words, repository="other"), _item("X5", words, channel="8"),
        ])  # fmt: skip
        leaked = {*await _found(backend, words, tried)} - {"X1", "X2"}
    if leaked:
        raise Broken(f"it answers {', '.join(sorted(leaked))} of other places: they are left out, and take the room")


async def takes_any_words(tried: _Backend) -> None:
    async with tried.opened() as backend:
        await backend.put([_item(f"X{number}", text or "-", body=text) for number, text in enumerate(_TEXTS)])
        for text in _TEXTS:
            await _found(backend, text, tried)


async def ends_soon_when_it_is_cancelled(tried: _Backend) -> None:
    async with tried.opened() as backend:
        try:
            async with asyncio.timeout(_CANCEL_S), asyncio.TaskGroup() as group:
                asking = group.create_task(_found(backend, "The till", tried))
                await asyncio.sleep(0)
                asking.cancel()
        except TimeoutError:
            raise Broken(f"it went on for {_CANCEL_S:.0f} s") from None


_RULES: Final[tuple[Rule, ...]] = (
    is_made_with_its_example_and_closed,
    finds_what_it_was_given_and_no_more_than_is_wanted,
    knows_what_it_was_given_by_its_stamps,
    forgets_what_is_removed_also_when_it_is_made_again,
    answers_of_the_place_that_asks_alone,
    takes_any_words,
    ends_soon_when_it_is_cancelled,
)


def _item(name: str, title: str, *, body: str = "", **place: str | None) -> BackendItem:
    seen = {**_HERE, **place}
    return BackendItem.model_validate({
        **seen, "id": name, "kind": "lesson", "title": title, "body": body, "paths": ("till.py",), "created_at": 0,
        "stamp": f"stamp of {title}",
    })  # fmt: skip


async def _found(backend: MemoryBackend, text: str, tried: _Backend) -> Sequence[str]:
    """Raises Broken for an answer that is none, or that takes too long."""
    query = BackendQuery(**_HERE, text=text, limit=_LIMIT)
    try:
        async with asyncio.timeout(tried.options.timeout_s):
            answer = cast("object", await backend.candidates(query))
    except TimeoutError:
        raise Broken(f"one answer took it longer than {tried.options.timeout_s:g} s") from None
    if not isinstance(answer, list | tuple) or not all(isinstance(one, str) for one in cast("list[object]", answer)):
        raise Broken(f"it answers {answer!r} instead of ids"[:300])
    return cast("Sequence[str]", answer)
