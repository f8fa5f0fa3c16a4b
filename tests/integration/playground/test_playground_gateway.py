"""The gateway's own rules: who gets in, what is heard, what survives a broken connection."""

import asyncio
import json

import aiohttp
import discord
import pytest

from ompycord.playground.client import JsonObject
from tests.support.patience import patient, within
from tests.support.playground import Playground, logged_in
from tests.support.playground_bot import CONTENT, GUILDS, MESSAGES, connection, raw_bot
from tests.support.sample_bot import Bot


async def test_wrong_beginnings_are_closed_with_discords_codes(playground: Playground) -> None:
    token = playground.bot_token
    await playground.change_world(application_flags=0)
    cases: list[tuple[str, int]] = [
        (json.dumps({"op": 2, "d": {"token": "wrong", "intents": 1}}), 4004),
        (json.dumps({"op": 2, "d": {"token": token, "intents": 1 << 30}}), 4013),
        (json.dumps({"op": 2, "d": {"token": token, "intents": CONTENT}}), 4014),
        (json.dumps({"op": 2, "d": {"token": token, "intents": 1, "shard": [2, 1]}}), 4010),
        (json.dumps({"op": 3, "d": {}}), 4003),
        ("no json", 4002),
        (json.dumps({"op": 1, "d": "x" * 5000}), 4002),
    ]
    for text, code in cases:
        async with connection(playground) as bot:
            await bot.frame()
            await bot.socket.send_str(text)
            with pytest.raises(ConnectionError, match=str(code)):
                await bot.frame()


async def test_after_ready_more_is_closed_too(playground: Playground) -> None:
    for op, code in ((2, 4005), (99, 4001)):
        async with raw_bot(playground) as bot:
            await bot.send(op, {"token": playground.bot_token, "intents": 1})
            with pytest.raises(ConnectionError, match=str(code)):
                await bot.event("never")


async def test_a_client_that_talks_too_much_is_closed(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        for _ in range(121):
            await bot.send(1, None)
        with pytest.raises(ConnectionError, match="4008"):
            await bot.event("never")


async def test_a_missed_event_is_replayed_on_resume(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        await bot.event("GUILD_CREATE")
        session, seq = bot.ready["session_id"], bot.seq
        assert bot.ready["resume_gateway_url"] == playground.info.gateway
        await playground.disturb_gateway("drop")
        with pytest.raises(ConnectionError):
            await bot.event("never")
    missed = [await playground.mo.say(text) for text in ("one", "two")]
    async with connection(playground) as again:
        await again.frame()
        await again.send(6, {"token": playground.bot_token, "session_id": session, "seq": seq})
        got = [(await again.event("MESSAGE_CREATE"))["id"] for _ in missed]
        await again.event("RESUMED")
    assert got == [item.id for item in missed]
    assert [frame["s"] for frame in again.events] == list(range(again.events[0]["s"], again.seq + 1))


async def test_an_unknown_session_is_invalid(playground: Playground) -> None:
    async with connection(playground) as bot:
        await bot.frame()
        await bot.send(6, {"token": playground.bot_token, "session_id": "gone", "seq": 1})
        assert await bot.frame() == {"op": 9, "d": False, "s": None, "t": None}


async def test_intents_decide_what_is_heard_and_read(playground: Playground) -> None:
    async with (
        raw_bot(playground, intents=GUILDS) as deaf,
        raw_bot(playground, intents=GUILDS | MESSAGES) as blind,
        raw_bot(playground, intents=GUILDS | MESSAGES | CONTENT) as full,
    ):
        bot_id = full.ready["user"]["id"]
        await playground.mo.say("secret")
        await playground.mo.say(f"<@{bot_id}> hello")
        seen = [(await bot.event("MESSAGE_CREATE"))["content"] for bot in (blind, blind, full, full)]
        channel = playground.info.channels["general"]
        await playground.rest("PATCH", f"/channels/{channel}", {"topic": "heard by all"})
        for bot in (deaf, blind, full):
            await bot.event("CHANNEL_UPDATE")
    assert seen == ["", f"<@{bot_id}> hello", "secret", f"<@{bot_id}> hello"]
    assert not any(frame["t"].startswith("MESSAGE") for frame in deaf.events)


async def test_members_are_listed_only_for_their_intent(playground: Playground) -> None:
    async with raw_bot(playground) as few, raw_bot(playground, intents=GUILDS | 2) as all_of_them:
        guilds: list[JsonObject] = [await bot.event("GUILD_CREATE") for bot in (few, all_of_them)]
    assert [len(guild["members"]) for guild in guilds] == [1, 4]
    assert guilds[0]["member_count"] == 4


async def test_the_stream_is_compressed_when_asked(playground: Playground) -> None:
    async with connection(playground, "?v=10&encoding=json&compress=zlib-stream") as bot:
        await bot.identify(1)
        assert (await bot.event("GUILD_CREATE"))["name"] == "Playground"


async def test_large_payloads_are_packed_one_by_one_when_asked(playground: Playground) -> None:
    async with connection(playground) as bot:
        await bot.identify(1, compress=True)
        assert (await bot.event("GUILD_CREATE"))["name"] == "Playground"
        assert bot.kinds == {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}


async def test_a_packed_stream_stays_one_where_payloads_are_asked_too(playground: Playground) -> None:
    async with connection(playground, "?v=10&encoding=json&compress=zlib-stream") as bot:
        await bot.identify(1, compress=True)
        await bot.event("GUILD_CREATE")
        await bot.send(1, None)
        assert (await bot.frame())["op"] == 11
        assert bot.kinds == {aiohttp.WSMsgType.BINARY}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?v=10&encoding=etf", "encoding=etf is not spoken, use encoding=json."),
        ("?v=10&encoding=json&compress=br", "compress=br is not spoken, use zlib-stream or zstd-stream."),
        ("?v=6&encoding=json", "Invalid API version: v=6 is not spoken, use v=10."),
    ],
)
async def test_what_the_gateway_does_not_speak_is_refused_by_name(
    playground: Playground, query: str, words: str
) -> None:
    async with connection(playground, query) as bot:
        with pytest.raises(ConnectionError) as refused:
            await bot.frame()
    assert refused.value.args == (4012, words)
    (entry,) = await playground.wire()
    shown = {key: entry[key] for key in ("method", "route", "status", "problems")}
    assert shown == {"method": "WS", "route": f"/gateway{query}", "status": 4012, "problems": [words]}


