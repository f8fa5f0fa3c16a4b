"""The section `notify` of the settings: which other systems are notified of runs, of what, and how it is signed."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ompycord.domain.base import Frozen, Name
from ompycord.domain.ids import DISCORD, OPS_CHANNEL, TRIGGERS, Destination

__all__ = ["NotifySettings", "OutgoingDestination", "OutgoingNotifier", "OutgoingWebhook"]


class OutgoingDestination(Frozen):
    """Where notices of runs go, other than Discord."""

    name: Destination
    """Its destination, in commands, logs and the bodies it gets."""
    topics: Annotated[tuple[Literal["run", "question", "approval", "check", "alert"], ...], Field(min_length=1)] = (
        "run",
        "question",
        "approval",
        "check",
    )
    """Families of events that it gets; `alert` is about Ompycord itself, and is given only where it is named."""
    repositories: tuple[str, ...] = ()
    """Only runs in these; empty: all runs."""

    @field_validator("name")
    @classmethod
    def _is_free(cls, value: str) -> str:
        if value in {DISCORD, OPS_CHANNEL, TRIGGERS}:
            raise ValueError(f"{value} is the bot's own name: choose another")
        return value


class OutgoingWebhook(OutgoingDestination):
    """Another system that is notified of runs."""

    url: str
    secret_file: Path
    """Holds the secret that signs, `whsec_...`. A relative one lies in the data folder."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        else:
            is_address = is_address and parts.username is None and parts.password is None and not parts.fragment
        if not is_address or not value.isascii() or any(letter.isspace() for letter in value):
            raise ValueError("must be an address such as https://example.org/hook, without a user, password or #")
        return value


class OutgoingNotifier(OutgoingDestination):
    """A notifier that another package adds."""

    kind: Name
    """Its kind: `ompycord plugin list` shows those that are installed."""
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    """The options of its kind. A secret is named by its file."""


class NotifySettings(Frozen):
    """The systems that are notified of runs, other than Discord."""

    webhooks: tuple[OutgoingWebhook, ...] = ()

    notifiers: tuple[OutgoingNotifier, ...] = ()

    @field_validator("webhooks", "notifiers")
    @classmethod
    def _have_names_of_their_own(cls, value: tuple[OutgoingDestination, ...]) -> tuple[OutgoingDestination, ...]:
        if len({one.name for one in value}) < len(value):
            raise ValueError("two of them have the same name")
        return value

    @model_validator(mode="after")
    def _share_no_name(self) -> Self:
        if len(set(self.destinations)) < len(self.destinations):
            raise ValueError("a webhook and a notifier have the same name")
        return self

    @property
    def all(self) -> tuple[OutgoingDestination, ...]:
        """Every one, webhooks first."""
        return (*self.webhooks, *self.notifiers)

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Every configured destination other than Discord."""
        return tuple(one.name for one in self.all)
