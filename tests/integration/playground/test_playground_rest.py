"""REST rules beyond single limits: rate limits, faults, nonces, pings, threads, permissions, old edits."""

import asyncio

import aiohttp
import pytest

from ompycord.playground.client import JsonObject, RefusedError
from tests.support.playground import Playground, RestAnswer

POST_MESSAGE = "/channels/{channel_id}/messages"


def _messages(playground: Playground, name: str = "general") -> str:
    return f"/channels/{playground.channel(name)}/messages"


async def _post(playground: Playground, body: JsonObject, name: str = "general") -> RestAnswer:
    return await playground.rest("POST", _messages(playground, name), body)


async def test_the_sixth_message_in_five_seconds_waits_and_edits_share_its_bucket(playground: Playground) -> None:
    made = await _post(playground, {"content": "1"})
    bucket = made.headers["X-RateLimit-Bucket"]
    assert (made.headers["X-RateLimit-Limit"], made.headers["X-RateLimit-Remaining"]) == ("5", "4")
    path = f"{_messages(playground)}/{made.body['id']}"
    edited = await playground.rest("PATCH", path, {"content": "2"})
    assert (edited.headers["X-RateLimit-Bucket"], edited.headers["X-RateLimit-Remaining"]) == (bucket, "3")
    for number in range(3):
        assert (await _post(playground, {"content": str(number)})).status == 200
    limited = await _post(playground, {"content": "too many"})
    assert limited.status == 429
    assert limited.body["global"] is False
    assert 0 < limited.body["retry_after"] <= 5
    assert limited.headers["X-RateLimit-Scope"] == "user"
    assert limited.headers["Via"]
    assert limited.headers["Content-Type"] == "application/json"
    assert (await _post(playground, {"content": "elsewhere"}, "tasks")).status == 200
    await playground.advance(5)
    assert (await _post(playground, {"content": "again"})).status == 200


async def test_the_51st_request_in_a_second_is_limited_for_all_but_interactions(playground: Playground) -> None:
    await playground.advance(2)
    answers: list[RestAnswer] = []
    paths = ("/users/@me", "/gateway/bot", "/applications/@me", f"/guilds/{playground.guild_id}")
    while not answers or answers[-1].status != 429:
        assert len(answers) < 500
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(playground.rest("GET", path)) for path in paths * 10]
        answers += sorted((task.result() for task in tasks), key=lambda answer: answer.status)
    limited = answers[-1]
    assert limited.body["global"] is True
    assert limited.headers["X-RateLimit-Global"] == "true"
    assert limited.headers["X-RateLimit-Scope"] == "global"
    exempt = await playground.rest("POST", "/interactions/1/x/callback", {"type": 4})
    assert exempt.code == 10062


async def test_edits_of_an_hour_old_message_have_a_limit_of_their_own(playground: Playground) -> None:
    made = await _post(playground, {"content": "old"})
    path = f"{_messages(playground)}/{made.body['id']}"
    await playground.advance(3601)
    for number in range(3):
        assert (await playground.rest("PATCH", path, {"content": str(number)})).status == 200
    limited = await playground.rest("PATCH", path, {"content": "4"})
    assert (limited.status, limited.code) == (429, 30046)
    assert limited.body["retry_after"] > 0


async def test_an_enforced_nonce_makes_one_message(playground: Playground) -> None:
    body = {"content": "once", "nonce": 7, "enforce_nonce": True}
    first, second = await _post(playground, body), await _post(playground, {**body, "nonce": "7"})
    assert first.body["id"] == second.body["id"]
    assert (await _post(playground, {"content": "once", "nonce": 7})).body["id"] != first.body["id"]
    await playground.advance(301)
    assert (await _post(playground, body)).body["id"] != first.body["id"]


async def test_what_really_pings_is_recorded(playground: Playground) -> None:
    mo, ada, admin = playground.mo.id, playground.ada.id, playground.info.roles["admin"]
    text = f"<@{mo}> <@&{admin}> @everyone"
    only_mo = {"parse": [], "users": [mo]}
    made = await _post(playground, {"content": text, "allowed_mentions": {"parse": []}})
    await _post(playground, {"content": text, "allowed_mentions": only_mo})
    await _post(playground, {"content": f"<@&{admin}>", "flags": 4096})
    await playground.rest("PATCH", f"{_messages(playground)}/{made.body['id']}", {"content": text + "!"})
    pings = await playground.pings()
    assert [item["users"] for item in pings] == [[], [mo], [ada], []]
    assert [item["event"] for item in pings] == ["create", "create", "create", "edit"]
    assert [item["silent"] for item in pings] == [False, False, True, False]
    assert pings[3]["mentions"] == {"users": [mo], "roles": [admin], "everyone": True}
    heard = await playground.mo.wait_event("PING")
    assert heard["users"] == [mo]


