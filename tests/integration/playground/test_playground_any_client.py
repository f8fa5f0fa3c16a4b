"""What clients other than discord.py and discord.js rely on: forms, numbers, ids, and what a wrong request tells."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ompycord.playground.client import JsonObject
from ompycord.playground.world.clock import ShiftedClock
from ompycord.playground.world.guild import World
from ompycord.playground.world.ids import Snowflakes
from ompycord.playground.world.seed import ensure
from ompycord.playground.world.storage import Storage
from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground


async def _send(playground: Playground, data: Any, *, content_type: str | None = None) -> tuple[int, JsonObject]:
    """POST a message as it is given."""
    headers = {"Authorization": f"Bot {playground.bot_token}"}
    if content_type:
        headers["Content-Type"] = content_type
    path = f"/api/v10/channels/{playground.channel('general')}/messages"
    async with playground.session.post(path, data=data, headers=headers) as response:
        return response.status, await response.json()


def _multipart(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


@pytest.mark.parametrize(
    "form",
    [
        {"payload_json": '{"content": "12", "tts": false, "flags": 4096}'},
        {"content": "12", "tts": "false", "flags": "4096"},
    ],
    ids=["payload_json", "fields"],
)
@pytest.mark.parametrize("is_multipart", [False, True], ids=["urlencoded", "multipart"])
async def test_a_message_may_come_as_a_form(
    playground: Playground, form: dict[str, str], *, is_multipart: bool
) -> None:
    status, made = await _send(playground, _multipart(**form) if is_multipart else form)
    assert (status, made.get("content"), made.get("flags"), made.get("tts")) == (200, "12", 4096, False)


async def test_a_part_of_a_form_may_name_its_own_type(playground: Playground) -> None:
    """As hikari sends it beside a file."""
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "with a file"}', content_type="application/json")
    form.add_field("files[0]", b"notes", filename="notes.txt", content_type="text/plain")
    status, made = await _send(playground, form)
    assert (status, made.get("content"), made["attachments"][0]["filename"]) == (200, "with a file", "notes.txt")


async def test_a_form_without_an_object_is_refused(playground: Playground) -> None:
    status, refused = await _send(playground, {"payload_json": "no json"})
    assert (status, refused["code"]) == (400, 50109)
    status, refused = await _send(playground, {"content": "x", "flags": "many"})
    assert (status, refused["errors"]["flags"]["_errors"][0]["code"]) == (400, "NUMBER_TYPE_COERCE")


async def test_whole_numbers_may_be_written_with_a_point(playground: Playground) -> None:
    button = '{"type": 2.0, "style": 1.0, "label": "Go", "custom_id": "go"}'
    text = f'{{"content": "x", "flags": 4096.0, "components": [{{"type": 1e0, "components": [{button}]}}]}}'
    status, made = await _send(playground, text, content_type="application/json")
    assert (status, made.get("flags")) == (200, 4096)
    assert made["components"][0]["components"][0]["type"] == 2


@pytest.mark.parametrize("number", ["4096.5", "1e999", "NaN", "-Infinity"])
async def test_other_numbers_are_refused(playground: Playground, number: str) -> None:
    status, _ = await _send(playground, f'{{"content": "x", "flags": {number}}}', content_type="application/json")
    assert status == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "shown"),
    [
        ("GET", "/api/v10/guilds/1/nothing", 404, None),
        ("POST", "/api/nothing", 404, None),
        ("GET", "/api", 404, None),
        ("PUT", "/v10/users/@me", 404, None),
        ("DELETE", "/api/v10/gateway/bot", 405, None),
        ("PATCH", "/api/v10/channels/12/messages", 405, None),
        ("GET", "/api/v10/webhooks/1/secret/nothing", 404, "/api/v10/webhooks/1/…/nothing"),
    ],
)
async def test_an_unknown_route_stands_in_the_drawer(
    playground: Playground, method: str, path: str, status: int, shown: str | None
) -> None:
    words = {404: "404: Not Found", 405: "405: Method Not Allowed"}[status]
    async with playground.session.request(method, path) as response:
        assert response.status == status
        assert json.loads(await response.text()) == {"message": words, "code": 0}
    (entry,) = await playground.wire()
    assert (entry["method"], entry["route"], entry["status"]) == (method, shown or path, status)
    assert entry["problems"] == [words]


async def test_the_application_has_its_bots_id(playground: Playground) -> None:
    me = await playground.rest("GET", "/users/@me")
    assert me.body["id"] == playground.info.application_id
    commands = await playground.rest("GET", f"/applications/{me.body['id']}/commands")
    assert (commands.status, commands.body) == (200, [])


def test_an_earlier_playgrounds_application_gets_its_bots_id(tmp_path: Path) -> None:
    storage, clock = Storage(tmp_path / "playground.db"), ShiftedClock()
    world = World(storage, clock, Snowflakes(clock))
    ensure(world)
    bot, token = world.bot_id, world.bot_token
    storage.delete("application", bot)
    storage.put("application", "77", {"id": "77", "_bot": bot, "_token": token})
    storage.put("command", "5", {"id": "5", "application_id": "77"})
    ensure(world)
    assert (world.application_id, world.bot_token) == (bot, token)
    assert storage.all("application") == [world.application]
    assert storage.all("command") == [{"id": "5", "application_id": bot}]
    storage.close()


@pytest.mark.shared
async def test_the_default_sounds_are_there(playground: Playground, discord_schema: DiscordSchema) -> None:
    sounds = await playground.rest("GET", "/soundboard-default-sounds")
    assert [item["name"] for item in sounds.body][:2] == ["quack", "airhorn"]
    own = await playground.rest("GET", f"/guilds/{playground.guild_id}/soundboard-sounds")
    assert own.body == {"items": []}
    for entry in await playground.wire():
        discord_schema.check(entry)
