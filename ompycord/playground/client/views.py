"""What the page shows, as objects: messages and forms; and the files that a person attaches."""

from dataclasses import dataclass
from typing import Any

from ompycord.playground.client.errors import NotThereError

__all__ = ["File", "JsonObject", "Message", "Modal"]

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class File:
    """A file that a person attaches."""

    name: str
    content: bytes
    voice: JsonObject | None = None
    """`duration_secs` and `waveform`, as Discord's own programs state them of a voice message."""


class Message:
    """A message as the page shows it."""

    def __init__(self, raw: JsonObject) -> None:
        self.raw = raw

    @property
    def id(self) -> str:
        return self.raw["id"]

    @property
    def channel_id(self) -> str:
        return self.raw["channel_id"]

    @property
    def content(self) -> str:
        return self.raw["content"]

    @property
    def embeds(self) -> list[JsonObject]:
        return self.raw["embeds"]

    @property
    def author_id(self) -> str:
        return self.raw["author"]["id"]

    @property
    def ephemeral_for(self) -> str | None:
        """The one person who sees it; None where all of the channel does."""
        return self.raw["ephemeral_for"]

    @property
    def is_ephemeral(self) -> bool:
        return self.ephemeral_for is not None

    @property
    def is_thinking(self) -> bool:
        """Whether this is a deferred answer that is still empty."""
        return bool(self.raw["flags"] & 128)

    @property
    def interaction(self) -> str | None:
        """The command, click or form that this message answers."""
        return self.raw.get("interaction_metadata", {}).get("id")

    @property
    def components(self) -> list[JsonObject]:
        """Every button and select, in their order, without the rows around them."""
        return [item for row in self.raw["components"] for item in row.get("components", [row])]

    @property
    def labels(self) -> list[str]:
        return [item["label"] for item in self.components if item.get("label")]

    @property
    def text(self) -> str:
        """Everything that is written on it: text, embeds, buttons."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            parts += [embed.get("author", {}).get("name", ""), embed.get("footer", {}).get("text", "")]
            parts += [f"{item['name']}\n{item['value']}" for item in embed.get("fields", [])]
        return "\n".join(part for part in [*parts, *self.labels] if part)

    def component(self, name: str) -> JsonObject:
        """The button or select with this custom id, label or placeholder. Raises NotThereError."""
        for item in self.components:
            if name in (item.get("custom_id"), item.get("label"), item.get("placeholder")):
                return item
        raise NotThereError(f"no button or select {name!r} on this message; there are {self.labels}")


class Modal:
    """A form that the bot opened for a person."""

    def __init__(self, interaction: str, raw: JsonObject) -> None:
        self.interaction = interaction
        self.raw = raw

    @property
    def title(self) -> str:
        return self.raw["title"]

    @property
    def labels(self) -> dict[str, str]:
        """Label -> custom id of each input."""
        found: dict[str, str] = {}
        for item, child in self._inputs():
            found[child.get("label") or item.get("label", "")] = child["custom_id"]
        return found

    def value(self, label: str) -> str:
        """What is in an input when the form opens. Raises KeyError."""
        for item, child in self._inputs():
            if label in {child.get("label"), item.get("label")}:
                return child.get("value", "")
        raise KeyError(label)

    def custom_id(self, name: str) -> str:
        """The custom id of the input with this custom id or label; unknown names stay as they are."""
        return self.labels.get(name, name)

    def _inputs(self) -> list[tuple[JsonObject, JsonObject]]:
        """Each input after the row or label that holds it."""
        return [
            (item, child)
            for item in self.raw["components"]
            for child in item.get("components", [item["component"]] if "component" in item else [])
        ]
