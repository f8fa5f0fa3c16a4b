"""The kind of forge `github`: GitHub itself, and GitHub Enterprise by its own address. Loads httpx on use only."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, StringConstraints, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.forge_options import ForgeAddress, ForgeRights, ForgeSpec
from ompycord.domain.configuration.written import WrittenPath
from ompycord.forge.kind import ForgeConnection, ForgeKind

if TYPE_CHECKING:
    from ompycord.forge.made import FollowingForge, ProposingForge

__all__ = ["FORGE", "AppSpec", "GitHubOptions", "OwnerAndName", "graphql_address"]

_GITHUB: Final = "https://api.github.com"
_ENTERPRISE: Final = "/api/v3"

OwnerAndName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,38}/[A-Za-z0-9._-]{1,100}$", max_length=140)
]


class AppSpec(Frozen):
    """An app of GitHub that is installed for the repository."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.]{1,40}$"), BeforeValidator(str)]
    """Its id, or its client id."""
    key_file: WrittenPath
    """Its private key as a PEM file; a relative one lies in the data folder."""


class GitHubOptions(ForgeSpec):
    """A repository on GitHub, by a fine-grained token or by an app."""

    rights: ClassVar[ForgeRights] = ForgeRights(
        least="Contents, Pull requests and Commit statuses, each read and write",
        push="Contents, read and write,",
        let_in="select it in the token's settings",
    )

    kind: Literal["github"] = "github"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    repository: OwnerAndName
    api: ForgeAddress = _GITHUB
    """GitHub Enterprise has `https://HOST/api/v3`."""
    app: AppSpec | None = None
    """An app of GitHub instead of a token: it mints one for each publication."""

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if (self.token_file is None) == (self.app is None):
            raise ValueError("give either token_file or app")
        return self

    @property
    def credential_file(self) -> Path | None:
        """See `ForgeSpec`."""
        return self.token_file or (self.app.key_file if self.app is not None else None)

    @property
    def is_by_app(self) -> bool:
        """See `ForgeSpec`."""
        return self.app is not None

    def _web_of_api(self) -> str:
        return "https://github.com" if self.api_address == _GITHUB else self.api_address.removesuffix(_ENTERPRISE)


def graphql_address(spec: ForgeSpec) -> str:
    """The address of its GraphQL interface, beside the other one."""
    return f"{spec.api_address.removesuffix('/v3')}/graphql"


def _proposing(spec: GitHubOptions, connection: ForgeConnection) -> "ProposingForge":
    from ompycord.forge.github import GitHub

    return GitHub(
        spec,
        token=connection.token,
        login=connection.login,
        missing=connection.missing,
        refused_paths=connection.refused_paths,
        clock=connection.clock,
        breakers=connection.rests,
        trust=connection.trust,
    )


def _following(spec: GitHubOptions, connection: ForgeConnection) -> "FollowingForge":
    from ompycord.forge.github_following import GitHubFollowing, KnownAnswers

    return GitHubFollowing(
        spec,
        token=connection.token,
        login=connection.login,
        clock=connection.clock,
        known=connection.kept.setdefault("answers", KnownAnswers()),
        breakers=connection.rests,
        trust=connection.trust,
    )


FORGE = ForgeKind(options=GitHubOptions, proposing=_proposing, following=_following)
