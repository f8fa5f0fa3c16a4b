"""Discord's rules for messages, a row each: replies, forwards, polls, permissions, what can be edited and read."""

import pytest

from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground
from tests.support.playground_rules import MESSAGES, Rule, refused, require_rule

REFERENCE = "message_reference"
V2 = 1 << 15
ANSWER = {"poll_media": {"text": "yes"}}
POLL = {"question": {"text": "Ready?"}, "answers": [ANSWER, {"poll_media": {"text": "no", "emoji": {"name": "👎"}}}]}
VOICE = 1 << 13


def _reply(to: str, **more: object) -> dict[str, object]:
    return {"content": "x", REFERENCE: {"message_id": to, **more}}


def _poll(**changes: object) -> dict[str, object]:
    return {"poll": {**POLL, **changes}}


REPLIES = [
    Rule(
        name="a reply names its message",
        body=_reply("$own"),
        given=("own message",),
        shows={"type": 19, "message_reference.message_id": "$own", "referenced_message.content": "ours"},
    ),
    refused("a reply to nothing", _reply("$missing"), at=REFERENCE, because="REPLIES_UNKNOWN_MESSAGE"),
    Rule(
        name="a reply to nothing that may fail quietly",
        body=_reply("$missing", fail_if_not_exists=False),
        shows={"type": 0, REFERENCE: None},
    ),
    refused(
        "a reply to a message elsewhere",
        _reply("$elsewhere", channel_id="$ops"),
        given=("message elsewhere",),
        at=REFERENCE,
        because="REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL",
    ),
    refused(
        "a reply to a message that is elsewhere unsaid",
        _reply("$elsewhere"),
        given=("message elsewhere",),
        at=REFERENCE,
        because="REPLIES_UNKNOWN_MESSAGE",
    ),
    refused(
        "a reply to a notice",
        _reply("$notice"),
        given=("own message", "notice"),
        at=REFERENCE,
        because="REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
    ),
    Rule(
        name="a reply without the history",
        body=_reply("$own"),
        given=("own message", "without READ_MESSAGE_HISTORY"),
        status=403,
        code=160002,
    ),
    refused(
        "a reference without a message",
        {"content": "x", REFERENCE: {"channel_id": "$general"}},
        at="message_reference.message_id",
        because="BASE_TYPE_REQUIRED",
    ),
    refused(
        "a reference of no kind",
        _reply("$own", type=2),
        given=("own message",),
        at="message_reference.type",
        because="BASE_TYPE_CHOICES",
    ),
]


def _forward(of: str, channel: str = "$general") -> dict[str, object]:
    return {REFERENCE: {"type": 1, "message_id": of, "channel_id": channel}}


