"""The section `forge_hooks` of the settings: which forges may call, and what starts a run there."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints, model_validator

from ompycord.domain.access import Login
from ompycord.domain.base import Frozen, Name
from ompycord.domain.configuration.written import WrittenPath
from ompycord.domain.task import Budget, Mode

__all__ = ["ForgeHookSpec", "HookName", "IssueStarts", "starts_by_repository"]

_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,31}$"

HookName = Annotated[str, StringConstraints(pattern=_NAME)]


class IssueStarts(Frozen):
    """What on the forge starts a run of one repository."""

    label: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """This label, put on an open issue."""
    assigned_to: Login | None = None
    """An open issue that is assigned to this account of the forge."""
    writers: bool = False
    """Whether those may do it, too, who may write to the repository by the forge's own word.

    Left out, only those whom `access.forge` maps to a person that may start runs.
    """
    agent: Name | None = None
    """The repository's first agent if left out."""
    mode: Mode = Mode.STANDARD
    budget_usd: Budget | None = None
    """The most that one run may cost, in US dollars."""
    burst: Annotated[int, Field(ge=1, le=20)] = 3
    """Runs that start in ten minutes; what comes beyond waits for *Start*."""

    @model_validator(mode="after")
    def _starts_something(self) -> "IssueStarts":
        if self.label is None and self.assigned_to is None:
            raise ValueError("give label, assigned_to or both")
        return self


class ForgeHookSpec(Frozen):
    """The signed webhook of one forge, which posts to `/hooks/NAME`."""

    name: HookName
    api: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@]{1,480}$")] = "https://api.github.com"
    """The address that the repositories of this forge have as `forge.api`: it may speak of those alone."""
    secret_file: WrittenPath | None = None
    """Holds the secret that was typed at the forge; a relative one lies in the data folder.

    Left out, `secrets/hook_NAME`, which is made at the first start.
    """
    starts: dict[Name, IssueStarts] = Field(default_factory=dict[str, IssueStarts])
    """What starts runs, by the names of repositories in these settings; nothing if left out."""

    @property
    def api_address(self) -> str:
        """Without a slash at its end."""
        return self.api.rstrip("/")


def starts_by_repository(hooks: Iterable[ForgeHookSpec]) -> Mapping[str, IssueStarts]:
    """What starts runs of each repository."""
    return {name: starts for hook in hooks for name, starts in hook.starts.items()}
