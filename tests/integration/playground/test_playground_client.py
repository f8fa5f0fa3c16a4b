"""The playground's client against a playground and against what is none: refusals, silence, other programs."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from ompycord.playground.client import Address, Client, File, NotThereError, RefusedError, UnreachableError
from tests.support.playground import Playground
from tests.support.playground_bot import raw_bot

PING = {"name": "ping", "description": "d"}


@asynccontextmanager
async def other_program(answer: bytes | None) -> AsyncGenerator[Address]:
    """A server that answers every request with these bytes, or never."""

    async def serve(_request: web.Request) -> web.Response:
        if answer is None:
            await asyncio.Event().wait()
        return web.Response(body=answer, content_type="application/json")

    application = web.Application()
    application.router.add_get("/control/info", serve)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Address(port=runner.addresses[0][1], token="t")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("answer", [None, b"", b"hello", b"{}", b"[]", b'{"pid": 1, "more": 2}'])
async def test_another_program_on_the_port_is_no_playground(answer: bytes | None) -> None:
    async with other_program(answer) as address, Client(address, timeout_s=0.3 if answer is None else 30) as client:
        with pytest.raises(UnreachableError, match=f"127.0.0.1:{address.port}"):
            await client.read_info()


async def test_a_port_without_a_program_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = Address(port=free.getsockname()[1], token="t")
        async with Client(address) as client:
            with pytest.raises(UnreachableError):
                await client.shut_down()


async def test_a_wrong_token_is_a_refusal(playground: Playground) -> None:
    async with Client(Address(port=playground.port, token="wrong")) as client:
        with pytest.raises(RefusedError, match=r"GET /control/info.*401") as refused:
            await client.read_info()
    assert (refused.value.status, refused.value.errors) == (401, {})


async def test_a_program_finds_what_a_person_sees_and_hears(playground: Playground) -> None:
    ada, channel = playground.info.users["admin"], playground.info.channels["tasks"]
    async with Client(playground.address) as client, raw_bot(playground) as bot:
        await bot.sync([PING])
        events = client.events(ada, after=(await client.state(ada))["seq"])
        written = await client.write(ada, channel, "Look", files=[File("notes.txt", b"text")])
        await client.edit(ada, written, "Look here")
        await client.react(ada, written, "👀")
        sent = await client.command(ada, channel, "ping", {})
        (shown,) = await client.messages(ada, channel)
        assert (shown.id, shown.content) == (written.id, "Look here")
        assert [item["filename"] for item in shown.raw["attachments"]] == ["notes.txt"]
        kinds = [(await events.next())["type"] for _ in range(3)]
        assert kinds == ["MESSAGE_CREATE", "MESSAGE_UPDATE", "REACTION_ADD"]
        events.close()
        asked = await bot.event("INTERACTION_CREATE")
        assert (asked["id"], asked["data"]["name"]) == (sent, "ping")
        with pytest.raises(NotThereError, match=r"'pong'.*'ping'"):
            await client.command(ada, channel, "pong", {})
