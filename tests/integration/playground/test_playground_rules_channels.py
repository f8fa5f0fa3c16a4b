"""Discord's rules for channels, threads and posts of forums, a row each; and slow mode, which holds for people."""

from typing import Any

import pytest

from ompycord.playground.client import RefusedError
from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground
from tests.support.playground_rules import Rule, refused, require_rule

CHANNELS = "/guilds/$guild/channels"
VOICE, CATEGORY, NEWS, STAGE, FORUM = 2, 4, 5, 13, 15
GROUP, SHOUT, TALK, ASK = f"make group {CATEGORY}", f"make shout {NEWS}", f"make talk {VOICE}", f"make ask {FORUM}"
TAGS = [{"name": "bug", "emoji_name": "🐛"}, {"name": "idea", "moderated": True}]


def _made(name: str, kind: int, shows: dict[str, Any], **body: Any) -> Rule:
    """A channel that is taken."""
    expected = {"type": kind, **shows}
    return Rule(name=name, path=CHANNELS, body={"name": "A Place", "type": kind, **body}, status=201, shows=expected)


KINDS = [
    _made("a text channel", 0, {"name": "a-place", "topic": None, "rate_limit_per_user": 5}, rate_limit_per_user=5),
    _made(
        "a voice channel",
        VOICE,
        {"name": "A Place", "bitrate": 64000, "user_limit": 9, "rtc_region": None},
        user_limit=9,
    ),
    _made("a stage", STAGE, {"name": "A Place", "user_limit": 10_000}, user_limit=10_000),
    _made("a category", CATEGORY, {"name": "A Place", "parent_id": None, "topic": None}, topic="ignored"),
    _made("an announcement channel", NEWS, {"name": "a-place"}),
    _made(
        "a forum",
        FORUM,
        {
            "name": "a-place",
            "available_tags.1.name": "idea",
            "available_tags.1.moderated": True,
            "default_sort_order": 1,
        },
        available_tags=TAGS,
        default_sort_order=1,
        topic="x" * 4096,
    ),
    Rule(
        name="a channel in a category",
        path=CHANNELS,
        body={"name": "x", "parent_id": "$group"},
        given=(GROUP,),
        status=201,
        shows={"parent_id": "$group"},
    ),
]
SETTINGS: list[tuple[str, int, dict[str, Any], str, str]] = [
    ("a kind that is none", 0, {"type": 7}, "type", "BASE_TYPE_CHOICES"),
    ("a long name", 0, {"name": "x" * 101}, "name", "BASE_TYPE_BAD_LENGTH"),
    ("a long topic", 0, {"topic": "x" * 1025}, "topic", "BASE_TYPE_MAX_LENGTH"),
    ("a long topic of a forum", FORUM, {"topic": "x" * 4097}, "topic", "BASE_TYPE_MAX_LENGTH"),
    ("slow mode of over six hours", 0, {"rate_limit_per_user": 21601}, "rate_limit_per_user", "NUMBER_TYPE_MAX"),
    ("slow mode below nothing", 0, {"rate_limit_per_user": -1}, "rate_limit_per_user", "NUMBER_TYPE_MIN"),
    ("a low bitrate", VOICE, {"bitrate": 7999}, "bitrate", "NUMBER_TYPE_MIN"),
    ("a high bitrate", VOICE, {"bitrate": 96001}, "bitrate", "NUMBER_TYPE_MAX"),
    ("a hundred speakers", VOICE, {"user_limit": 100}, "user_limit", "NUMBER_TYPE_MAX"),
    ("a full stage", STAGE, {"user_limit": 10_001}, "user_limit", "NUMBER_TYPE_MAX"),
    ("a strange picture", VOICE, {"video_quality_mode": 3}, "video_quality_mode", "BASE_TYPE_CHOICES"),
    (
        "another hour of archiving",
        0,
        {"default_auto_archive_duration": 61},
        "default_auto_archive_duration",
        "BASE_TYPE_CHOICES",
    ),
    ("a strange order", FORUM, {"default_sort_order": 2}, "default_sort_order", "BASE_TYPE_CHOICES"),
    ("a strange layout", FORUM, {"default_forum_layout": 3}, "default_forum_layout", "BASE_TYPE_CHOICES"),
    (
        "21 tags",
        FORUM,
        {"available_tags": [{"name": str(n)} for n in range(21)]},
        "available_tags",
        "BASE_TYPE_MAX_LENGTH",
    ),
    ("a long tag", FORUM, {"available_tags": [{"name": "x" * 21}]}, "available_tags.0.name", "BASE_TYPE_BAD_LENGTH"),
    (
        "an overwrite for no one",
        0,
        {"permission_overwrites": [{"type": 0}]},
        "permission_overwrites.0.id",
        "BASE_TYPE_REQUIRED",
    ),
    (
        "an overwrite of nothing",
        0,
        {"permission_overwrites": [{"id": "$guild", "type": 2}]},
        "permission_overwrites.0.type",
        "BASE_TYPE_CHOICES",
    ),
    ("a category that is missing", 0, {"parent_id": "$missing"}, "parent_id", "CHANNEL_PARENT_INVALID"),
    ("a category that is none", 0, {"parent_id": "$general"}, "parent_id", "CHANNEL_PARENT_INVALID_TYPE"),
]
CREATION = [
    *(
        refused(name, {"name": "x", "type": kind, **body}, path=CHANNELS, at=at, because=code)
        for name, kind, body, at, code in SETTINGS
    ),
    Rule(
        name="two tags of one name",
        path=CHANNELS,
        body={"name": "x", "type": FORUM, "available_tags": [{"name": "bug"}, {"name": "bug"}]},
        status=400,
        code=40061,
    ),
    Rule(
        name="a channel without the permission",
        path=CHANNELS,
        body={"name": "x"},
        given=("without MANAGE_CHANNELS",),
        status=403,
        code=50013,
    ),
]
CHANGES = [
    Rule(
        name="text becomes announcements",
        method="PATCH",
        path="/channels/$general",
        body={"type": NEWS},
        shows={"type": NEWS},
    ),
    refused(
        "text becomes voice",
        {"type": VOICE},
        method="PATCH",
        path="/channels/$general",
        at="type",
        because="BASE_TYPE_CHOICES",
    ),
    refused(
        "voice becomes text",
        {"type": 0},
        method="PATCH",
        path="/channels/$talk",
        given=(TALK,),
        at="type",
        because="BASE_TYPE_CHOICES",
    ),
    Rule(
        name="null sets back",
        method="PATCH",
        path="/channels/$general",
        body={"type": None, "topic": None, "rate_limit_per_user": None, "permission_overwrites": None},
        shows={"type": 0, "topic": None, "rate_limit_per_user": 0, "permission_overwrites": []},
    ),
    Rule(
        name="a voice channel has no topic",
        method="PATCH",
        path="/channels/$talk",
        body={"topic": "x", "bitrate": 8000},
        given=(TALK,),
        shows={"topic": None, "bitrate": 8000},
    ),
    Rule(
        name="a direct channel",
        method="PATCH",
        path="/channels/$direct",
        body={"name": "x"},
        given=("direct channel",),
        status=400,
        code=50003,
    ),
    Rule(
        name="the permissions of a direct channel",
        method="PUT",
        path="/channels/$direct/permissions/$ada",
        body={"type": 1},
        given=("direct channel",),
        status=400,
        code=50003,
    ),
    Rule(
        name="the permissions of a thread",
        method="PUT",
        path="/channels/$thread/permissions/$ada",
        body={"type": 1},
        given=("thread",),
        status=400,
        code=50024,
    ),
]
MESSAGES = [
    Rule(
        name="a message in a voice channel",
        path="/channels/$talk/messages",
        body={"content": "x"},
        given=(TALK,),
        shows={"content": "x"},
    ),
    Rule(
        name="a message in a category",
        path="/channels/$group/messages",
        body={"content": "x"},
        given=(GROUP,),
        status=400,
        code=50008,
    ),
    Rule(
        name="a message in a forum",
        path="/channels/$ask/messages",
        body={"content": "x"},
        given=(ASK,),
        status=400,
        code=40058,
    ),
    Rule(
        name="a message in a voice channel that one cannot enter",
        path="/channels/$talk/messages",
        body={"content": "x"},
        given=(TALK, "without CONNECT"),
        status=403,
        code=50013,
    ),
]


