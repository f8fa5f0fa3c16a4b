"""The kind of forge `gitea`: Gitea and Forgejo, which are asked alike. Loads httpx on use only."""

from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from pydantic import model_validator

from ompycord.domain.configuration.forge_options import ForgeRights, ForgeSpec
from ompycord.forge.github_kind import OwnerAndName
from ompycord.forge.kind import ForgeConnection, ForgeKind

if TYPE_CHECKING:
    from ompycord.forge.made import FollowingForge, ProposingForge

__all__ = ["FORGE", "GiteaOptions"]

_API: Final = "/api/v1"


class GiteaOptions(ForgeSpec):
    """A repository on Gitea or Forgejo, by a token: `api` is `https://HOST/api/v1`."""

    rights: ClassVar[ForgeRights] = ForgeRights(
        least="write:repository, write:issue and read:user",
        push="write:repository",
        beside=", and its account write access to the repository",
    )

    kind: Literal["gitea"] = "gitea"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set
    repository: OwnerAndName

    @model_validator(mode="after")
    def _names_its_api(self) -> Self:
        if not self.api_address.endswith(_API):
            raise ValueError("kind gitea needs api: https://HOST/api/v1, the address of your Gitea or Forgejo")
        return self

    def _web_of_api(self) -> str:
        return self.api_address.removesuffix(_API)


def _proposing(spec: GiteaOptions, connection: ForgeConnection) -> "ProposingForge":
    from ompycord.forge.gitea.proposing import Gitea

    return Gitea(
        spec, token=connection.token, clock=connection.clock, breakers=connection.rests, trust=connection.trust
    )


def _following(spec: GiteaOptions, connection: ForgeConnection) -> "FollowingForge":
    from ompycord.forge.gitea.following import GiteaFollowing

    return GiteaFollowing(
        spec, token=connection.token, clock=connection.clock, breakers=connection.rests, trust=connection.trust
    )


FORGE = ForgeKind(options=GiteaOptions, proposing=_proposing, following=_following)
