"""Our one comment below a pull request, on any forge: found by its number or its mark, edited, never repeated."""

from collections.abc import AsyncIterator, Callable

from ompycord.domain.ports import Clock
from ompycord.errors import ForgeFailed, ForgeNotNow
from ompycord.forge.client import ForgeClient, RestAnswer
from ompycord.forge.github_answers import SummaryComment, User, read_as, read_many
from ompycord.forge.once import made_once

__all__ = ["OwnComment"]


class OwnComment:
    """Of one repository. `pages` reads the comments below a number as its forge lists them."""

    def __init__(
        self, client: ForgeClient, path: str, *, clock: Clock, pages: Callable[[str], AsyncIterator[RestAnswer]]
    ) -> None:
        self._client = client
        self._path = path
        self._clock = clock
        self._pages = pages

    async def put(self, number: int, text: str, *, user: User, marker: str, known: int | None) -> int:
        """Have it say `text`; its number. See `ForgeMarks.put_comment`."""

        async def find() -> int | None:
            there = await self._found(number, user, marker=marker, known=known)
            if there is not None and there.body != text:
                await self._client.set("PATCH", f"{self._path}/issues/comments/{there.id}", {"body": text})
            return there.id if there is not None else None

        async def make() -> int:
            answer = await self._client.write(f"{self._path}/issues/{number}/comments", {"body": text})
            return read_as(SummaryComment, answer.body).id

        return await made_once(self._clock, find=find, make=make)

    async def _found(self, number: int, user: User, *, marker: str, known: int | None) -> SummaryComment | None:
        """Ours: by its number where that is known and still ours, else among all by author and mark."""

        def is_ours(comment: SummaryComment) -> bool:
            return comment.user is not None and comment.user.id == user.id and marker in (comment.body or "")

        if known is not None:
            try:
                answer = await self._client.read(f"{self._path}/issues/comments/{known}")
            except ForgeNotNow:
                raise
            except ForgeFailed:
                pass  # a person deleted it: another one of ours may be there
            else:
                found = read_as(SummaryComment, answer.body)
                if is_ours(found) and found.is_of(number):  # not of one that has ended since
                    return found
        async for page in self._pages(f"{self._path}/issues/{number}/comments"):
            for comment in read_many(SummaryComment, page.body):
                if is_ours(comment):
                    return comment
        return None