async def test_a_thread_from_a_message_has_its_id_and_exists_once(playground: Playground) -> None:
    made = await _post(playground, {"content": "mirror"})
    path = f"{_messages(playground)}/{made.body['id']}"
    opened = await playground.rest("POST", path + "/threads", {"name": "run"})
    assert (opened.status, opened.body["id"]) == (201, made.body["id"])
    again = await playground.rest("POST", path + "/threads", {"name": "run"})
    assert (again.status, again.code) == (400, 160004)
    assert (await playground.rest("GET", path)).body["thread"]["name"] == "run"


async def test_an_archived_thread_takes_messages_but_no_edits(playground: Playground) -> None:
    made = await _post(playground, {"content": "mirror"})
    await playground.rest("POST", f"{_messages(playground)}/{made.body['id']}/threads", {"name": "run"})
    thread = f"/channels/{made.body['id']}"
    card = await playground.rest("POST", f"{thread}/messages", {"content": "card"})
    await playground.rest("PATCH", thread, {"archived": True})
    edit = await playground.rest("PATCH", f"{thread}/messages/{card.body['id']}", {"content": "late"})
    assert (edit.status, edit.code) == (400, 50083)
    assert (await playground.rest("PATCH", thread, {"name": "new"})).code == 50083
    assert (await playground.rest("POST", f"{thread}/messages", {"content": "wakes it"})).status == 200
    assert not (await playground.rest("GET", thread)).body["thread_metadata"]["archived"]
    await playground.rest("PATCH", thread, {"archived": True, "locked": True})
    with pytest.raises(RefusedError, match="locked"):
        await playground.mo.say("knock", made.body["id"])


async def test_pinning_posts_a_notice_that_can_be_deleted(playground: Playground) -> None:
    made = await _post(playground, {"content": "question"})
    channel = f"/channels/{playground.channel('general')}"
    for path in ("/messages/pins/", "/pins/"):
        assert (await playground.rest("PUT", channel + path + made.body["id"])).status == 204
    notices = [item for item in (await playground.rest("GET", channel + "/messages")).body if item["type"] == 6]
    assert [item["message_reference"]["message_id"] for item in notices] == [made.body["id"]]
    pins = await playground.rest("GET", channel + "/messages/pins")
    assert [item["message"]["id"] for item in pins.body["items"]] == [made.body["id"]]
    assert (await playground.rest("DELETE", f"{channel}/messages/{notices[0]['id']}")).status == 204
    assert (await playground.rest("DELETE", f"{channel}/messages/pins/{made.body['id']}")).status == 204
    assert (await playground.rest("GET", channel + "/pins")).body == []


async def test_missing_permissions_are_told_apart_from_missing_access(playground: Playground) -> None:
    bot_role = next(role for role in (await playground.ada.state())["roles"] if role["managed"])
    made = await _post(playground, {"content": "x"})
    pin = f"/channels/{playground.channel('general')}/messages/pins/{made.body['id']}"
    await playground.change_world(role_permissions={bot_role["id"]: "0"})
    assert (await playground.rest("PUT", pin)).code == 50013
    hidden = [{"id": bot_role["id"], "type": 0, "allow": "0", "deny": str(1 << 10)}]
    await playground.change_world(overwrites={str(playground.channel("general")): hidden})
    refused = await _post(playground, {"content": "y"})
    assert (refused.status, refused.code) == (403, 50001)


async def test_a_bot_that_was_kicked_has_no_access(playground: Playground) -> None:
    bot = (await playground.ada.state())["bot"]["user"]["id"]
    await playground.change_world(remove_member=bot)
    assert (await _post(playground, {"content": "x"})).code == 50001
    assert (await playground.rest("GET", f"/guilds/{playground.guild_id}")).code == 50001
    await playground.change_world(add_bot=True)
    assert (await _post(playground, {"content": "x"})).status == 200


async def test_only_who_manages_threads_opens_a_locked_one(playground: Playground) -> None:
    made = await _post(playground, {"content": "mirror"})
    await playground.rest("POST", f"{_messages(playground)}/{made.body['id']}/threads", {"name": "run"})
    thread = f"/channels/{made.body['id']}"
    await playground.change_world(threads={made.body["id"]: {"archived": True}})
    assert (await playground.rest("PATCH", thread, {"archived": False})).status == 200
    await playground.change_world(threads={made.body["id"]: {"archived": True, "locked": True}})
    assert (await playground.rest("PATCH", thread, {"archived": False})).status == 200, "the bot's role manages threads"
    await playground.change_world(threads={made.body["id"]: {"archived": True}})
    bot = (await playground.ada.state())["bot"]["user"]["id"]
    deny = {"id": bot, "type": 1, "allow": "0", "deny": str(1 << 34)}
    await playground.change_world(overwrites={str(playground.channel("general")): [deny]})
    assert (await playground.rest("PATCH", thread, {"archived": False})).code == 50013
    assert (await playground.rest("POST", f"{thread}/messages", {"content": "x"})).code == 160005


