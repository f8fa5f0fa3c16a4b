"""What the page's API owes the page: files in messages, the wire, the words while it waits, private threads.

Reloads.
"""

import hashlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import ompycord.playground
from ompycord.playground.client import File, JsonObject, RefusedError
from tests.support.playground import Playground
from tests.support.playground_bot import CONTENT, GUILDS, MESSAGES, raw_bot
from tests.support.playground_person import Person

PAGE = Path(ompycord.playground.__file__).parent / "page" / "static"
NOTE = File("note.txt", b"the note")
PING: JsonObject = {"name": "ping", "description": "d"}


async def _send(person: Person, playground: Playground, **body: Any) -> JsonObject:
    sent = {"user": person.id, "channel": str(playground.channel("general")), **body}
    return await playground.post("/app/messages", sent)


async def test_a_file_in_a_plain_message_reaches_the_bot_and_the_others(playground: Playground) -> None:
    async with raw_bot(playground, intents=GUILDS | MESSAGES | CONTENT) as bot:
        said = await playground.ada.say("", files=[NOTE, File("b.txt", b"b")])
        heard = await bot.event("MESSAGE_CREATE")
    assert [item["filename"] for item in heard["attachments"]] == ["note.txt", "b.txt"]
    seen = await playground.mo.wait_message(lambda message: message.id == said.id)
    (first, _) = seen.raw["attachments"]
    assert f"/{seen.channel_id}/" in first["url"]
    async with playground.session.get(first["url"]) as response:
        assert await response.read() == NOTE.content
    (kept,) = [item for item in await playground.olu.history() if item.id == said.id]
    assert kept.raw["attachments"] == seen.raw["attachments"]


async def test_a_file_is_sent_once_and_only_by_who_uploaded_it(playground: Playground) -> None:
    ada, mo = playground.ada, playground.mo
    held = await ada.upload(NOTE)
    for person, files, status in (
        (mo, [held], 404),
        (ada, ["1"], 404),
        (ada, [held, held], 422),
        (ada, held, 422),
        (ada, [held] + [await ada.upload(NOTE) for _ in range(10)], 400),
    ):
        with pytest.raises(RefusedError) as refused:
            await _send(person, playground, content="take this", attachments=files)
        assert refused.value.status == status
    with pytest.raises(RefusedError):
        await _send(ada, playground, content="x" * 2001, attachments=[held])
    sent = await _send(ada, playground, content="", attachments=[held])
    assert [item["id"] for item in sent["attachments"]] == [held]
    with pytest.raises(RefusedError) as refused:
        await _send(ada, playground, content="again", attachments=[held])
    assert refused.value.status == 404


async def test_the_wire_has_one_line_a_request_with_what_its_bucket_has_left(playground: Playground) -> None:
    general = f"/channels/{playground.channel('general')}"
    for number in range(2):
        await playground.rest("POST", general + "/messages", {"content": str(number)})
    await playground.rest("GET", "/users/@me", token="wrong")
    answer = await playground.get("/app/wire?after=0")
    assert set(answer) == {"entries", "buckets"}
    first, second, refused = answer["entries"]
    line = {"n", "at", "method", "route", "status", "bucket", "remaining", "reset_s", "ms", "fault", "problems"}
    assert set(first) == line
    assert 0 < first["reset_s"] <= 5
    assert (first["problems"], refused["problems"]) == ([], ["401: Unauthorized"])
    assert [(item["rule"], item["remaining"]) for item in answer["buckets"]][:1] == [("create-message", 3)]
    assert (first["method"], first["route"], first["status"]) == ("POST", "/channels/{channel_id}/messages", 200)
    assert (first["remaining"], second["remaining"]) == (4, 3)
    assert (refused["status"], refused["remaining"]) == (401, None)
    later = await playground.get(f"/app/wire?after={second['n']}")
    assert [entry["n"] for entry in later["entries"]] == [refused["n"]]


async def test_thinking_is_said_only_after_the_bot_deferred(playground: Playground) -> None:
    ada = playground.ada
    async with raw_bot(playground) as bot:
        await bot.sync([PING])
        prompt = await ada.start_command("ping")
        await bot.answer(await bot.event("INTERACTION_CREATE"), 4, {"content": "pong"})
        await ada.wait_answer(prompt)
        slow = await ada.start_command("ping")
        got = await bot.event("INTERACTION_CREATE")
        await bot.answer(got, 5)
        await ada.wait_answer(slow)
    told = [event["type"] for event in ada.events if event["data"].get("interaction") == prompt.id]
    assert told == ["INTERACTION_DONE"]
    told = [
        event["type"]
        for event in ada.events
        if slow.id in (event["data"].get("interaction"), event["data"].get("interaction_metadata", {}).get("id"))
    ]
    assert told == ["INTERACTION_PENDING", "MESSAGE_CREATE", "INTERACTION_DONE"]
    assert slow.reply is not None
    assert slow.reply.is_thinking


