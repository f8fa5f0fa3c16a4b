"""Secrets that Ompycord's proxy adds to requests of a run's programs, which do not get them, as settings write it.

Counterpart of `http/proxy/attaching.py`, which adds them.
"""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.setup import SecretUse
from ompycord.domain.configuration.written import VariableName, is_own_variable

__all__ = ["AttachedSecret", "AttachedSecrets", "attached_words"]

_HTTP: Final = 80
_HTTPS: Final = 443
_MOST_PORT: Final = 65_535
_HEADER: Final = "Authorization"
_PREFIX: Final = "Bearer "
_NOT_OURS: Final = frozenset(
    {"accept-encoding", "connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "range",
     "te", "trailer", "transfer-encoding", "upgrade", "via"}
)  # fmt: skip
"""Headers that frame a request: none of them holds a secret."""

HostName = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9-]{1,63}\.)*[a-z0-9-]{0,62}[a-z](:[1-9][0-9]{0,4})?$", max_length=260)
]
"""One name of a host, small letters, with a port or without; no address, and none below it."""
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]*[\x20-\x7e]?$", max_length=64)]
GitUser = Annotated[str, StringConstraints(pattern=r"^[\x21-\x39\x3b-\x7e]{1,64}$")]
"""Without a colon, which ends it (RFC 7617)."""


class AttachedSecret(Frozen):
    """One secret for one host."""

    secret: VariableName
    """A variable of the bot's environment; where it is not set, what a person gives a run's agent by this name."""
    host: HostName
    """Requests to `http://NAME/` alone get it, or to `http://NAME:PORT/` where a port stands here."""
    header: HeaderName = _HEADER
    """What holds it; one of this name that the program sent is taken out."""
    prefix: Prefix = _PREFIX
    """What stands before it in the header."""
    git_user: GitUser | None = None
    """With it the header is *Basic*, of this user and the secret, and git asks the host by http in place of https."""
    over: Literal["https", "http"] = "https"
    """How the proxy asks the host; with *http* the secret crosses the network in the open."""
    to: SecretUse
    """Whose requests get it."""

    @field_validator("secret")
    @classmethod
    def _not_the_bots_own(cls, name: str) -> str:
        if is_own_variable(name):
            raise ValueError("a variable of the bot's own (DISCORD_, OMP_, OMPYCORD_) is never given to a run")
        return name

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if self.header.lower() in _NOT_OURS or self.header.lower().startswith("proxy-"):
            raise ValueError(f"the header {self.header} says how a request is sent, so it holds no secret")
        if self.git_user is not None and (self.header, self.prefix) != (_HEADER, _PREFIX):
            raise ValueError("with git_user the header is Authorization: take out header and prefix")
        if self._written_port > _MOST_PORT:
            raise ValueError("there is no such port")
        return self

    @property
    def name(self) -> str:
        """The host's name, without a port."""
        return self.host.partition(":")[0]

    @property
    def port(self) -> int:
        """The one that programs ask for."""
        return self._written_port or _HTTP

    @property
    def upstream_port(self) -> int:
        """The one that the proxy asks."""
        return self._written_port or (_HTTPS if self.over == "https" else _HTTP)

    @property
    def _written_port(self) -> int:
        return int(self.host.partition(":")[2] or 0)


def _one_each(rules: tuple[AttachedSecret, ...]) -> tuple[AttachedSecret, ...]:
    if len({(one.name, one.port) for one in rules}) < len(rules):
        raise ValueError("one host gets one secret: name each host once")
    return rules


AttachedSecrets = Annotated[tuple[AttachedSecret, ...], Field(max_length=50), AfterValidator(_one_each)]


def attached_words(rule: AttachedSecret) -> str:
    """What an agent is told of one."""
    git = " Git does so by itself." if rule.git_user is not None else ""
    return (
        f"Ask {rule.host} by http://{rule.host}/, never by https: Ompycord's proxy adds the secret {rule.secret} "
        f"there and goes on by {rule.over}.{git} You do not get the secret itself."
    )
