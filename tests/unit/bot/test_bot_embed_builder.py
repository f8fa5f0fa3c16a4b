"""What discord.py puts on the wire for a rendered message: only named ids can ring, on every create and edit."""

from typing import Any

import discord
from discord.http import handle_message_parameters

from ompycord.bot.custom_ids import Signer
from ompycord.bot.embed_builder import QUIET, allowed_mentions, sendable
from ompycord.domain.ids import new_ulid
from ompycord.render.cards.cardview import Button
from ompycord.render.message import RenderedMessage, message

RUN = new_ulid(now_ms=1, entropy=b"0123456789")
SIGN = Signer(b"k" * 32).sign


def rendered(**more: object) -> RenderedMessage:
    buttons = [Button(action=f"opt{n}", label=f"Option {n}", ref=RUN) for n in range(7)]
    buttons.append(Button(label="Open", style="link", url="https://example.org/pr/1"))
    embed = {"title": "Title", "description": "Text", "color": 0x5865F2, "footer": {"text": "marker"}}
    return message("<@100000000000000001> look", embeds=[embed], buttons=buttons, sign=SIGN).model_copy(update=more)


def wire(made: RenderedMessage, *, pings: bool) -> dict[str, Any]:
    body = sendable(made, pings=pings)
    with handle_message_parameters(
        content=body["content"],
        embeds=body["embeds"],
        view=body["view"],
        allowed_mentions=body["allowed_mentions"],
        previous_allowed_mentions=discord.AllowedMentions.all(),
    ) as parameters:
        assert parameters.payload is not None
        return parameters.payload


async def test_nobody_is_rung_by_default_even_where_the_client_would_allow_all() -> None:
    assert wire(rendered(mentions=("100000000000000001",)), pings=False)["allowed_mentions"] == {"parse": []}


async def test_only_the_named_ids_are_rung() -> None:
    made = rendered(mentions=("100000000000000001",), role_mentions=("200000000000000001",))
    assert wire(made, pings=True)["allowed_mentions"] == {
        "parse": [],
        "users": [100000000000000001],
        "roles": [200000000000000001],
    }
    assert QUIET.to_dict() == allowed_mentions().to_dict() == {"parse": []}


async def test_embeds_and_buttons_arrive_as_they_were_rendered() -> None:
    made = rendered()
    sent = wire(made, pings=False)
    assert sent["content"] == made.content
    (embed,) = made.embeds
    (shown,) = sent["embeds"]
    assert {key: shown[key] for key in embed} == embed
    ours = [[item.get("custom_id", item.get("url")) for item in row["components"]] for row in made.components]
    theirs = [[item.get("custom_id") or item["url"] for item in row["components"]] for row in sent["components"]]
    assert theirs == ours
    assert [len(row) for row in ours] == [5, 3]


async def test_a_sent_view_is_remembered_by_nobody() -> None:
    assert sendable(rendered(), pings=False)["view"].is_finished()
