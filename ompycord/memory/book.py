"""What people and agents do with the memory: search, keep, propose, decide, drop; deltas alone.

Every text is cleaned and redacted before it is stored.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import (
    FoundItem,
    MemoryAddition,
    MemoryChange,
    MemoryFilter,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
    NewMemory,
)
from ompycord.domain.ports import AuditTrail, Clock, Ids, RunRecords
from ompycord.domain.ports.memory import KeptItem, MemoryRows, MemorySearch
from ompycord.domain.ports.team.vectors import NearItems
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.memory.prose_secrets import without_prose_secrets
from ompycord.memory.query import query_of
from ompycord.memory.ranking import distinct, likeness, ranked
from ompycord.memory.words import index_terms
from ompycord.text import clean

__all__ = ["MemoryBook", "terms_of"]

_FOUND: Final = 50
_NEAR: Final = 0.5
"""Words in common from which on two items are shown beside each other."""
_SIMILAR: Final = 3
_SHORTEST: Final = 4
"""Characters of an id, at least."""
_MOST_PROPOSED: Final = 3
"""Proposals of one run that may wait for a person."""


def terms_of(item: NewMemory) -> str:
    """The terms by which an item is found beside its words."""
    return index_terms(item.title, item.body, " ".join(item.paths)) + "".join(f" {path}" for path in item.paths)


class MemoryBook:
    """Implements `TeamMemory` and `ProposedItems`."""

    def __init__(
        self, *, rows: MemoryRows, runs: RunRecords, audit: AuditTrail, clock: Clock, ids: Ids,
        redact: Callable[[str], str], meaning: NearItems | None = None, search: MemorySearch | None = None,
    ) -> None:  # fmt: skip
        """Without `meaning` items are found by words alone; `search` finds what fits in place of the rows."""
        self._rows = rows
        self._search = search or rows
        self._meaning = meaning
        self._runs = runs
        self._audit = audit
        self._clock = clock
        self._ids = ids
        self._redact = redact

    async def search(self, place: MemoryPlace, text: str, *, limit: int = 6) -> tuple[FoundItem, ...]:
        query = query_of(text)
        if not query.terms:
            return ()
        wanted = MemoryQuery(place=place, match=query.match, now=self._clock.now_ms(), limit=_FOUND, text=text)
        found = await self._search.search(wanted)
        near = () if self._meaning is None or not found else await self._meaning.near(wanted, text, found)
        best = distinct(ranked(found, place, paths=query.paths, near=near))
        by_id = {one.item.id: one for one in (*near, *found)}
        return tuple(by_id[one.item.id] for one in best[:limit])

    async def item(self, place: MemoryPlace, name: str) -> FoundItem:
        ending = name.strip().upper()
        found: list[FoundItem] = []
        if len(ending) >= _SHORTEST:
            which = MemoryFilter(
                place=place,
                ending=ending,
                statuses=frozenset({MemoryStatus.ACTIVE, MemoryStatus.PROPOSED}),
                limit=2,
            )
            found = await self._rows.items(which)
        if len(found) > 1:
            raise Refused(RefusalCode.SEVERAL_ITEMS, name=ending.lower())
        if not found:
            raise Refused(RefusalCode.NO_SUCH_ITEM, name=repr(self._redact(clean(name))[:40]))
        return found[0]

    async def listed(self, place: MemoryPlace, which: MemoryFilter) -> tuple[FoundItem, ...]:
        return tuple(await self._rows.items(which.model_copy(update={"place": place})))

    async def by_id(self, place: MemoryPlace, ids: Sequence[str]) -> Mapping[str, FoundItem]:
        found = await self._rows.by_id(ids)
        return {
            name: one
            for name, one in found.items()
            if place.sees(one.item) and one.item.status is not MemoryStatus.RETIRED
        }

    async def keep(self, place: MemoryPlace, new: NewMemory, person: Person, *, message: str | None = None) -> KeptItem:
        item = self._made(new, place).model_copy(
            update={
                "origin": MemoryOrigin.PERSON,
                "status": MemoryStatus.ACTIVE,
                "author": person.id or None,
                "author_name": person.name,
                "source_message": message,
            }
        )
        kept = await self._kept(item)
        if kept.fresh:
            await self._record("keep", kept.item, person)
        return kept

    async def proposal(self, run: RunId, new: NewMemory) -> MemoryAddition:
        """See `ProposedItems`."""
        record = await self._runs.run(run)
        if record is None:
            raise Refused(RefusalCode.NO_SUCH_RUN)
        waiting = MemoryFilter(source_run=run, statuses=frozenset({MemoryStatus.PROPOSED}), limit=_MOST_PROPOSED)
        if len(await self._rows.items(waiting)) >= _MOST_PROPOSED:
            raise Refused(RefusalCode.TOO_MANY_PROPOSALS, limit=_MOST_PROPOSED)
        place = MemoryPlace.of(record).model_copy(update={"channel": None})
        item = self._made(new, place).model_copy(update={"source_run": run})
        return MemoryAddition(item=item, terms=terms_of(item))

    async def there_before(self, addition: MemoryAddition) -> MemoryItem:
        """See `ProposedItems`."""
        (stored,) = await self._rows.add([(addition.item, addition.terms)])
        return stored

    async def offer(self, place: MemoryPlace, new: NewMemory) -> KeptItem:
        """Propose what a file says; a person decides about it. Raises Refused."""
        return await self._kept(self._made(new, place).model_copy(update={"origin": MemoryOrigin.FILE}))

    async def decide(
        self, place: MemoryPlace, name: str, person: Person, *, active: bool, text: NewMemory | None = None
    ) -> MemoryItem:
        change = await self.change(place, name, person, active=active, text=text)
        if not await self._rows.rewrite(change.item, change.terms, expect=change.expect):
            raise Refused(RefusalCode.ITEM_MOVED_ON)
        await self._record("keep" if active else "drop", change.item, person)
        return change.item

    async def change(
        self, place: MemoryPlace, name: str, person: Person, *, active: bool, text: NewMemory | None = None
    ) -> MemoryChange:
        """See `ProposedItems`."""
        item = (await self.item(place, name)).item
        status = MemoryStatus.ACTIVE if active else MemoryStatus.RETIRED
        changes: dict[str, object] = {"status": status}
        if text is not None:
            changes |= self._tidied(text).model_dump(include={"kind", "title", "body", "paths"})
        if text is not None or item.author is None:
            changes |= {"author": person.id or None, "author_name": person.name}
        changed = MemoryItem.model_validate({**item.model_dump(), **changes})
        return MemoryChange(item=changed, terms=terms_of(changed), expect=item.status)

    async def supersede(self, place: MemoryPlace, name: str, by: str, person: Person) -> MemoryItem:
        newer = (await self.item(place, by)).item
        older = (await self.item(place, name)).item
        if older.id == newer.id:
            raise Refused(RefusalCode.ITEM_SUPERSEDES_ITSELF)
        retired = older.model_copy(update={"status": MemoryStatus.RETIRED})
        linked = newer.model_copy(update={"supersedes": older.id})
        if not await self._rows.rewrite(retired, terms_of(retired), expect=older.status):
            raise Refused(RefusalCode.ITEM_MOVED_ON)
        await self._rows.rewrite(linked, terms_of(linked), expect=newer.status)
        await self._record("drop", retired, person)
        return linked

    async def _record(self, what: str, item: MemoryItem, person: Person) -> None:
        """A row of the audit about what a person decided; the words of the item are not in it."""
        detail = {"by_name": person.name, "guild": item.guild, "repository": item.repository or ""}
        await self._audit.audit(
            actor=person.id, action=f"memory.{what}", subject=item.id, detail=detail, at=self._clock.now_ms()
        )

    # -- making -------------------------------------------------------------------------------------------------------

    def _tidied(self, new: NewMemory) -> NewMemory:
        """Its text without secrets and invisible characters. Raises Refused where nothing is left."""
        title = " ".join(self._without_secrets(new.title).split())
        if not any(map(str.isalnum, title)):
            raise Refused(RefusalCode.NOTHING_TO_REMEMBER)
        body = self._without_secrets(new.body).strip()
        paths = tuple(" ".join(clean(path).split()) for path in new.paths)
        return NewMemory(
            kind=new.kind, title=title[: len(new.title) + 40][:200], body=body[:4000], paths=tuple(filter(None, paths))
        )

    def _without_secrets(self, text: str) -> str:
        return without_prose_secrets(self._redact(clean(text)))

    def _made(self, new: NewMemory, place: MemoryPlace) -> MemoryItem:
        tidied = self._tidied(new)
        return MemoryItem(
            **tidied.model_dump(),
            id=self._ids.ulid(),
            guild=place.guild,
            repository=place.repository,
            channel=place.channel,
            origin=MemoryOrigin.AGENT,
            created_at=self._clock.now_ms(),
        )

    async def _kept(self, item: MemoryItem) -> KeptItem:
        similar = await self._similar(item)
        (stored,) = await self._rows.add([(item, terms_of(item))])
        return KeptItem(item=stored, fresh=stored.id == item.id, similar=similar)

    async def _similar(self, item: MemoryItem) -> tuple[MemoryItem, ...]:
        query = query_of(f"{item.title}\n{item.body}")
        if not query.terms:
            return ()
        wanted = MemoryQuery(place=item.place, match=query.match, now=self._clock.now_ms(), limit=_FOUND)
        near = [(likeness(item, one.item), one.item) for one in await self._rows.search(wanted)]
        close = sorted((one for one in near if one[0] >= _NEAR), key=lambda one: -one[0])
        return tuple(one for _, one in close if one.kind is not MemoryKind.RUN_SUMMARY)[:_SIMILAR]
