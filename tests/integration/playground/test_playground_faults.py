"""Faults beyond one bad status: halves, outages, refusals of every scope.

And a gateway that is disturbed by a request.
"""

import aiohttp
import pytest

from tests.support.playground import Playground
from tests.support.playground_bot import raw_bot

POST_MESSAGE = "/channels/{channel_id}/messages"
BROKEN = (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


async def post(playground: Playground, content: str) -> int:
    answer = await playground.rest("POST", f"/channels/{playground.channel('general')}/messages", {"content": content})
    return answer.status


async def test_half_an_answer_breaks_off_after_the_work_was_done(playground: Playground) -> None:
    await playground.fault("POST", POST_MESSAGE, "half_after")
    with pytest.raises(BROKEN):
        await post(playground, "half heard")
    assert "half heard" in [message.content for message in await playground.ada.history()]
    assert await post(playground, "whole") == 200


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
@pytest.mark.parametrize("via", [True, False])
async def test_a_refusal_has_the_scope_and_the_way_that_were_asked_for(
    playground: Playground, scope: str, via: bool
) -> None:
    headers = {"X-RateLimit-Scope": scope, "Retry-After": "2"}
    await playground.fault("GET", "/users/@me", "status", status=429, headers=headers, via=via)
    answer = await playground.rest("GET", "/users/@me")
    assert answer.status == 429
    assert answer.headers["X-RateLimit-Scope"] == scope
    assert ("Via" in answer.headers) is via
    assert "Via" in (await playground.rest("GET", "/users/@me")).headers


async def test_a_fault_can_wait_for_a_text_in_the_body(playground: Playground) -> None:
    await playground.fault("POST", POST_MESSAGE, "status", status=503, containing="card 1")
    assert [await post(playground, text) for text in ("mirror", "card 1", "card 1")] == [200, 503, 200]


async def test_an_outage_lets_nobody_in_until_it_is_over(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        await playground.fault("POST", POST_MESSAGE, "outage", seconds=30)
        with pytest.raises(BROKEN):
            await post(playground, "never arrived")
        with pytest.raises(ConnectionError):
            await bot.event("A NAME THAT NO EVENT HAS")
        with pytest.raises(BROKEN):
            await playground.rest("GET", "/users/@me")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with raw_bot(playground):
                pass
    await playground.advance(31)
    assert await post(playground, "back") == 200
    async with raw_bot(playground) as bot:
        assert bot.ready["v"] == 10


async def test_a_request_can_disturb_the_gateway_and_still_be_served(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        await playground.fault("POST", POST_MESSAGE, "disturb", body={"action": "reconnect"})
        assert await post(playground, "served") == 200
        while (await bot.frame())["op"] != 7:
            pass


async def test_a_deaf_connection_answers_no_heartbeat_and_says_nothing(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        await bot.send(1, None)
        while (await bot.frame())["op"] != 11:
            pass
        await playground.disturb_gateway("deafen")
        await bot.send(1, None)
        await post(playground, "unheard")
        await playground.disturb_gateway("drop")
        with pytest.raises(ConnectionError):
            await bot.frame()