FORWARDS = [
    Rule(
        name="a forward holds a copy",
        path="/channels/$ops/messages",
        body=_forward("$own"),
        given=("own message",),
        shows={
            "type": 0,
            "content": "",
            "flags": 1 << 14,
            "message_reference.type": 1,
            "message_reference.channel_id": "$general",
            "message_snapshots.0.message.content": "ours",
            "message_snapshots.0.message.author": None,
        },
    ),
    Rule(
        name="a person's message can be forwarded with the content intent",
        body=_forward("$persons"),
        given=("person's message",),
        shows={"message_snapshots.0.message.content": "a person's"},
    ),
    Rule(
        name="without the content intent it cannot",
        body=_forward("$persons"),
        given=("person's message", "no content intent"),
        status=403,
        code=160014,
    ),
    refused(
        "a forward without its channel",
        {REFERENCE: {"type": 1, "message_id": "$own"}},
        given=("own message",),
        at="message_reference.channel_id",
        because="BASE_TYPE_REQUIRED",
    ),
    Rule(
        name="a forward out of a hidden channel",
        body=_forward("$elsewhere", "$ops"),
        given=("message elsewhere", "hidden"),
        status=403,
        code=50001,
    ),
    Rule(name="a forward of nothing", body=_forward("$missing"), status=404, code=10008),
    Rule(name="a forwarded poll", body=_forward("$poll"), given=("poll",), status=400, code=50068),
    Rule(name="a forwarded notice", body=_forward("$notice"), given=("own message", "notice"), status=400, code=50068),
]
POLLS = [
    Rule(
        name="a poll",
        body=_poll(allow_multiselect=True, duration=1),
        shows={
            "poll.question.text": "Ready?",
            "poll.answers.1.answer_id": 2,
            "poll.answers.1.poll_media.emoji.name": "👎",
            "poll.allow_multiselect": True,
            "poll.results.is_finalized": False,
        },
    ),
    refused("a poll without a question", _poll(question={}), at="poll.question.text", because="BASE_TYPE_REQUIRED"),
    refused(
        "a long question",
        _poll(question={"text": "x" * 301}),
        at="poll.question.text",
        because="BASE_TYPE_BAD_LENGTH",
    ),
    refused("a poll without answers", _poll(answers=[]), at="poll.answers", because="BASE_TYPE_BAD_LENGTH"),
    refused("eleven answers", _poll(answers=[ANSWER] * 11), at="poll.answers", because="BASE_TYPE_BAD_LENGTH"),
    refused(
        "a long answer",
        _poll(answers=[{"poll_media": {"text": "x" * 56}}]),
        at="poll.answers.0.poll_media.text",
        because="BASE_TYPE_BAD_LENGTH",
    ),
    refused("a poll of no time", _poll(duration=0), at="poll.duration", because="NUMBER_TYPE_MIN"),
    refused("a poll of over 32 days", _poll(duration=769), at="poll.duration", because="NUMBER_TYPE_MAX"),
    refused("a poll of another layout", _poll(layout_type=2), at="poll.layout_type", because="BASE_TYPE_CHOICES"),
    Rule(name="a poll without the permission", body=_poll(), given=("without SEND_POLLS",), status=403, code=50013),
    Rule(
        name="an edited poll",
        method="PATCH",
        path=f"{MESSAGES}/$poll",
        body={"content": "x"},
        given=("poll",),
        status=400,
        code=520003,
    ),
    refused(
        "a poll among components",
        {"flags": V2, "components": [{"type": 10, "content": "x"}], **_poll()},
        at="body",
        because="MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
]
PARTS = [
    Rule(
        name="an embed without the permission",
        body={"embeds": [{"title": "x"}]},
        given=("without EMBED_LINKS",),
        status=403,
        code=50013,
    ),
    Rule(
        name="speech without the permission",
        body={"content": "x", "tts": True},
        given=("without SEND_TTS_MESSAGES",),
        status=403,
        code=50013,
    ),
    Rule(name="speech", body={"content": "x", "tts": True}, shows={"tts": True}),
    Rule(name="a sticker that is none of ours", body={"sticker_ids": ["1"]}, status=400, code=50081),
    refused("four stickers", {"sticker_ids": ["1"] * 4}, at="sticker_ids", because="BASE_TYPE_MAX_LENGTH"),
    Rule(name="a voice message with text", body={"content": "x", "flags": VOICE}, status=400, code=50159),
    Rule(name="a voice message without a recording", body={"flags": VOICE}, status=400, code=50160),
    refused(
        "text beside components on an edit",
        {"flags": V2, "components": [{"type": 10, "content": "x"}]},
        method="PATCH",
        path=f"{MESSAGES}/$own",
        given=("own message",),
        at="body",
        because="MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    Rule(
        name="an edit that takes the text away for components",
        method="PATCH",
        path=f"{MESSAGES}/$own",
        body={"content": None, "flags": V2, "components": [{"type": 10, "content": "x"}]},
        given=("own message",),
        shows={"flags": V2, "content": ""},
    ),
]
CHANGES = [
    Rule(
        name="an edited notice",
        method="PATCH",
        path=f"{MESSAGES}/$notice",
        body={"content": "x"},
        given=("own message", "notice"),
        status=403,
        code=50021,
    ),
    Rule(
        name="another's message",
        method="PATCH",
        path=f"{MESSAGES}/$persons",
        body={"content": "x"},
        given=("person's message",),
        status=403,
        code=50005,
    ),
    Rule(
        name="the embeds of another's message",
        method="PATCH",
        path=f"{MESSAGES}/$persons",
        body={"flags": 4},
        given=("person's message",),
        shows={"flags": 4, "content": "a person's"},
    ),
    Rule(
        name="no flags for another's message",
        method="PATCH",
        path=f"{MESSAGES}/$persons",
        body={"flags": None},
        given=("person's message",),
        shows={"flags": 0},
    ),
    Rule(
        name="the embeds of another's message without the permission",
        method="PATCH",
        path=f"{MESSAGES}/$persons",
        body={"flags": 4},
        given=("person's message", "without MANAGE_MESSAGES"),
        status=403,
        code=50005,
    ),
]
NONE: dict[str, dict[str, object]] = {
    MESSAGES: {"*": 0},
    f"{MESSAGES}/pins": {"items": [], "has_more": False},
    "/channels/$general/pins": {"*": 0},
}
READING = [
    Rule(
        name=f"{path} without the history",
        method="GET",
        path=path,
        given=("own message", "without READ_MESSAGE_HISTORY"),
        shows=shows,
    )
    for path, shows in NONE.items()
] + [
    Rule(
        name="one message without the history",
        method="GET",
        path=f"{MESSAGES}/$own",
        given=("own message", "without READ_MESSAGE_HISTORY"),
        status=403,
        code=50013,
    )
]
LOCKED = [
    Rule(
        name="a message into a locked thread",
        path="/channels/$thread/messages",
        body={"content": "x"},
        given=("thread", "locked", "without MANAGE_THREADS"),
        status=403,
        code=160005,
    ),
    Rule(
        name="a message into a locked thread by who manages threads",
        path="/channels/$thread/messages",
        body={"content": "x"},
        given=("thread", "locked"),
    ),
    Rule(
        name="an edit in a locked thread",
        method="PATCH",
        path="/channels/$thread/messages/$within",
        body={"content": "x"},
        given=("thread", "locked", "without MANAGE_THREADS"),
        status=403,
        code=160005,
    ),
    Rule(
        name="a deletion in a locked thread",
        method="DELETE",
        path="/channels/$thread/messages/$within",
        given=("thread", "locked", "without MANAGE_THREADS"),
        status=204,
    ),
    Rule(
        name="the title of a locked thread",
        method="PATCH",
        path="/channels/$thread",
        body={"name": "x"},
        given=("thread", "locked", "without MANAGE_THREADS"),
        status=403,
        code=160005,
    ),
]


@pytest.mark.parametrize("rule", [*REPLIES, *FORWARDS, *POLLS, *PARTS, *CHANGES, *READING, *LOCKED], ids=str)
async def test_a_message_is_judged_as_discord_judges_it(playground: Playground, rule: Rule) -> None:
    await require_rule(playground, rule)


@pytest.mark.shared
@pytest.mark.parametrize("rule", [REPLIES[0], FORWARDS[0], POLLS[0], PARTS[-1], CHANGES[2], READING[1]], ids=str)
async def test_what_is_taken_is_within_discords_description(
    playground: Playground, rule: Rule, discord_schema: DiscordSchema
) -> None:
    await require_rule(playground, rule, discord_schema)


async def test_a_poll_is_final_once_it_is_over(playground: Playground) -> None:
    channel = playground.channel("general")
    made = await playground.rest("POST", f"/channels/{channel}/messages", _poll(duration=1))
    await playground.advance(3601)
    seen = await playground.rest("GET", f"/channels/{channel}/messages/{made.body['id']}")
    assert seen.body["poll"]["results"] == {"answer_counts": [], "is_finalized": True}


async def test_a_forward_outlives_what_it_copied(playground: Playground) -> None:
    path = f"/channels/{playground.channel('general')}/messages"
    own = (await playground.rest("POST", path, {"content": "first"})).body
    made = (
        await playground.rest(
            "POST", path, {REFERENCE: {"type": 1, "message_id": own["id"], "channel_id": own["channel_id"]}}
        )
    ).body
    await playground.rest("PATCH", f"{path}/{own['id']}", {"content": "second"})
    again = (
        await playground.rest(
            "POST", path, {REFERENCE: {"type": 1, "message_id": made["id"], "channel_id": own["channel_id"]}}
        )
    ).body
    await playground.rest("DELETE", f"{path}/{own['id']}")
    for copy in (made, again):
        seen = (await playground.rest("GET", f"{path}/{copy['id']}")).body
        assert [item["message"]["content"] for item in seen["message_snapshots"]] == ["first"]
