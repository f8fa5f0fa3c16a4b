"""A tape: the head, which says which run it is, and each request with its answer, in the order of their ends.

A file of lines of JSON, each line a member of gzip: lines are added. One that was cut off by a crash is taken away
before the next is added, and a line says so. Written by `recorder.py`, read by `player.py`.
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

__all__ = ["Tape", "TapeCut", "TapeFull", "TapeHead", "TapedRequest", "line_of", "read_tape", "whole_bytes"]

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


class TapeCut(Frozen):
    """Ompycord was killed while it wrote here: one answer is missing, and what follows was recorded after its start."""

    kind: Literal["cut"] = "cut"


_Line = Annotated[TapeHead | TapedRequest | TapeFull | TapeCut, Field(discriminator="kind")]
_LINE: Final = TypeAdapter[Any](_Line)


class Tape(Frozen):
    """One that was read."""

    head: TapeHead
    requests: tuple[TapedRequest, ...]
    is_whole: bool = True
    """False where its size ended it, or a crash cut a line."""


def line_of(entry: TapeHead | TapedRequest | TapeFull | TapeCut) -> bytes:
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
                case TapeFull() | TapeCut():
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


def whole_bytes(path: Path) -> int:
    """How many bytes from the start of a tape are whole lines. Blocks. Raises OSError."""
    return max((end for _, end in _members(path)), default=0)


def _lines(path: Path) -> Iterator[bytes | None]:
    """Its lines; None in place of what was cut off."""
    whole = 0
    for line, end in _members(path):
        whole = end
        yield line
    if whole < path.stat().st_size:
        yield None


def _members(path: Path) -> Iterator[tuple[bytes, int]]:
    """Its whole lines, each with where it ends in the file."""
    with path.open("rb") as file:
        unpack, parts, read, rest = zlib.decompressobj(wbits=31), list[bytes](), 0, b""
        while rest or (rest := file.read(_CHUNK)):
            try:
                parts.append(unpack.decompress(rest))
            except zlib.error:
                return
            read += len(rest) - len(unpack.unused_data)
            rest = b""
            if unpack.eof:
                yield b"".join(parts), read
                rest, parts, unpack = unpack.unused_data, [], zlib.decompressobj(wbits=31)
