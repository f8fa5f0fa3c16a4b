"""Discord's clocks and rules for interactions, as a person and a bot without a library meet them."""

import pytest

from ompycord.playground.client import File, JsonObject, NotThereError, RefusedError
from tests.support.playground import Playground
from tests.support.playground_bot import RawBot, raw_bot
from tests.support.playground_person import Interaction, NotAnsweredError

PING: JsonObject = {"name": "ping", "description": "Answer", "type": 1}


async def _sent(playground: Playground, bot: RawBot, command: JsonObject = PING) -> JsonObject:
    """Run a command and return the interaction that the bot got."""
    await bot.sync([command])
    await playground.ada.start_command(command["name"])
    return await bot.event("INTERACTION_CREATE")


async def test_an_interaction_says_who_where_and_with_which_rights(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
    assert got["member"]["user"]["id"] == playground.ada.id
    assert got["member"]["roles"] == [playground.info.roles["admin"]]
    assert int(got["member"]["permissions"]) & 8
    assert got["channel"]["id"] == got["channel_id"] == playground.info.channels["general"]
    assert got["authorizing_integration_owners"] == {"0": str(playground.guild_id)}
    assert (got["context"], got["locale"], got["guild_locale"], got["entitlements"]) == (0, "en-US", "en-US", [])
    assert got["data"]["name"] == "ping"


async def test_an_interaction_without_answer_fails_after_3_seconds_and_stays_dead(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        await bot.sync([PING])
        started = await playground.ada.start_command("ping")
        got = await bot.event("INTERACTION_CREATE")
        with pytest.raises(NotAnsweredError, match="did not respond"):
            await playground.ada.wait_answer(started)
        late = await bot.answer(got, 4, {"content": "late"})
    assert (late.status, late.code) == (404, 10062)


async def test_only_the_first_answer_counts(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        assert (await bot.answer(got, 4, {"content": "one"})).status == 204
        second = await bot.answer(got, 4, {"content": "two"})
    assert (second.status, second.code) == (400, 40060)


async def test_a_token_is_dead_after_15_minutes(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        await bot.answer(got, 4, {"content": "one"})
        assert (await bot.follow_up(got, {"content": "two"})).status == 200
        await playground.advance(901)
        dead = await bot.follow_up(got, {"content": "three"})
        edit = await bot.edit_original(got, {"content": "three"})
    assert (dead.status, dead.code) == (401, 50027)
    assert (edit.status, edit.code) == (401, 50027)


async def test_a_modal_must_be_the_first_answer(playground: Playground) -> None:
    modal = {"custom_id": "m", "title": "t", "components": [_row("a")]}
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        assert (await bot.answer(got, 5, {})).status == 204
        after = await bot.answer(got, 9, modal)
    assert after.code == 40060


async def test_answers_that_do_not_fit_the_interaction_are_refused(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        for kind in (1, 6, 7, 8):
            refused = await bot.answer(got, kind, {"content": "x"})
            assert (refused.status, refused.code) == (400, 50035)
            assert "type" in refused.body["errors"]
        assert (await bot.answer(got, 4, {"content": "still possible"})).status == 204


async def test_an_answer_has_no_bucket_and_its_follow_ups_have_one(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        answered = await bot.answer(got, 4, {"content": "at once"})
        late = await bot.answer(got, 4, {"content": "twice"})
        more = await bot.follow_up(got, {"content": "more"})
    assert (answered.status, late.code) == (204, 40060)
    assert not [name for answer in (answered, late) for name in answer.headers if name.startswith("X-RateLimit")]
    assert more.headers["X-RateLimit-Remaining"] == "4"


async def test_a_deferred_answer_is_filled_by_the_first_follow_up(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        await bot.answer(got, 5, {"flags": 64})
        thinking = await playground.ada.wait_message(lambda message: message.is_thinking)
        assert thinking.is_ephemeral
        filled = await bot.follow_up(got, {"content": "done"})
        assert filled.body["id"] == thinking.id
        more = await bot.follow_up(got, {"content": "more"})
        assert more.body["id"] != thinking.id


async def test_only_its_person_sees_an_ephemeral_message(playground: Playground) -> None:
    async with raw_bot(playground) as bot:
        got = await _sent(playground, bot)
        await bot.answer(got, 4, {"content": "psst <@" + playground.mo.id + ">", "flags": 64})
        secret = await playground.ada.wait_message(lambda message: "psst" in message.content)
        assert (await playground.rest("GET", f"/channels/{secret.channel_id}/messages/{secret.id}")).code == 10008
        listed = await playground.rest("GET", f"/channels/{secret.channel_id}/messages")
        assert listed.body == []
    assert [item.id for item in await playground.ada.history()] == [secret.id]
    assert await playground.mo.history() == []
    marker = await playground.ada.say("for all")
    await playground.mo.wait_message(lambda message: message.id == marker.id)
    assert secret.id not in playground.mo.messages
    assert not any(item["users"] for item in await playground.pings())


async def test_a_form_is_checked_before_it_is_sent(playground: Playground) -> None:
    options = [{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}]
    modal = {
        "custom_id": "form",
        "title": "All kinds",
        "components": [
            _row("old", min_length=3, max_length=5),
            {"type": 18, "label": "New", "component": {"type": 4, "custom_id": "new", "style": 2, "required": False}},
            {"type": 18, "label": "Pick", "component": {"type": 3, "custom_id": "pick", "options": options}},
            {
                "type": 18,
                "label": "Files",
                "component": {"type": 19, "custom_id": "files", "min_values": 0, "required": False},
            },
        ],
    }
    async with raw_bot(playground) as bot:
        await bot.sync([PING])
        started = await playground.ada.start_command("ping")
        await bot.answer(await bot.event("INTERACTION_CREATE"), 9, modal)
        shown = await playground.ada.wait_answer(started)
        assert shown.modal is not None
        for values, field in (
            ({}, "old"),
            ({"old": "ab", "pick": ["1"]}, "old"),
            ({"old": "abcdef", "pick": ["1"]}, "old"),
            ({"old": "abc"}, "pick"),
            ({"old": "abc", "pick": ["3"]}, "pick"),
            ({"old": "abc", "pick": ["1", "2"]}, "pick"),
            ({"old": "abc", "pick": ["1"], "other": "x"}, "other"),
        ):
            with pytest.raises(RefusedError) as refused:
                await playground.ada.send_form(shown.modal, values)
            assert field in refused.value.errors
        await playground.ada.send_form(shown.modal, {"old": "abcde", "Pick": ["2"], "Files": File("a.txt", b"hello")})
        got = await bot.event("INTERACTION_CREATE")
    old, new, pick, files = got["data"]["components"]
    assert old["components"][0]["value"] == "abcde"
    assert new["component"]["value"] == ""
    assert pick["component"]["values"] == ["2"]
    (attachment,) = files["component"]["values"]
    assert got["data"]["resolved"]["attachments"][attachment]["filename"] == "a.txt"


async def test_options_are_resolved_and_checked(playground: Playground) -> None:
    ada, mo = playground.ada, playground.mo
    command: JsonObject = {
        "name": "give",
        "description": "d",
        "options": [
            {"type": 6, "name": "who", "description": "d", "required": True},
            {"type": 4, "name": "many", "description": "d", "min_value": 1, "max_value": 3},
            {"type": 7, "name": "where", "description": "d"},
            {"type": 8, "name": "role", "description": "d"},
            {"type": 11, "name": "file", "description": "d"},
            {"type": 3, "name": "mode", "description": "d", "choices": [{"name": "Fast", "value": "fast"}]},
        ],
    }
    async with raw_bot(playground) as bot:
        await bot.sync([command])
        bad: list[JsonObject] = [
            {},
            {"who": mo.id, "many": 4},
            {"who": mo.id, "mode": "slow"},
            {"who": mo.id, "x": 1},
        ]
        for options in bad:
            with pytest.raises(RefusedError):
                await ada.start_command("give", **options)
        where, role = playground.info.channels["ops"], playground.info.roles["member"]
        await ada.start_command(
            "give", who=mo.id, many=3, where=where, role=role, file=File("n.txt", b"n"), mode="fast"
        )
        data = (await bot.event("INTERACTION_CREATE"))["data"]
    resolved = data["resolved"]
    assert resolved["users"][mo.id]["global_name"] == "Mo"
    assert "permissions" in resolved["members"][mo.id]
    assert resolved["channels"][where]["name"] == "ops"
    assert resolved["roles"][role]["name"] == "Member"
    assert [item["filename"] for item in resolved["attachments"].values()] == ["n.txt"]


async def test_completions_arrive_and_at_most_25(playground: Playground) -> None:
    option = {"type": 3, "name": "repository", "description": "d", "autocomplete": True}
    command: JsonObject = {"name": "pick", "description": "d", "options": [option]}
    async with raw_bot(playground) as bot:
        await bot.sync([command])

        async def reply() -> None:
            got = await bot.event("INTERACTION_CREATE")
            assert got["data"]["options"][0] == {"name": "repository", "type": 3, "value": "sa", "focused": True}
            too_many = [{"name": str(number), "value": str(number)} for number in range(26)]
            assert (await bot.answer(got, 8, {"choices": too_many})).code == 50035
            assert (await bot.answer(got, 8, {"choices": [{"name": "sample", "value": "sample"}]})).status == 204

        choices = await bot.while_replying(reply(), playground.ada.complete("pick", "repository", "sa"))
    assert choices == [{"name": "sample", "value": "sample"}]


async def test_a_command_for_managers_is_hidden_from_others_and_refused(playground: Playground) -> None:
    managers: JsonObject = {"name": "manage", "description": "d", "default_member_permissions": str(1 << 4)}
    async with raw_bot(playground) as bot:
        await bot.sync([managers, PING])
        commands = (await playground.ada.state())["commands"]
        assert {item["name"] for item in (await playground.olu.state())["commands"]} == {"ping"}
        with pytest.raises(NotThereError):
            await playground.olu.start_command("manage")
        hidden = next(item["id"] for item in commands if item["name"] == "manage")
        body = {"user": playground.olu.id, "channel": playground.info.channels["general"], "command": hidden}
        with pytest.raises(RefusedError, match="403"):
            await playground.post("/app/interactions/command", body)
        assert isinstance(await playground.ada.start_command("manage"), Interaction)


async def test_a_message_menu_carries_its_message_without_the_content_intent(playground: Playground) -> None:
    async with raw_bot(playground, intents=1) as bot:
        await bot.sync([{"name": "Run as task", "type": 3}])
        target = await playground.mo.say("mend the cart")
        await playground.ada.start_command("Run as task", target=target.id)
        data = (await bot.event("INTERACTION_CREATE"))["data"]
    assert data["resolved"]["messages"][data["target_id"]]["content"] == "mend the cart"


async def test_selects_and_buttons_that_do_not_fit_are_not_sent(playground: Playground) -> None:
    channel = playground.info.channels["general"]
    select = {"type": 3, "custom_id": "s", "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]}
    off = {"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": True}
    rows = [{"type": 1, "components": [select]}, {"type": 1, "components": [off]}]
    async with raw_bot(playground) as bot:
        made = await playground.rest("POST", f"/channels/{channel}/messages", {"components": rows})
        message = await playground.ada.wait_message(lambda message: message.id == made.body["id"])
        for button, values in (("off", []), ("s", []), ("s", ["c"]), ("s", ["a", "b"])):
            with pytest.raises(RefusedError):
                await playground.ada.start_click(message, button, values)
        started = await playground.ada.start_click(message, "s", ["b"])
        got = await bot.event("INTERACTION_CREATE")
        assert got["data"]["values"] == ["b"]
        assert got["message"]["id"] == message.id
        assert (await bot.answer(got, 6)).status == 204
        assert (await bot.edit_original(got, {"content": "chosen", "components": []})).body["id"] == message.id
        await playground.ada.wait_answer(started)


def _row(custom_id: str, **more: object) -> JsonObject:
    return {"type": 1, "components": [{"type": 4, "custom_id": custom_id, "style": 1, "label": "Label", **more}]}
