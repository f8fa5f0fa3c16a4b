"""What a route of the forge gets and gives."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ompycord.playground.forge.forge import Forge
from ompycord.playground.forge.git_folder import GitFolder
from ompycord.playground.forge.refusals import ForgeRefusal, not_found, not_permitted
from ompycord.playground.rules.documents import Json, as_object

PAGE: Final = 30
MOST: Final = 100


@dataclass(frozen=True, kw_only=True)
class ForgeAnswer:
    """A status, a body as JSON (None: empty) or as text, and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class ForgeCall:
    """One request."""

    forge: Forge
    login: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str

    @property
    def full_name(self) -> str:
        return f"{self.params['owner']}/{self.params['name']}"

    @property
    def repository(self) -> Json:
        """The repository that is asked for. Raises ForgeRefusal."""
        found = self.forge.repository(self.full_name)
        if found is None:
            raise not_found()
        return found

    @property
    def git(self) -> GitFolder:
        return self.forge.git(self.repository["full_name"])

    @property
    def given(self) -> Json:
        """The body as an object. Raises ForgeRefusal."""
        body = as_object(self.body)
        if body is None:
            raise ForgeRefusal(400, "Problems parsing JSON")
        return body

    def number(self, name: str = "number") -> int:
        text = self.params[name]
        if not text.isdigit():
            raise not_found()
        return int(text)

    def pull(self) -> Json:
        return self.forge.numbered(self.full_name, self.number())

    def issue(self) -> Json:
        return self.forge.numbered(self.full_name, self.number(), is_pull=False)

    def require_write(self, needed: str) -> None:
        """Raises ForgeRefusal where the repository takes nothing, or the token may not."""
        found = self.repository
        if found["archived"]:
            raise ForgeRefusal(403, "Repository was archived so is read-only.")
        if not found["may_push"]:
            raise not_permitted(needed)

    def paged(self, items: list[Any]) -> ForgeAnswer:
        """One page of a list, with the links to the others."""
        size = max(1, min(_number(self.query.get("per_page"), PAGE), MOST))
        page = max(1, _number(self.query.get("page"), 1))
        last = max(1, -(-len(items) // size))
        links: dict[str, int] = {}
        if page < last:
            links |= {"next": page + 1, "last": last}
        if page > 1:
            links |= {"first": 1, "prev": page - 1}
        address = f"{self.forge.at.api}{self.path}"
        query = "&".join(f"{name}={value}" for name, value in self.query.items() if name != "page")
        parts = [f'<{address}?{query}{"&" if query else ""}page={to}>; rel="{name}"' for name, to in links.items()]
        return ForgeAnswer(
            body=items[(page - 1) * size : page * size], headers={"Link": ", ".join(parts)} if parts else {}
        )


Handler = Callable[[ForgeCall], Awaitable[ForgeAnswer]]
Route = tuple[str, str, Handler]
"""Method, template and handler. `{name}` is one part of a path, `{name+}` one or more."""

HERE: Final = "/repos/{owner}/{name}"


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() else default
