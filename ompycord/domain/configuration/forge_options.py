"""The section `forge` of a repository's settings: where its pull requests are opened, and as whom.

Counterpart of `ports/forge.py`, which opens them.
"""

import ipaddress
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import WrittenPath

__all__ = ["ForgeSpec"]

_GITHUB: Final = "https://api.github.com"
_ENTERPRISE: Final = "/api/v3"
_ADDRESS: Final = r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._/-]*)?$"

ForgeAddress = Annotated[str, StringConstraints(pattern=_ADDRESS, max_length=500)]


class ForgeSpec(Frozen):
    """The forge of one repository."""

    kind: Literal["github"]
    """GitHub itself, or GitHub Enterprise by `api`."""
    repository: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", max_length=140)
    ]
    """`owner/name`, as its address has it."""
    token_file: WrittenPath
    """Holds a fine-grained token with *Contents* and *Pull requests* read and write.

    A relative one lies in the data folder. It is read for each publication.
    """
    api: ForgeAddress = _GITHUB
    """The address of its REST interface; GitHub Enterprise has `https://HOST/api/v3`."""
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
