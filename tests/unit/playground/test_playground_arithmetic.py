"""The pure parts of the playground: who is mentioned, what a rate limit says, what ids and permissions are."""

from typing import Any

import pytest

from ompycord.playground.faults.plan import FaultPlan
from ompycord.playground.rules import permissions
from ompycord.playground.rules.limits import RateRule, RateRules
from ompycord.playground.rules.mentions import Mentions, parse
from ompycord.playground.rules.ratelimit import RateLimiter
from ompycord.playground.world.clock import ShiftedClock
from ompycord.playground.world.ids import Snowflakes, made_at

Json = dict[str, Any]
TEXT = "<@1> <@!2> <@&3> @everyone"
ALL = Mentions(users=("1", "2"), roles=("3",), is_everyone=True)


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, ALL),
        ({}, Mentions()),
        ({"parse": []}, Mentions()),
        ({"parse": ["users"]}, Mentions(users=("1", "2"))),
        ({"parse": ["roles"]}, Mentions(roles=("3",))),
        ({"parse": ["everyone"]}, Mentions(is_everyone=True)),
        ({"parse": [], "users": ["2", "9"]}, Mentions(users=("2",))),
        ({"users": [2], "roles": [3]}, Mentions(users=("2",), roles=("3",))),
        ({"parse": ["users", "roles", "everyone"]}, ALL),
    ],
    ids=str,
)
def test_allowed_mentions_decide_and_without_them_everything_is_parsed(
    allowed: Json | None, expected: Mentions
) -> None:
    assert parse(TEXT, allowed) == expected


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [(None, ("7",)), ({"parse": []}, ()), ({"parse": [], "replied_user": True}, ("7",)), ({"replied_user": False}, ())],
)
def test_a_reply_pings_its_author_unless_told_otherwise(allowed: Json | None, expected: tuple[str, ...]) -> None:
    assert parse("hello", allowed, replied_to="7").users == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("`<@1>` <@2>", ("2",)),
        ("``<@1> ` <@2>`` <@3>", ("3",)),
        ("```py\n<@1>\n``` <@2>", ("2",)),
        ("```<@1>", ("1",)),
        ("`<@1>\n<@2>`", ()),
        ("`<@1> <@2>", ("1", "2")),
        ("\\`<@1>`", ("1",)),
        ("`a` <@1> `b`", ("1",)),
        ("<@`x`1>", ()),
    ],
    ids=repr,
)
def test_code_mentions_nobody(content: str, expected: tuple[str, ...]) -> None:
    assert parse(content, None).users == expected


def test_everyone_and_roles_in_code_are_not_meant() -> None:
    assert parse("`@everyone` ```<@&3> @here```", {"parse": ["everyone", "roles"]}) == Mentions()


RULE = RateRule(name="messages", limit=5, window_s=5, source="test")


def test_a_window_opens_with_its_first_request_and_closes_exactly() -> None:
    limiter = RateLimiter(RateRules())
    taken = [limiter.take(RULE, "channel", 100.0 + number) for number in range(5)]
    assert [verdict.headers["X-RateLimit-Remaining"] for verdict in taken] == ["4", "3", "2", "1", "0"]
    assert taken[1].headers["X-RateLimit-Reset-After"] == "4.000"
    refused = limiter.take(RULE, "channel", 104.5)
    assert not refused.is_allowed
    assert refused.retry_after_s == 0.5
    assert not limiter.take(RULE, "channel", 104.999).is_allowed
    assert limiter.take(RULE, "channel", 105.0).is_allowed


def test_channels_do_not_share_a_window() -> None:
    limiter = RateLimiter(RateRules())
    assert all(limiter.take(RULE, "one", 1.0).is_allowed for _ in range(5))
    assert limiter.take(RULE, "two", 1.0).is_allowed
    assert not limiter.take(RULE, "one", 1.0).is_allowed


def test_the_global_limit_spares_interactions_and_spends_no_bucket() -> None:
    limiter = RateLimiter(RateRules())
    wide = RateRule(name="wide", limit=1000, window_s=10, source="test")
    assert all(limiter.take(wide, str(number), 1.0).is_allowed for number in range(50))
    refused = limiter.take(wide, "x", 1.4)
    assert refused.is_global
    assert refused.retry_after_s == pytest.approx(0.6)
    assert limiter.take(wide, "x", 1.4, is_exempt_from_global=True).headers["X-RateLimit-Remaining"] == "999"
    assert limiter.take(wide, "x", 2.0).is_allowed


def test_ten_thousand_invalid_requests_are_a_ban_for_a_while() -> None:
    limiter = RateLimiter(RateRules())
    for _ in range(9_999):
        limiter.note_invalid(1.0)
    assert not limiter.is_banned(1.0)
    limiter.note_invalid(1.0)
    assert limiter.is_banned(600.9)
    assert not limiter.is_banned(601.0)


def test_ids_grow_and_tell_their_time() -> None:
    clock = ShiftedClock()
    ids = Snowflakes(clock)
    made = [int(ids.next()) for _ in range(1000)]
    assert made == sorted(set(made))
    assert made_at(str(made[0])) == pytest.approx(clock.now(), abs=5)
    clock.advance(3600)
    assert made_at(ids.next()) - made_at(str(made[0])) >= 3600
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_overwrites_apply_to_everyone_then_roles_then_the_member() -> None:
    member: Json = {"_user": "9", "roles": ["5"]}
    view, send = permissions.VIEW_CHANNEL, permissions.SEND_MESSAGES

    def held(*overwrites: tuple[str, int, int]) -> int:
        shown = [{"id": target, "allow": str(allow), "deny": str(deny)} for target, allow, deny in overwrites]
        return permissions.channel_permissions(view | send, member, {"permission_overwrites": shown}, "1")

    assert held() == view | send
    assert held(("1", 0, send)) == view
    assert held(("1", 0, send), ("5", send, 0)) == view | send
    assert held(("5", send, 0), ("9", 0, send)) == view
    assert held(("1", 0, view)) == 0
    assert permissions.channel_permissions(permissions.ADMINISTRATOR, member, {}, "1") == permissions.ALL


def test_faults_with_the_same_seed_strike_the_same_requests() -> None:
    def struck() -> list[bool]:
        plan = FaultPlan(ShiftedClock())
        plan.add({"action": "status", "count": 100, "probability": 0.5, "seed": 4})
        return [plan.next_for("GET", "/x", "/x") is not None for _ in range(40)]

    assert struck() == struck()
    assert 5 < sum(struck()) < 35