async def test_a_refused_login_stands_once_in_the_drawer(playground: Playground) -> None:
    async with connection(playground) as bot:
        await bot.frame()
        for _ in range(2):
            await bot.send(2, {"token": "wrong", "intents": 1})
        with pytest.raises(ConnectionError):
            await bot.frame()
    assert [(item["status"], item["problems"]) for item in await playground.wire()] == [
        (4004, ["Authentication failed."])
    ]


async def test_the_page_sees_the_bot_come_and_go(playground: Playground) -> None:
    async with raw_bot(playground):
        await playground.ada.wait_event("BOT_STATUS", lambda data: data["online"])
        assert (await playground.ada.state())["bot"]["online"]
    await playground.ada.wait_event("BOT_STATUS", lambda data: not data["online"])


@pytest.mark.parametrize(
    ("action", "more"),
    [("reconnect", {}), ("close", {"code": 4000}), ("drop", {}), ("invalid_session", {"resumable": True})],
    ids=str,
)
async def test_discord_py_resumes_its_session(playground: Playground, action: str, more: JsonObject) -> None:
    bot = Bot(playground.guild_id)
    async with logged_in(bot, playground.bot_token), asyncio.TaskGroup() as group:
        resumed = group.create_task(bot.wait_for("resumed", timeout=patient(20)))
        heard = group.create_task(bot.wait_for("message", timeout=patient(20)))
        await playground.disturb_gateway(action, **more)
        sent = await playground.mo.say("did you hear")
        assert (await heard).id == int(sent.id)
        await resumed


async def test_discord_py_identifies_anew_after_an_invalid_session(playground: Playground) -> None:
    bot = Bot(playground.guild_id)
    async with logged_in(bot, playground.bot_token), asyncio.TaskGroup() as group:
        ready = group.create_task(bot.wait_for("ready", timeout=patient(30)))
        await playground.disturb_gateway("invalid_session", resumable=False)
        await ready


async def test_discord_py_does_not_retry_a_fatal_close(playground: Playground) -> None:
    bot = Bot(playground.guild_id)
    with pytest.raises(ExceptionGroup) as failed:
        await _log_in_and_be_closed(playground, bot, 4014)
    assert failed.group_contains(discord.PrivilegedIntentsRequired)


async def _log_in_and_be_closed(playground: Playground, bot: Bot, code: int) -> None:
    async with logged_in(bot, playground.bot_token), within(20):
        await playground.disturb_gateway("close", code=code)
        await asyncio.Event().wait()


async def test_what_the_bot_says_of_itself_is_shown_until_it_goes(playground: Playground) -> None:
    async def presence() -> object:
        return (await playground.state())["bot"]["presence"]

    words = "read-only: disk full"
    async with raw_bot(playground) as bot:
        assert await presence() == {"status": "online", "words": None}
        custom = {"type": 4, "name": "Custom Status", "state": words}
        await bot.send(3, {"since": None, "afk": False, "status": "dnd", "activities": [custom]})
        event = await playground.ada.wait_event("BOT_STATUS", lambda data: data["presence"]["words"] is not None)
        assert event["presence"] == {"status": "dnd", "words": words} == await presence()
    await playground.ada.wait_event("BOT_STATUS", lambda data: not data["online"])
    assert await presence() == {"status": "offline", "words": None}
