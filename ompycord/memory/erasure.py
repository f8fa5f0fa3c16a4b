"""Takes a person out of what is remembered, for the erasure of a person: words, verdicts, their name in others' words.

Whoever erases a person calls this, then whatever else knows them. It returns once nothing of it is left in the database
or its write-ahead log.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import regex

from ompycord.domain.memory.items import ErasedMemory, NewMemory
from ompycord.memory.book import terms_of

__all__ = ["MemoryErasureRows", "erase_from_memory"]

_SOMEONE: Final = "someone"


class MemoryErasureRows(Protocol):
    """The rows, as far as they name people; `store/features/memory/erasing.py` implements it."""

    async def erase(
        self, person: str, name: str, *, replace: Callable[[str], str], terms: Callable[[NewMemory], str]
    ) -> ErasedMemory:
        """Delete what a person wrote and thought, and put `replace` of it in the place of others' words that name them.

        `terms` makes the terms of an item. One that then repeats another goes.
        """
        ...


async def erase_from_memory(
    rows: MemoryErasureRows, compact: Callable[[], Awaitable[None]], person: str, name: str
) -> ErasedMemory:
    """Erase a person by Discord's id and the name that was stored; what was done. Raises StorageError.

    `compact` rewrites the database, so that no free page and no log holds what was deleted.
    """
    pattern = regex.compile(rf"@?(?<!\w){regex.escape(name)}(?!\w)", regex.IGNORECASE) if name.strip() else None

    def replace(text: str) -> str:
        text = text.replace(f"<@{person}>", _SOMEONE).replace(f"<@!{person}>", _SOMEONE)
        return pattern.sub(_SOMEONE, text) if pattern is not None else text

    done = await rows.erase(person, name, replace=replace, terms=terms_of)
    await compact()
    return done
