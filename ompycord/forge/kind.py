"""A kind of forge: its options, what makes its connections, and a double of it for trials.

Counterparts: `registry.py`, which finds them by the entry points of `ompycord.forges`, and `made.py`, what they make.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, TypeVar, get_args, get_origin

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.http.trust.authorities import MACHINE, Trust

if TYPE_CHECKING:  # settings need the options of forges and ask none of them
    from ompycord.domain.ports import Clock, ForgeRests
    from ompycord.forge.made import FollowingForge, ProposingForge

__all__ = [
    "ForgeConnection",
    "ForgeKind",
    "ForgeTrial",
    "MakeFollowing",
    "MakeProposing",
]

_USER: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgeConnection:
    """With what a connection to one repository is made; it is used for one publication or one look, then closed."""

    token: Callable[[], str]
    """Reads the token, for each request anew. Raises ForgeFailed, which names the setting."""
    clock: "Clock"
    rests: "ForgeRests"
    """Whether the forge may be asked: `require` before a request, `answered` or `failed` after it."""
    trust: Trust = MACHINE
    """Whose certificates are believed: `trust.verify` for httpx."""
    kept: MutableMapping[str, Any] = field(default_factory=dict[str, Any])
    """What connections of this kind keep for those that come later, in memory; bound it, and keep nothing of a loop."""
    login: str | None = None
    """As whom an app acts, which cannot ask for its own account."""
    missing: tuple[str, ...] = ()
    """Permissions that the app does not have."""
    refused_paths: tuple[str, ...] = ()
    """Where the app may change nothing."""


O_contra = TypeVar("O_contra", bound=ForgeSpec, contravariant=True)
OptionsT = TypeVar("OptionsT", bound=ForgeSpec)


class MakeProposing(Protocol[O_contra]):
    """Makes one, without asking anything yet."""

    def __call__(self, spec: O_contra, connection: ForgeConnection) -> "ProposingForge": ...


class MakeFollowing(Protocol[O_contra]):
    """Makes one, without asking anything yet."""

    def __call__(self, spec: O_contra, connection: ForgeConnection) -> "FollowingForge": ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgeTrial:
    """A double of a forge, for `ompycord plugin check`: it has one repository, and no pull request."""

    options: Mapping[str, Any]
    """The options of that repository; `token_file` is there already."""
    head: str
    """A branch with a commit that the base lacks; no pull request proposes it."""
    head_commit: str
    base: str
    issue: int
    """An issue that is there, and no pull request."""
    lose_answer: Callable[[], None]
    """From now on the next request that changes something takes effect, and its answer is lost."""
    opened: Callable[[], int]
    """How many pull requests there are, ended ones too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgeKind(Generic[OptionsT]):
    """One kind of forge. Raises TypeError where its options are not what a kind needs."""

    options: type[OptionsT]
    proposing: MakeProposing[OptionsT]
    following: MakeFollowing[OptionsT]
    trial: Callable[[Path], AbstractAsyncContextManager[ForgeTrial]] | None = None
    """Runs a double of the forge; the path is an empty folder."""

    def __post_init__(self) -> None:
        own, kind = self.options.__name__, self.options.model_fields["kind"]
        if get_origin(kind.annotation) is not Literal or get_args(kind.annotation) != (kind.default,):
            raise TypeError(f"{own}.kind must be a Literal of one name, which is its default")
        if _USER.fullmatch(self.options.git_user) is None:
            raise TypeError(f"{own}.git_user: letters, digits, . _ and -")

    @property
    def name(self) -> str:
        """Its name in configuration: `repositories.NAME.forge.kind`."""
        return str(self.options.model_fields["kind"].default)
