"""What every answer and every body pass on their way: secrets go out of the one, the other has a deadline.

Counterpart of `dispatcher.py`, which puts them around the applications that answer by themselves.
"""

import asyncio
from collections.abc import Callable, Iterable

from starlette.types import Message, Receive, Send

from ompycord.http.pipeline import RawAnswer
from ompycord.http.problems import Headers

__all__ = ["BodyInTime", "RedactedSend", "redacted_answer", "send_answer"]

Redact = Callable[[str], str]


async def send_answer(send: Send, answer: RawAnswer) -> None:
    """Send an answer that is whole."""
    status, headers, body = answer
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def redacted_answer(answer: RawAnswer, redact: Redact) -> RawAnswer:
    """The answer without secrets, and with the length that it has then."""
    status, headers, body = answer
    shown = _redacted(body, redact)
    return answer if shown is body else (status, _with_length(headers, len(shown)), shown)


class RedactedSend:
    """Takes secrets out of what an application sends: of a whole answer, and of each part of a stream.

    An application writes an event of a stream in one part, so that no secret is halved between two.
    """

    def __init__(self, send: Send, redact: Redact) -> None:
        self._send = send
        self._redact = redact
        self._start: Message | None = None
        self.has_begun = False
        """Whether the application began to answer."""

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        if message["type"] == "http.response.start":
            if any(name.lower() == b"content-length" for name, _ in message.get("headers", ())):
                self._start = message  # held back until it is known what the length is
                return
            await self._send(message)
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body: bytes = message.get("body", b"")
        shown = _redacted(body, self._redact)
        if self._start is not None:
            start, self._start = self._start, None
            if shown is not body and not message.get("more_body"):
                start = {**start, "headers": list(_with_length(start.get("headers", ()), len(shown)))}
            await self._send(start)
        await self._send(message if shown is body else {**message, "body": shown})


class BodyInTime:
    """A `receive` whose body must be here `seconds` after the first part was asked for; then the client counts as gone.

    An application that waits for nothing but the client's end, such as a stream, waits on without a deadline.
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._due: float | None = None
        self._is_whole = False
        self.is_late = False
        """Whether the body did not come in time."""

    async def __call__(self) -> Message:
        if self.is_late:
            return {"type": "http.disconnect"}
        if self._is_whole:
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._due = self._due or loop.time() + self._seconds
        try:
            async with asyncio.timeout_at(self._due):
                message = await self._receive()
        except TimeoutError:
            self.is_late = True
            return {"type": "http.disconnect"}
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message


def _redacted(body: bytes, redact: Redact) -> bytes:
    """The same object where nothing is taken out of it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    shown = redact(text)
    return body if shown == text else shown.encode()


def _with_length(headers: Iterable[tuple[bytes, bytes]], length: int) -> Headers:
    return tuple((name, b"%d" % length if name.lower() == b"content-length" else value) for name, value in headers)