def _thread(name: str, channel: str, *given: str, status: int = 201, code: int = 0, **body: Any) -> Rule:
    """A thread without a message."""
    shows = {"type": body["type"]} if status == 201 and "type" in body else {}
    return Rule(
        name=name,
        path=f"/channels/${channel}/threads",
        body={"name": "t", **body},
        given=given,
        status=status,
        code=code,
        shows=shows,
    )


POST = {"message": {"content": "first"}}
THREADS = [
    _thread("an announcement's thread", "shout", SHOUT, type=10),
    _thread("a public thread among announcements", "shout", SHOUT, status=400, code=50024, type=11),
    _thread("a private thread among announcements", "shout", SHOUT, status=400, code=50024, type=12),
    _thread("an announcement's thread in text", "general", status=400, code=50024, type=10),
    _thread("a thread in a voice channel", "talk", TALK, status=400, code=50024, type=11),
    _thread("a thread in a category", "group", GROUP, status=400, code=50024, type=11),
    refused(
        "a thread of too slow a mode",
        {"name": "t", "type": 11, "rate_limit_per_user": 21601},
        path="/channels/$general/threads",
        at="rate_limit_per_user",
        because="NUMBER_TYPE_MAX",
    ),
    Rule(
        name="a post begins with its message",
        path="/channels/$ask/threads",
        body={"name": "How?", **POST},
        given=(ASK,),
        status=201,
        shows={"type": 11, "parent_id": "$ask", "message.content": "first"},
    ),
    refused(
        "a post without a message",
        {"name": "How?"},
        path="/channels/$ask/threads",
        given=(ASK,),
        at="message",
        because="BASE_TYPE_REQUIRED",
    ),
    refused(
        "a post with a long message",
        {"name": "How?", "message": {"content": "x" * 2001}},
        path="/channels/$ask/threads",
        given=(ASK,),
        at="message.content",
        because="BASE_TYPE_MAX_LENGTH",
    ),
    Rule(
        name="a post of nothing",
        path="/channels/$ask/threads",
        body={"name": "How?", "message": {}},
        given=(ASK,),
        status=400,
        code=50006,
    ),
    Rule(
        name="a post with a tag",
        path="/channels/$ask/threads",
        body={"name": "How?", **POST, "applied_tags": ["$bug"]},
        given=(ASK, "tags"),
        status=201,
        shows={"applied_tags": ["$bug"]},
    ),
    Rule(
        name="a tag for a post that is there",
        method="PATCH",
        path="/channels/$post",
        body={"applied_tags": ["$bug"]},
        given=(ASK, "tags", "post"),
        shows={"applied_tags": ["$bug"]},
    ),
    Rule(
        name="a tag that is missing for a post that is there",
        method="PATCH",
        path="/channels/$post",
        body={"applied_tags": ["$missing"]},
        given=(ASK, "tags", "post"),
        status=404,
        code=10087,
    ),
    Rule(
        name="a post with a tag that is missing",
        path="/channels/$ask/threads",
        body={"name": "How?", **POST, "applied_tags": ["$missing"]},
        given=(ASK, "tags"),
        status=404,
        code=10087,
    ),
    refused(
        "six tags",
        {"name": "How?", **POST, "applied_tags": ["$bug"] * 6},
        path="/channels/$ask/threads",
        given=(ASK, "tags"),
        at="applied_tags",
        because="BASE_TYPE_MAX_LENGTH",
    ),
    Rule(
        name="a post without the tag it needs",
        path="/channels/$ask/threads",
        body={"name": "How?", **POST},
        given=(ASK, "tags", "tag required"),
        status=400,
        code=40067,
    ),
    Rule(
        name="a post without the permission",
        path="/channels/$ask/threads",
        body={"name": "How?", **POST},
        given=(ASK, "without SEND_MESSAGES"),
        status=403,
        code=50013,
    ),
]
RULES = [*KINDS, *CREATION, *CHANGES, *MESSAGES, *THREADS]


