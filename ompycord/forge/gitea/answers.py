"""What is read of the answers of Gitea and Forgejo; everything else of them is ignored. Pure."""

import re
from typing import Final

from pydantic import BaseModel, ConfigDict

from ompycord.forge.github_answers import User

__all__ = ["GiteaEnd", "GiteaLabel", "GiteaPull", "as_draft", "ready_title"]

_DRAFT: Final = re.compile(r"\s*(wip:|\[wip\])\s*", re.IGNORECASE)
"""How the title of a draft begins where a server has no words of its own for it (`WORK_IN_PROGRESS_PREFIXES`)."""
_TITLE: Final = 255
"""Characters of a title."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class GiteaEnd(_Read):
    """One end of a pull request."""

    label: str = ""
    """The branch. It stays when the branch is deleted."""
    ref: str = ""
    """The branch as long as it is there, then `refs/pull/NUMBER/head`."""
    sha: str = ""
    repo_id: int = 0
    """-1 where its repository was deleted."""

    @property
    def branch(self) -> str:
        """Its name."""
        return self.label or self.ref


class GiteaPull(_Read):
    """A pull request."""

    number: int
    html_url: str
    state: str
    draft: bool | None = None
    """Servers of before 2023 do not say it."""
    merged: bool = False
    title: str = ""
    body: str | None = None
    user: User | None = None
    head: GiteaEnd
    base: GiteaEnd
    updated_at: str = ""
    merged_by: User | None = None
    assignees: tuple[User, ...] | None = None

    @property
    def is_draft(self) -> bool:
        """Whether it asks for no review yet, as the forge says, else by its title."""
        return self.draft if self.draft is not None else _DRAFT.match(self.title) is not None


class GiteaLabel(_Read):
    """A label."""

    id: int
    name: str


def as_draft(title: str) -> str:
    """The title of a draft: its first word is all that makes it one."""
    whole = title if _DRAFT.match(title) is not None else f"WIP: {title}"
    return whole[:_TITLE]


def ready_title(title: str) -> str:
    """The same without that word."""
    found = _DRAFT.match(title)
    return title[found.end() :] if found is not None else title
