"""The section `forge` of a repository's settings: where its pull requests are opened, and as whom.

Counterpart of `ports/forge.py`, which opens them.
"""

import ipaddress
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import WrittenPath

__all__ = ["AppSpec", "ForgeSpec"]

_GITHUB: Final = "https://api.github.com"
_ENTERPRISE: Final = "/api/v3"
_GITEA: Final = "/api/v1"
_ADDRESS: Final = r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._/-]*)?$"

ForgeAddress = Annotated[str, StringConstraints(pattern=_ADDRESS, max_length=500)]


class AppSpec(Frozen):
    """An app of GitHub that is installed for the repository."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.]{1,40}$"), BeforeValidator(str)]
    """Its id, or its client id."""
    key_file: WrittenPath
    """Its private key as a PEM file; a relative one lies in the data folder."""


class ForgeSpec(Frozen):
    """The forge of one repository."""

    kind: Literal["github", "gitea"]
    """GitHub itself, or GitHub Enterprise by `api`; Gitea and Forgejo, which are asked alike."""
    repository: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,38}/[A-Za-z0-9._-]{1,100}$", max_length=140)
    ]
    """`owner/name`, as its address has it."""
    token_file: WrittenPath | None = None
    """Holds a fine-grained token with *Contents*, *Pull requests* and *Commit statuses*, each read and write; of Gitea
    and Forgejo one with `write:repository`, `write:issue` and `read:user`.

    A relative one lies in the data folder. It is read for each request.
    """
    app: AppSpec | None = None
    """An app of GitHub instead of a token: it mints one for each publication."""
    api: ForgeAddress = _GITHUB
    """The address of its REST interface; GitHub Enterprise has `https://HOST/api/v3`, Gitea `https://HOST/api/v1`."""
    poll_s: Annotated[float, Field(ge=1, le=86_400)] = 60
    """Seconds between two looks at its open pull requests; what did not change there counts against no limit."""
    web: ForgeAddress | None = None
    """The address before `owner/name`; left out, that of `api` without its last parts."""

    @field_validator("api", "web")
    @classmethod
    def _hides_the_token(cls, address: str | None) -> str | None:
        if address is not None and address.startswith("http:") and not _is_here(address):
            raise ValueError("must begin with https://, since the token goes there")
        return address

    @model_validator(mode="after")
    def _suits_its_kind(self) -> Self:
        if self.kind == "gitea" and not self.api_address.endswith(_GITEA):
            raise ValueError("kind gitea needs api: https://HOST/api/v1, the address of your Gitea or Forgejo")
        if self.kind == "gitea" and self.app is not None:
            raise ValueError("app is GitHub's: give token_file for kind gitea")
        return self

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.kind == "gitea" and self.token_file is None:
            raise ValueError("kind gitea needs token_file")
        if (self.token_file is None) == (self.app is None):
            raise ValueError("give either token_file or app")
        return self

    @property
    def api_address(self) -> str:
        """Without a slash at its end."""
        return self.api.rstrip("/")

    @property
    def graphql_address(self) -> str:
        """The address of its GraphQL interface, beside the other one."""
        whole = self.api_address
        return f"{whole.removesuffix('/v3')}/graphql"

    @property
    def web_address(self) -> str:
        """The same of what people open and git reaches."""
        if self.web is not None:
            return self.web.rstrip("/")
        if self.kind == "gitea":
            return self.api_address.removesuffix(_GITEA)
        return "https://github.com" if self.api_address == _GITHUB else self.api_address.removesuffix(_ENTERPRISE)

    @property
    def git_address(self) -> str:
        """Where git pushes to; never with a credential."""
        return f"{self.web_address}/{self.repository}.git"

    @property
    def owner(self) -> str:
        """The first part of `repository`."""
        return self.repository.partition("/")[0]


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
