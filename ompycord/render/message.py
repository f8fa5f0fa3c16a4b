"""A message as plain data in the shape of Discord's API; counterpart of `bot/embed_builder.py`, which sends it.

Every create and edit has `allowed_mentions` with an empty `parse`: Discord takes an omitted one for *parse all*.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from ompycord.domain.base import Frozen
from ompycord.render.cards.cardview import Button
from ompycord.text.limits import ROW_BUTTONS

__all__ = ["Json", "RenderedMessage", "Sign", "message", "payload_hash", "rows"]

Sign = Callable[[str, str], str]
"""(action, ref) to a signed custom id; hashes are taken without it, since another key makes another one."""

_ROW, _BUTTON = 1, 2  # Discord, Component Object: type
_STYLES: Final = {"primary": 1, "secondary": 2, "success": 3, "danger": 4, "link": 5}

Json = dict[str, Any]


class RenderedMessage(Frozen):
    """What is sent, without the nonce and the silence flag, which the sender adds."""

    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    mentions: tuple[str, ...] = ()
    """Ids of the people who are notified; no others can be."""
    role_mentions: tuple[str, ...] = ()
    attachment: str | None = None
    """The whole text as a file, where the message shows only its beginning."""
    payload_hash: str
    """SHA-256 of what people see: equal renders are not sent again."""

    def payload(self) -> Json:
        """The JSON body of a create or an edit."""
        allowed = {"parse": [], "users": list(self.mentions), "roles": list(self.role_mentions), "replied_user": False}
        return {
            "content": self.content,
            "embeds": list(self.embeds),
            "components": list(self.components),
            "allowed_mentions": allowed,
        }


def rows(buttons: Sequence[Button], sign: Sign) -> tuple[Json, ...]:
    """Buttons as action rows of five."""
    data = [_button(button, sign) for button in buttons]
    return tuple(
        {"type": _ROW, "components": data[start : start + ROW_BUTTONS]} for start in range(0, len(data), ROW_BUTTONS)
    )


def _button(button: Button, sign: Sign) -> Json:
    data: Json = {"type": _BUTTON, "style": _STYLES[button.style], "label": button.label}
    if button.emoji is not None:
        data["emoji"] = {"name": button.emoji}
    if button.url is not None:
        return data | {"url": button.url}
    return data | {"custom_id": sign(button.action, button.ref)}


def payload_hash(content: str, embeds: Sequence[Json], buttons: Sequence[Button], *, content_hash: str = "") -> str:
    """SHA-256 of the canonical JSON; buttons count by what they do, not by their signature."""
    seen = {"content": content, "embeds": list(embeds), "buttons": [button.model_dump() for button in buttons]}
    if content_hash:
        seen["seal"] = content_hash
    canonical = json.dumps(seen, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def message(
    content: str = "",
    *,
    embeds: Sequence[Json] = (),
    buttons: Sequence[Button] = (),
    sign: Sign,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
    attachment: str | None = None,
    content_hash: str = "",
) -> RenderedMessage:
    """A message with its hash. `content_hash` stands for what its buttons mean and its text may not show in full."""
    return RenderedMessage(
        content=content,
        embeds=tuple(embeds),
        components=rows(buttons, sign),
        mentions=tuple(mentions),
        role_mentions=tuple(role_mentions),
        attachment=attachment,
        payload_hash=payload_hash(content, embeds, buttons, content_hash=content_hash),
    )
