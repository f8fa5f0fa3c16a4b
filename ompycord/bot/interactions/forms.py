"""Forms, read from raw submissions; counterpart of `components.py`, which gets them.

Each form is built where it is handled. A form is stopped before it is sent: discord.py keeps nothing of it, so one that
was open across a restart is read like any other (else it is dropped silently and the typed text is lost). The draft's
id is part of its custom id.
"""

from typing import Any, cast

from ompycord.bot.access import Interaction
from ompycord.bot.interactions.drafts import AttachedFile

__all__ = ["DESCRIPTION", "FormValues", "read_form"]

DESCRIPTION = 100
"""Characters that may stand below an input's label, at most."""


class FormValues:
    """What a person typed and chose, by the inputs' ids."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        for item in data.get("components", []):
            for child in (item.get("component"), *item.get("components", [])):
                if child is not None:
                    self._values[child["custom_id"]] = child.get("values", child.get("value"))
        self._attachments: dict[str, Any] = data.get("resolved", {}).get("attachments", {})

    def text(self, name: str) -> str:
        """A typed text; empty where nothing was typed."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def _list(self, name: str) -> list[str]:
        value = self._values.get(name)
        return [str(item) for item in cast("list[Any]", value)] if isinstance(value, list) else []

    def choice(self, name: str) -> str:
        """The one chosen value; empty where nothing was chosen."""
        chosen = self._list(name)
        return chosen[0] if chosen else ""

    def files(self, name: str) -> tuple[AttachedFile, ...]:
        """The uploaded files."""
        wanted = self._list(name)
        found = [self._attachments[item] for item in wanted if item in self._attachments]
        return tuple(AttachedFile(name=f["filename"], url=f["url"], size=f["size"]) for f in found)


def read_form(interaction: Interaction) -> FormValues:
    """The values of a raw submission."""
    return FormValues(cast("dict[str, Any]", interaction.data or {}))
