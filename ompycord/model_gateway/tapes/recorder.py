"""Writes a run's tape: each request as its provider got it, with the answer as it came, without secrets.

One for each step of a run that is recorded. A tape that cannot be written ends no request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json

from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.errors import StorageError
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.tapes.rewriting import events_of, rewritten
from ompycord.model_gateway.tapes.shelf import TapeShelf
from ompycord.model_gateway.tapes.tape import TapedRequest, TapeHead
from ompycord.telemetry import get_logger
from ompycord.text import Redactor

__all__ = ["TapeRecorder", "TapedAnswer"]

_KEPT: Final = frozenset({"content-type", "retry-after", "request-id", "x-request-id"})
log = get_logger(__name__)


class TapedAnswer:
    """One answer while it comes; it is written once it ended."""

    def __init__(self, *, now_ms: Callable[[], int], write: Callable[["TapedAnswer"], Awaitable[None]]) -> None:
        self._now_ms = now_ms
        self._write = write
        self.begun_at = now_ms()
        self.provider = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: list[tuple[int, bytes]] = []
        self.is_whole = False

    def begin(self, provider: str, status: int, headers: Mapping[str, str]) -> None:
        """A provider answers."""
        self.provider, self.status = provider, status
        self.headers = {name.lower(): value for name, value in headers.items() if name.lower() in _KEPT}

    def add(self, chunk: bytes) -> None:
        """It goes on."""
        self.chunks.append((self._now_ms() - self.begun_at, chunk))

    async def keep(self) -> None:
        """It has ended; without a provider that answered there is nothing to keep."""
        if self.status:
            await self._write(self)


class TapeRecorder:
    """One run's."""

    def __init__(
        self,
        *,
        run: RunId,
        shelf: TapeShelf,
        head_of: Callable[[RunId], Awaitable[TapeHead | None]],
        redactor: Redactor,
        clock: Clock,
    ) -> None:
        """`head_of` gives None for a run that is not recorded."""
        self._run = run
        self._shelf = shelf
        self._head_of = head_of
        self._redactor = redactor
        self._clock = clock
        self._head: TapeHead | None = None
        self._is_known = False
        self._writing = asyncio.Lock()
        """Answers stand on the tape in the order in which they ended, however long one takes to be written."""

    async def is_wanted(self) -> bool:
        """Whether the run is recorded."""
        if not self._is_known:
            try:
                self._head, self._is_known = await self._head_of(self._run), True
            except StorageError as error:
                log.warning("tapes.not_written", run=self._run, cause=str(error))
        return self._head is not None

    def begin(
        self, *, dialect: Dialect, model: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> TapedAnswer:
        """A request goes out, of a run that is recorded."""

        async def write(answer: TapedAnswer) -> None:
            try:
                async with self._writing:
                    entry = await asyncio.to_thread(self._entry, answer, dialect, model, path, query, headers, body)
                    await self._shelf.add(self._run, *([] if self._head is None else [self._head]), entry)
            except OSError as error:
                log.warning("tapes.not_written", run=self._run, cause=str(error))

        return TapedAnswer(now_ms=self._clock.now_ms, write=write)

    def _entry(
        self, answer: TapedAnswer, dialect: Dialect, model: str, path: str, query: str, headers: Mapping[str, str],
        body: bytes,
    ) -> TapedRequest:  # fmt: skip
        redact = self._redactor.redact
        return TapedRequest(
            at=answer.begun_at,
            provider=answer.provider,
            dialect=dialect,
            model=redact(model),
            path=redact(path),
            query=redact(query),
            headers={name: redact(value) for name, value in headers.items()},
            body=self._redacted(body),
            status=answer.status,
            answer_headers={name: redact(value) for name, value in answer.headers.items()},
            parts=tuple(self._parts(answer)),
            end="whole" if answer.is_whole else "cut",
        )

    def _redacted(self, body: bytes) -> str:
        """JSON stays JSON: only texts in it change."""
        content: Any = from_json(body)
        shown = self._redactor.redact_all(content)
        return body.decode("utf-8", "replace") if shown == content else to_json(shown).decode()

    def _parts(self, answer: TapedAnswer) -> list[tuple[int, str]]:
        """The events of a stream with the times at which their last bytes came; else the whole."""
        raw = b"".join(chunk for _, chunk in answer.chunks)
        text = raw.decode("utf-8", "surrogateescape")
        is_stream = "event-stream" in answer.headers.get("content-type", "")
        parts = events_of(text) if is_stream else [text] if text else []
        found = rewritten(parts, self._redactor.redact)
        times, end, chunks = list[int](), 0, iter(answer.chunks)
        at, got = 0, 0
        for part in parts:
            end += len(part.encode("utf-8", "surrogateescape"))
            while got < end:
                at, chunk = next(chunks)
                got += len(chunk)
            times.append(at)
        return list(zip(times, (_sound(one) for one in found), strict=True))


def _sound(text: str) -> str:
    """Without halves of characters, which JSON does not carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
