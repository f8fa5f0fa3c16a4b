"""The section `forge` of a repository's settings, as far as every kind of forge has it: where pull requests are opened.

Each kind's own options extend it (`forge/kind.py`). Counterpart of `ports/forge.py`, which opens them.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, ClassVar, Final, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import Slug, WrittenPath

__all__ = ["ForgeAddress", "ForgeRights", "ForgeSpec"]

_ADDRESS: Final = r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._/-]*)?$"

ForgeAddress = Annotated[str, StringConstraints(pattern=_ADDRESS, max_length=500)]


class ForgeRights(NamedTuple):
    """What a credential must be allowed, and no more, in the words of its kind of forge."""

    least: str
    """For all of publishing."""
    push: str
    """For a push alone."""
    let_in: str = "let the token's account into it"
    """How a repository is made visible to a token, as the end of a sentence."""
    beside: str = ""
    """What the token's account needs beside it, as the end of a sentence."""

    @property
    def to_give(self) -> str:
        """What is to be given where something is lacking."""
        return f"{self.least}{self.beside}"


class ForgeSpec(Frozen):
    """The forge of one repository."""

    rights: ClassVar[ForgeRights] = ForgeRights(
        least="read and write of code, pull requests and commit statuses", push="write access to the code"
    )
    git_user: ClassVar[str] = "x-access-token"
    """The name with which git gives the token as its password; letters, digits, `.`, `_` and `-`."""

    kind: Slug
    """Which kind of forge it is; the options of that kind know this name."""
    repository: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9._-]{1,100}){1,9}$", max_length=255),
    ]
    """`owner/name`, as its address has it."""
    token_file: WrittenPath | None = None
    """Holds a token with no more than the rights of its kind.

    A relative one lies in the data folder. It is read for each request.
    """
    api: ForgeAddress = ""
    """The address of its programming interface."""
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
    def _names_its_api(self) -> Self:
        if not self.api:
            raise ValueError(f"kind {self.kind} needs api, the address of its programming interface")
        return self

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.token_file is None:
            raise ValueError(f"kind {self.kind} needs token_file")
        return self

    @property
    def credential_file(self) -> Path | None:
        """The file of the settings with its secret; a relative one lies in the data folder."""
        return self.token_file

    @property
    def is_by_app(self) -> bool:
        """Whether its token is minted for an hour by a word that is signed with a key and the time."""
        return False

    @property
    def api_address(self) -> str:
        """Without a slash at its end."""
        return self.api.rstrip("/")

    @property
    def web_address(self) -> str:
        """The same of what people open and git reaches."""
        return self.web.rstrip("/") if self.web is not None else self._web_of_api()

    def _web_of_api(self) -> str:
        parts = urlsplit(self.api)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def git_address(self) -> str:
        """Where git pushes to; never with a credential."""
        return f"{self.web_address}/{self.repository}.git"

    @property
    def owner(self) -> str:
        """The first part of `repository`."""
        return self.repository.partition("/")[0]

    def address_of(self, number: int) -> str:
        """What people open for a pull request that is known by its number alone."""
        return f"{self.web_address}/{self.repository}/issues/{number}"


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
