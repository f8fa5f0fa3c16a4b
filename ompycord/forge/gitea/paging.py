"""Lists of Gitea and Forgejo, page by page: a server may give fewer at once than it is asked for."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final, TypeVar

from pydantic import BaseModel

from ompycord.forge.client import ForgeClient, RestAnswer
from ompycord.forge.github_answers import read_many

__all__ = ["MOST_PAGES", "PAGE", "paged"]

M = TypeVar("M", bound=BaseModel)

PAGE: Final = 50
"""The most that a server gives at once, unless its operator changed `MAX_RESPONSE_ITEMS`."""
MOST_PAGES: Final = 30


async def paged(
    client: ForgeClient, path: str, model: type[M], query: Mapping[str, str] | None = None, *, most: int = MOST_PAGES
) -> AsyncGenerator[tuple[M, ...]]:
    """Each page of a list, in its order, at most `most` of them. The headers say where it ends, else an empty page."""
    seen, last = 0, ()
    for page in range(1, most + 1):
        answer = await client.read(path, {**(query or {}), "limit": str(PAGE), "page": str(page)})
        some = read_many(model, answer.body)
        if some == last:  # nothing more, or a server that knows no pages of this list
            return
        yield some
        seen, last = seen + len(some), some
        if not some or is_last(answer, seen):
            return


def is_last(answer: RestAnswer, seen: int) -> bool:
    """Whether nothing comes after this page, as its headers say; False where they do not."""
    total = answer.headers.get("x-total-count", "")
    if total.isdigit():
        return seen >= int(total)
    link = answer.headers.get("link", "")
    return bool(link) and 'rel="next"' not in link