async def test_a_private_thread_is_told_to_who_is_in_it(playground: Playground) -> None:
    mo, olu = playground.mo, playground.olu
    made = await playground.rest("POST", f"/channels/{playground.channel('general')}/threads", {"name": "quiet"})
    assert made.body["type"] == 12
    thread = made.body["id"]
    await playground.rest("POST", f"/channels/{thread}/messages", {"content": "before Mo"})
    await playground.rest("POST", f"/channels/{thread}/messages", {"content": f"<@{mo.id}> come"})
    await mo.wait_event("THREAD_CREATE", lambda data: data["id"] == thread)
    await mo.wait_message(lambda message: message.content == f"<@{mo.id}> come")
    assert not any(message.content == "before Mo" for message in mo.messages.values())
    await mo.wait_event("PING", lambda data: data["channel"] == thread and mo.id in data["users"])
    assert len(await mo.history(int(thread))) == 2
    path = f"/channels/{thread}/messages/{(await mo.history(int(thread)))[0].id}"
    await playground.rest("PATCH", path, {"content": "edited"})
    await playground.rest("PUT", f"{path}/reactions/🚀/@me")
    await playground.rest("POST", f"/channels/{thread}/typing")
    await playground.rest("DELETE", path)
    await playground.rest("DELETE", f"/channels/{thread}/thread-members/{mo.id}")
    await mo.wait_event("THREAD_DELETE", lambda data: data["id"] == thread)
    await playground.rest("PATCH", f"/channels/{thread}", {"name": "renamed"})
    await playground.rest("DELETE", f"/channels/{thread}")
    await playground.ada.say("the end")
    await olu.wait_message(lambda message: message.content == "the end")
    await mo.wait_message(lambda message: message.content == "the end")
    assert not [event for event in olu.events if thread in str(event)]
    assert not [event for event in mo.events if "renamed" in str(event)]


async def test_a_channel_that_was_hidden_is_gone_from_the_page_and_comes_back(playground: Playground) -> None:
    general, everyone = str(playground.channel("general")), str(playground.guild_id)
    hidden = [{"id": everyone, "type": 0, "allow": "0", "deny": str(1 << 10)}]
    await playground.change_world(overwrites={general: hidden})
    await playground.olu.wait_event("CHANNEL_DELETE", lambda data: data["id"] == general)
    await playground.rest("POST", f"/channels/{general}/messages", {"content": "unheard"})
    await playground.change_world(overwrites={general: []})
    await playground.olu.wait_event("CHANNEL_UPDATE", lambda data: data["id"] == general)
    assert not playground.olu.messages


async def test_a_stranger_has_no_event_stream(playground: Playground) -> None:
    for query in ("", "?user=", "?user=1", f"?user={playground.info.application_id}"):
        with pytest.raises(RefusedError) as refused:
            await playground.get(f"/app/events{query}")
        assert refused.value.status == 404


async def test_a_reload_fetches_only_what_changed(playground: Playground) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{playground.port}") as session:
        for name, kind in (("app.js", "text/javascript"), ("style/tokens.css", "text/css"), ("art/ada.svg", "image/")):
            content = (PAGE / name).read_bytes()
            async with session.get(f"/page/{name}") as first:
                tag = first.headers["ETag"]
                assert await first.read() == content
            assert tag == f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            assert first.content_type.startswith(kind)
            assert first.headers["Cache-Control"] == "no-cache"
            for known, status in ((tag, 304), (f'"x", W/{tag}', 304), ("*", 304), ('"x"', 200)):
                async with session.get(f"/page/{name}", headers={"If-None-Match": known}) as again:
                    assert (known, again.status) == (known, status)
                    assert await again.read() == (b"" if status == 304 else content)
                assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, "no-cache")
        async with session.get(f"/?token={playground.token}") as index:
            assert index.headers["Cache-Control"] == "no-store"
        async with session.get("/page/a%00b.js") as missing:
            assert missing.status == 404
