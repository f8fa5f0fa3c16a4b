"""Holds every message that a test's bot sent against the policy of who is pinged.

(docs/contracts/cards.md, *Who is pinged*).

Judged from the wire and from what the playground counted as pings, at the end of every test that runs the bot;
counterpart of `render/people.py`, the only place that writes a mention.
"""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from ompycord.playground.client import JsonObject
from ompycord.render.marker import parse_marker
from tests.support.discord_schema import DiscordSchema, available
from tests.support.playground import Playground

__all__ = ["body_of", "judge_messages", "policy_faults"]

RINGING = frozenset({"question", "result", "notice"})
"""Kinds of messages that may mention somebody; each of them once."""
DIRECT = "/users/@me/channels"
SILENT = 1 << 12
"""Discord, *Message flags*: SUPPRESS_NOTIFICATIONS."""


def body_of(entry: JsonObject) -> JsonObject:
    """The message in a request, an interaction's answer included; empty where there is none."""
    if entry["method"] not in {"POST", "PATCH"} or not entry["request"]:
        return {}
    request: JsonObject = entry["request"]
    return request.get("data") or request


def policy_faults(entries: list[JsonObject], pings: list[JsonObject]) -> list[str]:
    """What the policy does not allow, in words; `entries` are the wire's, `pings` what really rang or could have."""
    found: list[str] = []
    sent: dict[str, str] = {}
    direct = {entry["response"]["id"] for entry in entries if entry["route"] == DIRECT and entry["response"]}
    for entry in entries:
        if "content" in body_of(entry):
            is_direct = any(f"/channels/{channel}/" in entry["path"] for channel in direct)
            found += [] if is_direct else _faults_of(entry)  # whoever chose to be told so is
            response: JsonObject = entry["response"] or {}
            sent[str(response.get("id"))] = _footer(body_of(entry))
    rings: Counter[str] = Counter()
    for ping in pings:
        what = sent.get(str(ping["message"])) or str(ping["message"])
        rings[what] += bool(ping["users"])
        found += [f"{what}: rings everyone"] if ping["mentions"]["everyone"] else []
        found += [f"{what}: an edit rings"] if ping["users"] and ping["event"] != "create" else []
    return found + [f"{footer}: rang {times} times" for footer, times in rings.items() if times > 1]


def _faults_of(entry: JsonObject) -> list[str]:
    """What is wrong with one message by itself."""
    body = body_of(entry)
    footer = _footer(body)
    marker = parse_marker(footer)
    kind = marker.kind.value if marker is not None else "unknown"
    allowed: JsonObject = body.get("allowed_mentions") or {"parse": ["everything"]}
    named = [*allowed.get("users", ()), *allowed.get("roles", ())]
    found = [f"{footer}: parses {allowed['parse']}"] if allowed.get("parse") else []
    if named and entry["method"] == "PATCH":
        found.append(f"{footer}: an edit names somebody")
    if named and kind not in RINGING:
        found.append(f"{footer}: a {kind} message rings")
    is_own = entry["method"] == "POST" and "/interactions/" not in entry["route"]
    is_silent = body.get("flags", 0) & SILENT
    if is_own and not named and not is_silent and kind != "question":  # one of an agent elsewhere names nobody
        found.append(f"{footer}: mentions nobody and is not silent")
    return found


def _footer(body: JsonObject) -> str:
    embeds: list[JsonObject] = body.get("embeds") or []
    return next((str(embed["footer"]["text"]) for embed in embeds if "footer" in embed), str(body["content"]))


@cache
def _description() -> DiscordSchema | None:
    """Read once for all tests of a process, and each operation compiled once: a fifth of a second, and more."""
    where = available(Path(__file__).resolve().parents[2])
    return DiscordSchema(where) if where else None


async def judge_messages(playground: Playground) -> int:
    """Raise AssertionError for a message that the policy or Discord's description does not allow.

    How many were judged.
    """
    schema = _description()
    entries: list[Any] = await playground.wire()
    if schema is not None:
        for entry in entries:
            if entry["status"] < 400:  # see above
                schema.check_request(entry)
    faults = policy_faults(entries, await playground.pings())
    assert not faults, "\n".join(faults)
    return sum("content" in body_of(entry) for entry in entries) if schema is not None else 0
