"""What makes a repository's dependencies ready before its agent starts, as settings write it; and who gets a secret.

Counterpart of `workspaces/preparing/`, which runs the steps and keeps what they made.
"""

from typing import Annotated, Literal

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import Argument, HostRule, Mebibytes, Processes, Slug, TreePath, VariableName

__all__ = ["KEPT_FOLDER", "SecretUse", "SetupStep", "User"]

User = Literal["setup", "checks", "agent"]
"""A kind of programs of a run."""
SecretUse = Annotated[tuple[User, ...], Field(min_length=1, max_length=3)]
"""Who gets a secret; the others do not see it."""
KEPT_FOLDER = "{setup}"
"""In a command and in the value of a variable: the folder beside the repository's files that is kept, too."""


class SetupStep(Frozen):
    """One command of set-up. It runs confined, in a copy of the base that holds only what it reads."""

    name: Slug
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=200)]
    """An argument list, never a shell. `{setup}` is a folder that is kept, beside the repository's files."""
    files: Annotated[tuple[TreePath, ...], Field(max_length=100)] = ()
    """What the command reads: the lock file first. It sees no other file, and runs again when one of them changes.

    Left out, it sees all files of the base, and runs again when any of them changes.
    """
    keeps: Annotated[tuple[TreePath, ...], Field(max_length=50)] = ()
    """Folders that it makes and that agent and checks then find at the same place, to be read only."""
    hosts: Annotated[tuple[HostRule, ...], Field(max_length=100)] = ()
    """Names that it reaches, each one of `setup_hosts`; none: it has no network."""
    variables: Annotated[dict[VariableName, Annotated[str, Field(max_length=4096)]], Field(max_length=50)] = Field(
        default_factory=dict[str, str]
    )
    """Variables for it, the steps after it, the agent and the checks, such as `GOMODCACHE: "{setup}/go"`."""
    timeout_s: Annotated[float, Field(gt=0, le=7200)] = 900
    max_processes: Processes = 512
    max_memory_mib: Mebibytes = 8192
    max_disk_mib: Mebibytes = 20_480
