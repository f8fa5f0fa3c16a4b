"""Items of the memory in words: a line of a list, and one item whole."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ids import short_id
from ompycord.domain.memory.items import TITLE_LENGTH, FoundItem, MemoryItem, MemoryOrigin, MemoryStatus
from ompycord.domain.ports.memory import KeptItem
from ompycord.render.phrases import and_list
from ompycord.render.sanitizer import Sanitizer

__all__ = ["item_line", "item_text", "kept_words", "list_text", "scope_words", "similar_words"]

_TITLE: Final = 120
_BODY: Final = 1200
_ORIGINS: Final = {
    MemoryOrigin.PERSON: "written by a person",
    MemoryOrigin.AGENT: "learned by an agent",
    MemoryOrigin.RUN: "what a verified run did",
    MemoryOrigin.FILE: "imported from a file",
}


def item_line(found: FoundItem, sanitizer: Sanitizer) -> str:
    """`3f9a1c` **lesson** · its title · used 4 times."""
    item = found.item
    waits = " · waits for a decision" if item.status is MemoryStatus.PROPOSED else ""
    return f"`{short_id(item.id)}` **{item.kind.word}** · {sanitizer.line(item.title, _TITLE)}{_used(found)}{waits}"


def list_text(found: Sequence[FoundItem], sanitizer: Sanitizer, *, empty: str) -> str:
    """A line for each."""
    return "\n".join(item_line(one, sanitizer) for one in found) or empty


def item_text(found: FoundItem, sanitizer: Sanitizer) -> str:
    """One item with where it is seen, where it came from and what became of it."""
    item = found.item
    by = f" by {sanitizer.line(item.author_name, 60)}" if item.author_name else ""
    run = f", run `{short_id(item.source_run)}`" if item.source_run else ""
    source = sanitizer.link(item.source_message)
    lines = [
        item_line(found, sanitizer),
        sanitizer.prose(item.body, _BODY),
        f"Files: {and_list([sanitizer.line(path, 100) for path in item.paths])}" if item.paths else "",
        f"{scope_words(item, sanitizer)} · {_ORIGINS[item.origin]}{by}{run} · {_day(item.created_at)}",
        f"From {source}" if source else "",
        f"Replaces `{short_id(item.supersedes)}`" if item.supersedes else "",
    ]
    return "\n".join(line for line in lines if line)


def scope_words(item: MemoryItem, sanitizer: Sanitizer) -> str:
    """Where it is seen."""
    if item.channel is not None:
        return f"in <#{item.channel}>" if item.channel.isdigit() else "in one channel"
    return f"in {sanitizer.line(item.repository, 60)}" if item.repository else "on this server"


def kept_words(kept: KeptItem, sanitizer: Sanitizer) -> str:
    """What became of something that a person wants to be remembered."""
    item, name = kept.item, f"`{short_id(kept.item.id)}`"
    if kept.fresh:
        title = sanitizer.line(item.title, TITLE_LENGTH)
        return f"Saved as {item.kind.word} {name}, {scope_words(item, sanitizer)}: {title}"
    if item.status is MemoryStatus.RETIRED:
        return f"That was dropped before ({name}), so it was not saved. Say it in other words if it holds again."
    if item.status is MemoryStatus.PROPOSED:
        return f"That waits for a decision already: {name}."
    return f"That is remembered already: {name}."


def similar_words(items: Sequence[MemoryItem], sanitizer: Sanitizer) -> str:
    """Items that say nearly the same, with the question whether they are replaced."""
    lines = [f"▫ `{short_id(one.id)}` {one.kind.word} · {sanitizer.line(one.title, _TITLE)}" for one in items]
    head = "Something like it is remembered already. Does the new one replace it?"
    return "\n".join((head, *lines))


def _used(found: FoundItem) -> str:
    counts = found.counts
    parts = [
        f"given to {counts.injected} {'run' if counts.injected == 1 else 'runs'}" if counts.injected else "",
        f"helped {counts.helpful}" if counts.helpful else "",
        f"harmed {counts.harmful}" if counts.harmful else "",
    ]
    return "".join(f" · {part}" for part in parts if part)


def _day(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