@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_a_channel_is_judged_as_discord_judges_it(playground: Playground, rule: Rule) -> None:
    await require_rule(playground, rule)


@pytest.mark.shared
@pytest.mark.parametrize(
    "rule", [*(rule for rule in KINDS if "ignored" not in str(rule.body)), THREADS[0], THREADS[7]], ids=str
)
async def test_a_channel_that_is_taken_is_within_discords_description(
    playground: Playground, rule: Rule, discord_schema: DiscordSchema
) -> None:
    await require_rule(playground, rule, discord_schema)


async def test_channels_outlive_their_category(playground: Playground) -> None:
    guild = f"/guilds/{playground.guild_id}/channels"
    category = (await playground.rest("POST", guild, {"name": "group", "type": CATEGORY})).body["id"]
    child = (await playground.rest("POST", guild, {"name": "x", "parent_id": category})).body["id"]
    await playground.rest("DELETE", f"/channels/{category}")
    assert (await playground.rest("GET", f"/channels/{child}")).body["parent_id"] is None


async def test_a_post_and_its_message_have_one_id(playground: Playground) -> None:
    guild = f"/guilds/{playground.guild_id}/channels"
    forum = (await playground.rest("POST", guild, {"name": "ask", "type": FORUM})).body["id"]
    post = (await playground.rest("POST", f"/channels/{forum}/threads", {"name": "How?", **POST})).body
    assert post["id"] == post["message"]["id"] == post["message"]["channel_id"]
    assert [item.content for item in await playground.mo.history(post["id"])] == ["first"]


async def test_people_write_into_no_category_and_no_forum(playground: Playground) -> None:
    for kind, code in ((CATEGORY, 50008), (FORUM, 40058)):
        made = await playground.rest("POST", f"/guilds/{playground.guild_id}/channels", {"name": "x", "type": kind})
        with pytest.raises(RefusedError) as refusal:
            await playground.mo.say("hello", made.body["id"])
        assert refusal.value.body["code"] == code


async def test_people_wait_in_slow_mode_and_bots_do_not(playground: Playground) -> None:
    channel = playground.channel("general")
    await playground.rest("PATCH", f"/channels/{channel}", {"rate_limit_per_user": 60})
    await playground.mo.say("one")
    with pytest.raises(RefusedError) as refusal:
        await playground.mo.say("two")
    assert (refusal.value.status, refusal.value.body["code"]) == (429, 20016)
    assert 0 < refusal.value.body["retry_after"] <= 60
    for _ in range(2):
        await playground.ada.say("who manages everything does not wait")
        assert (await playground.rest("POST", f"/channels/{channel}/messages", {"content": "x"})).status == 200
    await playground.advance(60)
    await playground.mo.say("two")
