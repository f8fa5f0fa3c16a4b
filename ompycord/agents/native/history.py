"""The conversation of the built-in agent: kept in its HOME, read back without trust, and shortened when it grows."""

import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from ompycord.domain.ports.models import Conversation, PromptMessage, ReplyMessage, ToolMessage
from ompycord.processes.safe_open import LARGEST, NotGranted, safe_path, safe_read, safe_write

__all__ = ["INTERRUPTED", "load", "new_session", "next_turn", "save", "shortened"]

_MESSAGES: Final = TypeAdapter[tuple[Conversation, ...]](tuple[Conversation, ...])
_FOLDER: Final = (".ompycord", "native")
_CALL: Final = re.compile(r"call_(\d{1,9})_\d+")
INTERRUPTED: Final = "This was interrupted before it gave a result. Look at what is done, and do it again where needed."
_LEFT_OUT: Final = "[left out, since the conversation became long; use the tool again where you need it]"
_KEPT: Final = 400
"""Characters of a tool's result that are not worth leaving out."""
_NEWEST: Final = 6
"""Messages at the end that stay as they are."""
_WIDEST: Final = 6
"""Bytes that one character takes at most in the file."""
_PART_LEFT_OUT: Final = "[a part of the conversation is left out here, since it became too long to be kept]"


def new_session() -> str:
    """A name for a session."""
    return secrets.token_hex(8)


def save(home: Path, session: str, messages: Sequence[Conversation]) -> None:
    """Keep the conversation. Raises NotGranted where the agent put a link on the way, OSError. Blocks."""
    safe_write(home, (*_FOLDER, f"{session}.json"), _MESSAGES.dump_json(tuple(messages)))


def load(home: Path, session: str) -> tuple[Conversation, ...] | None:
    """The conversation of a session, with every call answered; None where it is not there or not what we wrote. Blocks.

    The agent's own commands can write to the file: what comes of it is only what a model is told.
    """
    try:
        parts = safe_path(home, "/".join((*_FOLDER, f"{session}.json")))
        messages = _MESSAGES.validate_json(safe_read(home, parts))
    except (OSError, NotGranted, ValidationError):
        return None
    return _answered(messages) if messages else None


def _answered(messages: tuple[Conversation, ...]) -> tuple[Conversation, ...]:
    """Every call gets one result right behind it, as models demand; a result without a call is left out."""
    results = {one.call: one for one in messages if isinstance(one, ToolMessage)}
    whole: list[Conversation] = []
    for one in messages:
        if isinstance(one, ToolMessage):
            continue
        whole.append(one)
        if isinstance(one, ReplyMessage):
            whole += [
                results.get(call.id) or ToolMessage(call=call.id, tool=call.tool, text=INTERRUPTED)
                for call in one.calls
            ]
    return tuple(whole)


def next_turn(messages: Sequence[Conversation]) -> int:
    """A number for the next reply that no call there has in its id, also where older messages are left out."""
    calls = (call.id for one in messages if isinstance(one, ReplyMessage) for call in one.calls)
    known = [int(found[1]) for call in calls if (found := _CALL.fullmatch(call))]
    return max((*known, sum(isinstance(one, ReplyMessage) for one in messages) - 1)) + 1


def shortened(messages: Sequence[Conversation], most: int) -> tuple[Conversation, ...]:
    """The same where it has at most `most` characters; else without the oldest results of tools, down to the half.

    Where its file would still be too large, the oldest messages go too. In large strides, since what a provider has
    cached of a conversation ends where it was changed.
    """
    size = sum(map(_size, messages))
    if size <= most:
        return _fitting(messages, size)
    whole = list(messages)
    for at, one in enumerate(whole[:-_NEWEST]):
        if size <= most // 2:
            break
        if isinstance(one, ToolMessage) and len(one.text) > _KEPT:
            whole[at] = one.model_copy(update={"text": _LEFT_OUT})
            size -= len(one.text) - len(_LEFT_OUT)
    return _fitting(whole, size)


def _fitting(messages: Sequence[Conversation], size: int) -> tuple[Conversation, ...]:
    """The same where its file may be so large; else without the oldest after the first, down to the half.

    `size` is its number of characters.
    """
    if (size + _KEPT * len(messages)) * _WIDEST <= LARGEST:
        return tuple(messages)
    left = len(_MESSAGES.dump_json(tuple(messages)))
    if left <= LARGEST:
        return tuple(messages)
    first, *rest = messages
    while len(rest) > _NEWEST and left > LARGEST // 2:
        left -= len(_MESSAGES.dump_json((rest.pop(0),)))
    while rest and isinstance(rest[0], ToolMessage):  # the call to which it belongs is gone
        rest.pop(0)
    return (first, PromptMessage(text=_PART_LEFT_OUT), *rest)


def _size(message: Conversation) -> int:
    calls = sum(len(one.arguments) for one in message.calls) if isinstance(message, ReplyMessage) else 0
    return len(message.text) + calls
