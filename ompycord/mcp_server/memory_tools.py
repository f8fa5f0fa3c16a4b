"""What agents do with the memory, without MCP: search it, read an item whole, propose a lesson; see `server.py`.

What they get is framed as the recall at a task's start is: background behind a random fence.
"""

from collections.abc import Callable, Sequence
from typing import Final

from pydantic import ValidationError

from ompycord.conductor.remembering import Lessons
from ompycord.dialects.prompts.background_text import background_text
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.memory.items import BODY_LENGTH, MemoryItem, MemoryKind, MemoryPlace, MemoryStatus, NewMemory
from ompycord.domain.ports import Ids, RunRecords
from ompycord.domain.ports.memory import TeamMemory
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused

__all__ = ["MemoryTools"]

_FENCE: Final = 16
_MOST: Final = 10


class MemoryTools:
    """One for all runs; every method takes the run to which the caller's key is bound, and sees what that run sees."""

    def __init__(
        self,
        *,
        memory: TeamMemory,
        lessons: Lessons,
        runs: RunRecords,
        ids: Ids,
        redact: Callable[[str], str],
    ) -> None:
        self._memory = memory
        self._lessons = lessons
        self._runs = runs
        self._ids = ids
        self._redact = redact

    async def search(self, run: RunId, text: str) -> str:
        """What fits these words, each item as its beginning."""
        found = await self._memory.search(await self._place(run), text, limit=_MOST)
        return self._framed([one.item for one in found]) or "Nothing that is remembered here has these words."

    async def get(self, run: RunId, item: str) -> str:
        """One item whole. Raises Refused."""
        found = (await self._memory.item(await self._place(run), item)).item
        if found.status is not MemoryStatus.ACTIVE:
            raise Refused(RefusalCode.NO_SUCH_ITEM, name=repr(item[:40]))
        return self._framed([found], preview=BODY_LENGTH)

    async def propose(self, run: RunId, title: str, lesson: str, paths: Sequence[str], *, is_decision: bool) -> str:
        """Propose something to be remembered; what became of it, as a sentence. Raises Refused."""
        kind = MemoryKind.DECISION if is_decision else MemoryKind.LESSON
        try:
            new = NewMemory(kind=kind, title=title, body=lesson, paths=tuple(paths))
        except ValidationError:
            raise Refused(RefusalCode.PROPOSAL_MALFORMED) from None
        kept = await self._lessons.propose(run, new)
        name = short_id(kept.item.id)
        if kept.fresh:
            return f"Proposed as {name}. People decide whether it is kept; go on with your work."
        if kept.item.status is MemoryStatus.RETIRED:
            return f"People dropped exactly this before ({name}), so it was not proposed again."
        return f"This is known already ({name})."

    async def _place(self, run: RunId) -> MemoryPlace:
        record = await self._runs.run(run)
        if record is None:
            raise Refused(RefusalCode.NO_SUCH_RUN)
        return MemoryPlace.of(record)

    def _framed(self, items: Sequence[MemoryItem], **preview: int) -> str:
        fence = self._ids.token()[:_FENCE]
        return "".join(background_text([(one, False) for one in items], fence=fence, redact=self._redact, **preview))
