"""What people do with messages and threads that are there, under the rules that bind the bot: reply, pin, thread."""

from typing import Any

import pytest

from ompycord.playground.client import JsonObject, RefusedError
from tests.support.playground import Playground
from tests.support.playground_bot import CONTENT, GUILDS, MESSAGES, raw_bot
from tests.support.playground_person import Person


async def act(playground: Playground, path: str, person: Person, message: str, **more: Any) -> JsonObject:
    body = {"user": person.id, "channel": str(playground.channel("general")), "message": message, **more}
    return await playground.post(path, body)


async def refused(playground: Playground, path: str, person: Person, message: str, **more: Any) -> int | None:
    """Discord's code of the refusal."""
    with pytest.raises(RefusedError) as problem:
        await act(playground, path, person, message, **more)
    return problem.value.body.get("code")


async def answer(playground: Playground, person: Person, message: str, *, pings: bool) -> JsonObject:
    body = {"user": person.id, "channel": str(playground.channel("general")), "content": "Yes."}
    return await playground.post("/app/messages", {**body, "reply": {"message": message, "pings": pings}})


async def test_a_reply_names_its_message_and_pings_its_author_only_where_that_is_wanted(playground: Playground) -> None:
    asked = await playground.ada.say("Shall we?")
    async with raw_bot(playground, intents=GUILDS | MESSAGES | CONTENT) as bot:
        loud = await answer(playground, playground.mo, asked.id, pings=True)
        got = await bot.event("MESSAGE_CREATE")
    assert (got["type"], got["message_reference"]["message_id"]) == (19, asked.id)
    assert got["referenced_message"]["content"] == "Shall we?"
    assert [user["id"] for user in loud["mentions"]] == [playground.ada.id]
    quiet = await answer(playground, playground.mo, asked.id, pings=False)
    assert quiet["mentions"] == []
    assert [entry["users"] for entry in await playground.pings() if entry["users"]] == [[playground.ada.id]]


async def test_a_notice_and_a_message_that_is_gone_take_no_reply(playground: Playground) -> None:
    pinned = await playground.ada.say("House rule")
    await act(playground, "/app/messages/pin", playground.ada, pinned.id)
    notice = (await playground.ada.history())[-1]
    assert notice.raw["type"] == 6
    for message in (notice.id, "1"):
        with pytest.raises(RefusedError):
            await answer(playground, playground.ada, message, pings=True)


async def test_ones_own_message_is_deleted_and_anothers_by_a_moderator_only(playground: Playground) -> None:
    first, second = await playground.mo.say("first"), await playground.mo.say("second")
    assert await refused(playground, "/app/messages/delete", playground.olu, first.id) == 50013
    async with raw_bot(playground, intents=GUILDS | MESSAGES) as bot:
        await act(playground, "/app/messages/delete", playground.mo, first.id)
        assert (await bot.event("MESSAGE_DELETE"))["id"] == first.id
    await act(playground, "/app/messages/delete", playground.ada, second.id)
    assert await playground.ada.history() == []
    assert await refused(playground, "/app/messages/delete", playground.ada, second.id) == 10008


async def test_pins_need_the_permission_and_leave_a_notice(playground: Playground) -> None:
    rule = await playground.mo.say("House rule")
    assert await refused(playground, "/app/messages/pin", playground.mo, rule.id) == 50013
    await act(playground, "/app/messages/pin", playground.ada, rule.id)
    kept, notice = await playground.mo.history()
    assert kept.raw["pinned"]
    assert (notice.raw["type"], notice.raw["author"]["id"]) == (6, playground.ada.id)
    assert await refused(playground, "/app/messages/unpin", playground.mo, rule.id) == 50013
    await act(playground, "/app/messages/unpin", playground.ada, rule.id)
    assert not (await playground.mo.history())[0].raw["pinned"]


async def test_a_thread_is_opened_once_joined_and_left_and_the_page_knows_who_is_in_it(playground: Playground) -> None:
    ada, mo, olu = playground.ada, playground.mo, playground.olu
    start = await mo.say("About markup")
    assert await refused(playground, "/app/threads", mo, start.id, name="") == 50035
    thread = (await act(playground, "/app/threads", mo, start.id, name="Markup"))["id"]
    assert thread == start.id
    assert await refused(playground, "/app/threads", ada, start.id, name="Again") == 160004
    await playground.post("/app/threads/join", {"user": olu.id, "thread": thread})
    heard = await ada.wait_event("THREAD_MEMBERS_UPDATE", lambda data: olu.id in data["member_ids"])
    assert heard["member_ids"] == [mo.id, olu.id]
    last = await olu.say("Here I am", thread)
    pinned = {"user": ada.id, "channel": thread, "message": last.id}
    await playground.post("/app/messages/pin", pinned)
    await playground.post("/app/messages/delete", pinned | {"message": (await ada.history(thread))[-1].id})
    gone = await mo.say("Not needed", thread)
    await playground.post("/app/messages/delete", {"user": mo.id, "channel": thread, "message": gone.id})
    (shown,) = [channel for channel in (await playground.state())["channels"] if channel["id"] == thread]
    assert (shown["message_count"], shown["last_message"]["id"]) == (1, last.id)
    await playground.post("/app/threads/leave", {"user": olu.id, "thread": thread})
    heard = await ada.wait_event("THREAD_MEMBERS_UPDATE", lambda data: olu.id not in data["member_ids"])
    assert heard["member_ids"] == [mo.id, ada.id]
    with pytest.raises(RefusedError):
        await playground.post("/app/threads/join", {"user": olu.id, "thread": str(playground.channel("general"))})
