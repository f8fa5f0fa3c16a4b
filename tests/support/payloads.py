"""Reads rendered messages as Discord and as a person would: every text of one, its limits, what would come alive."""

from collections.abc import Iterator
from typing import Any

import regex

from ompycord.render.message import RenderedMessage
from ompycord.text import limits, utf16_len

OURS = "https://discord.com/channels/"
"""Where a link of ours leads that has a run's title as its text."""

LIVE = {
    "mention": regex.compile(r"<(?:@[!&]?\d|#\d|a?:\w+:\d|id:|/\w)|@(?:everyone|here)"),
    "masked link": regex.compile(rf"(?<!\\)\]\((?!{regex.escape(OURS)}[0-9/]+\))"),
    "bidi or zero width (but the breaker)": regex.compile(
        r"[\u202a-\u202e\u2066-\u2069\u200c\u200e\u200f\u2060\ufeff]"
    ),
    "control": regex.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]"),
    "half a character": regex.compile(r"[\ud800-\udfff]"),
    "heading": regex.compile(r"^#{1,3} ", regex.MULTILINE),
}


ISOLATED = regex.compile("\u2068([^\u2066-\u2069]*)\u2069")
"""A title that is read from right to left, which turns nothing beside it."""
FENCED = regex.compile(r"(?<!\\)```\n.*?\n```", regex.DOTALL)
"""Code is shown as it is, so only its fence must hold."""


def plain_sign(action: str, ref: str) -> str:
    return f"v1:{action}:{ref}:nonceXXX:macXXXXXXXXXXXXX"


def texts(message: RenderedMessage) -> Iterator[str]:
    """Every text that people see, content and buttons included."""
    yield message.content
    for embed in message.embeds:
        yield from embed_texts(embed)
    for button in buttons(message):
        yield button["label"]


def embed_texts(embed: dict[str, Any]) -> Iterator[str]:
    yield embed.get("author", {}).get("name", "")
    yield embed.get("title", "")
    yield embed.get("description", "")
    for field in embed.get("fields", []):
        yield from (field["name"], field["value"])
    yield embed.get("footer", {}).get("text", "")


def buttons(message: RenderedMessage) -> list[dict[str, Any]]:
    return [button for row in message.components for button in row["components"]]


def assert_within_limits(message: RenderedMessage) -> None:
    """docs/platform/discord.md, *Sizes*, in code points and in UTF-16 units."""
    for length in (len, utf16_len):
        assert length(message.content) <= limits.MESSAGE_CONTENT
        total = 0
        for embed in message.embeds:
            total += sum(map(length, embed_texts(embed)))
            _assert_embed(embed, length)
        assert total <= limits.EMBEDS_TOTAL
        for button in buttons(message):
            assert 0 < length(button["label"].strip()) <= limits.BUTTON_LABEL
    assert len(message.components) <= limits.ACTION_ROWS
    for row in message.components:
        assert 0 < len(row["components"]) <= limits.ROW_BUTTONS
    ids = [button["custom_id"] for button in buttons(message) if "custom_id" in button]
    assert len(ids) == len(set(ids))
    assert all(len(custom_id) <= limits.CUSTOM_ID for custom_id in ids)


def _assert_embed(embed: dict[str, Any], length: Any) -> None:
    assert length(embed.get("title", "")) <= limits.EMBED_TITLE
    assert 0 < length(embed["description"].strip()) <= limits.EMBED_DESCRIPTION
    assert length(embed["footer"]["text"]) <= limits.EMBED_FOOTER
    assert length(embed.get("author", {}).get("name", "")) <= limits.EMBED_AUTHOR
    fields = embed.get("fields", [])
    assert len(fields) <= limits.EMBED_FIELDS
    for field in fields:
        assert 0 < length(field["name"].strip()) <= limits.EMBED_FIELD_NAME
        assert 0 < length(field["value"].strip()) <= limits.EMBED_FIELD_VALUE


def assert_inert(message: RenderedMessage) -> None:
    """Nothing that came from outside is a mention, a link in disguise or markup that reaches beyond itself."""
    ours = [f"<@{user}>" for user in message.mentions] + [f"<@&{role}>" for role in message.role_mentions]
    for text in texts(message):
        foreign = ISOLATED.sub(r"\1", FENCED.sub("", text))
        for mention in ours:
            foreign = foreign.replace(mention, "")
        for what, pattern in LIVE.items():
            assert pattern.search(foreign) is None, (what, foreign)
        assert len(regex.findall(r"(?<!\\)```", text)) % 2 == 0, text


def as_seen(message: RenderedMessage) -> str:
    """The message as lines, for snapshots that a person reads."""
    lines = [message.content] if message.content else []
    for embed in message.embeds:
        lines += [f"[{embed['author']['name']}]"] if "author" in embed else []
        link = f" → {embed['url']}" if "url" in embed else ""
        lines += [embed["title"] + link] if embed.get("title") else []
        lines += embed["description"].splitlines()
        for field in embed.get("fields", []):
            value = field["value"].replace("\n", "\n      ")
            lines.append(f"  {'│' if field['inline'] else '─'} {field['name']}: {value}")
        lines.append(f"({embed['footer']['text']})")
    shown = [button["label"] + (f" → {button['url']}" if "url" in button else "") for button in buttons(message)]
    lines += [" ".join(f"[{label}]" for label in shown)] if shown else []
    lines += [f"pings {message.mentions} {message.role_mentions}"] if message.mentions or message.role_mentions else []
    return "\n".join(lines)
