"""A tape: the head, which says which run it is, and each request with its answer, in the order of their ends.

A file of lines of JSON, each line a member of gzip: lines are added, and one that was cut off by a crash is passed
over. Written by `recorder.py`, read by `player.py`.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import RunId
from ompycord.errors import TapeUnreadable
from ompycord.model_gateway.dialects import Dialect

__all__ = ["Tape", "TapeFull", "TapeHead", "TapedRequest", "line_of", "read_tape"]

VERSION: Final = 1
_CHUNK: Final = 65_536


class TapeHead(Frozen):
    """Which run it is."""

    kind: Literal["head"] = "head"
    version: int = VERSION
    run: RunId
    at: Millis
    base: str | None = None
    """The commit from which the run's work started."""
    folder: str
    """Where the run worked: agents name files by it."""


class TapedRequest(Frozen):
    """A request to a model as its provider got it, and the answer."""

    kind: Literal["request"] = "request"
    at: Millis
    provider: str
    dialect: Dialect
    model: str
    path: str
    query: str = ""
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Those that are passed on; never one with a key."""
    body: str
    status: int
    answer_headers: dict[str, str] = Field(default_factory=dict[str, str])
    parts: tuple[tuple[int, str], ...]
    """Events of a stream, or the whole answer; each with the milliseconds after the request when it was there."""
    end: Literal["whole", "cut"] = "whole"
    """*cut*: it broke off, was ended by us, or its agent left."""


class TapeFull(Frozen):
    """No more was recorded: the tape had its size."""

    kind: Literal["full"] = "full"


_Line = Annotated[TapeHead | TapedRequest | TapeFull, Field(discriminator="kind")]
_LINE: Final = TypeAdapter[Any](_Line)


class Tape(Frozen):
    """One that was read."""

    head: TapeHead
    requests: tuple[TapedRequest, ...]
    is_whole: bool = True
    """False where its size ended it, or a crash cut its last line."""


def line_of(entry: TapeHead | TapedRequest | TapeFull) -> bytes:
    """An entry as it is added to a file."""
    return gzip.compress(entry.model_dump_json().encode() + b"\n", compresslevel=6, mtime=0)


def read_tape(path: Path) -> Tape:
    """Read a whole tape; blocks. Raises TapeUnreadable where there is none, or it is another program's."""
    head: TapeHead | None = None
    requests: list[TapedRequest] = []
    is_whole = True
    try:
        for line in _lines(path):
            if line is None:
                is_whole = False
                break
            entry = _LINE.validate_json(line)
            match entry:
                case TapeHead() if entry.version == VERSION:
                    head = head or entry
                case TapedRequest():
                    requests.append(entry)
                case TapeFull():
                    is_whole = False
                case _:
                    raise TapeUnreadable(f"{path.name} was written by a newer Ompycord, so it cannot be played here.")
    except FileNotFoundError:
        raise TapeUnreadable("This run has no tape: it was not recorded, or its days are over.") from None
    except (OSError, ValidationError) as error:
        raise TapeUnreadable(f"The tape {path} cannot be read ({type(error).__name__}).") from None
    if head is None:
        raise TapeUnreadable(f"The tape {path} is empty: its agent asked no model through Ompycord.")
    return Tape(head=head, requests=tuple(requests), is_whole=is_whole)


def _lines(path: Path) -> Iterator[bytes | None]:
    """Its lines; None in place of what was cut off."""
    with path.open("rb") as file:
        unpack = zlib.decompressobj(wbits=31)
        rest = line = b""
        while rest or (rest := file.read(_CHUNK)):
            try:
                line += unpack.decompress(rest)
            except zlib.error:
                yield None
                return
            rest = b""
            if unpack.eof:
                yield line
                rest, line, unpack = unpack.unused_data, b"", zlib.decompressobj(wbits=31)
        if line or unpack.unconsumed_tail:
            yield None