async def test_archived_private_threads_are_all_for_who_manages_them_and_ones_own_for_the_bot(
    playground: Playground,
) -> None:
    channel = f"/channels/{playground.channel('general')}"
    for name, kind, is_left in (("mine", 12, False), ("left", 12, True), ("public", 11, False)):
        made = await playground.rest("POST", f"{channel}/threads", {"name": name, "type": kind})
        thread = f"/channels/{made.body['id']}"
        if is_left:
            assert (await playground.rest("DELETE", f"{thread}/thread-members/@me")).status == 204
        assert (await playground.rest("PATCH", thread, {"archived": True})).status == 200
    lists = ("threads/archived/private", "users/@me/threads/archived/private", "threads/archived/public")
    listed = [(await playground.rest("GET", f"{channel}/{path}")).body["threads"] for path in lists]
    assert [sorted(thread["name"] for thread in threads) for threads in listed] == [
        ["left", "mine"],
        ["mine"],
        ["public"],
    ]


async def test_a_deleted_channel_is_unknown_with_its_threads(playground: Playground) -> None:
    made = await _post(playground, {"content": "mirror"})
    await playground.rest("POST", f"{_messages(playground)}/{made.body['id']}/threads", {"name": "run"})
    await playground.change_world(delete_channel=str(playground.channel("general")))
    assert (await _post(playground, {"content": "x"})).code == 10003
    assert (await playground.rest("GET", f"/channels/{made.body['id']}")).code == 10003


async def test_reactions_of_people_and_bot_are_counted(playground: Playground) -> None:
    made = await _post(playground, {"content": "launch"})
    path = f"{_messages(playground)}/{made.body['id']}"
    assert (await playground.rest("PUT", f"{path}/reactions/🚀/@me")).status == 204
    message = await playground.mo.wait_message(lambda message: message.id == made.body["id"])
    await playground.mo.react(message, "🚀")
    shown = (await playground.rest("GET", path)).body["reactions"]
    assert [(item["emoji"]["name"], item["count"], item["me"]) for item in shown] == [("🚀", 2, True)]
    await playground.advance(1)
    assert (await playground.rest("PUT", f"{path}/reactions/rocket/@me")).code == 10014


async def test_faults_strike_as_planned_and_are_recorded(playground: Playground) -> None:
    await playground.fault("POST", POST_MESSAGE, "status", status=503, count=2)
    assert [(await _post(playground, {"content": "x"})).status for _ in range(3)] == [503, 503, 200]
    await playground.fault("POST", "/channels/*/messages", "drop_after")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await _post(playground, {"content": "arrived but unheard"})
    assert "arrived but unheard" in [item.content for item in await playground.ada.history()]
    await playground.fault("POST", POST_MESSAGE, "drop_before")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await _post(playground, {"content": "never arrived"})
    assert "never arrived" not in [item.content for item in await playground.ada.history()]
    listed = await playground.faults()
    assert [len(item["hits"]) for item in listed] == [2, 1, 1]
    struck = [item["fault"] for item in await playground.wire(route=POST_MESSAGE)]
    assert struck == ["status", "status", None, "drop_after", "drop_before"]
    with pytest.raises(RefusedError, match="action is one of"):
        await playground.fault("POST", POST_MESSAGE, "explode")


async def test_unknown_things_have_discords_codes(playground: Playground) -> None:
    channel = playground.channel("general")
    for path, code in (
        ("/channels/1", 10003),
        (f"/channels/{channel}/messages/1", 10008),
        ("/guilds/1", 10004),
        (f"/guilds/{playground.guild_id}/members/1", 10007),
        ("/users/1", 10013),
        ("/nothing/here", 0),
    ):
        answer = await playground.rest("GET", path)
        assert (path, answer.status, answer.code) == (path, 404, code)


async def test_hostile_bodies_are_refused_and_never_break_the_server(playground: Playground) -> None:
    bodies: list[object] = [
        [],
        "text",
        {"content": 5},
        {"content": {"a": 1}},
        {"embeds": "x"},
        {"embeds": [5]},
        {"embeds": [{"fields": "x"}]},
        {"embeds": [{"fields": [None]}]},
        {"embeds": [{"footer": "x", "title": 5}]},
        {"components": {"a": 1}},
        {"components": [5]},
        {"components": [{"type": 1, "components": [5]}]},
        {"components": [{"type": 1, "components": "x"}]},
        {"components": [{"type": 1, "components": [{"type": 3, "custom_id": "x", "options": [7]}]}]},
        {"content": "x", "allowed_mentions": [1]},
        {"content": "x", "allowed_mentions": {"parse": "users"}},
        {"content": "x", "allowed_mentions": {"parse": [{}], "users": [{}]}},
        {"content": "x", "flags": "64"},
        {"content": "x", "message_reference": 5},
        {"content": "x", "message_reference": {"message_id": {}}},
        {"content": "x", "nonce": {}},
        {"content": "x", "attachments": [5]},
        {"content": "x", "attachments": {"id": 1}},
        {"flags": True},
    ]
    for number, body in enumerate(bodies):
        answer = await playground.rest("POST", _messages(playground), body)
        assert (number, body, answer.status) in [(number, body, 400), (number, body, 404), (number, body, 200)]
        await playground.advance(6)
