"""How a command asks the running process: one JSON line each way, one question a connection; `ask` is its counterpart.

docs/contracts/processes.md, *Control socket*: `control.sock` (0600), or a loopback port where a socket's path is too
long or there are no sockets (Windows). In either case a random token in `control.json` (0600): Landlock hides a file
from an agent, but not a socket.
"""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, cast

from ompycord.domain.policy import SYSTEM, is_allowed
from ompycord.errors import ConfigurationError, OmpycordError, Refused, RefusedInWords
from ompycord.files import replace_file
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger

__all__ = ["CONTROL_FILE", "CONTROL_SOCKET", "LONGEST_LINE", "LONGEST_PATH", "Control", "Operation", "fits"]

log = get_logger(__name__)

Operation = Callable[[dict[str, Any]], Awaitable[Any]]
"""Takes the arguments as JSON gave them, answers with what JSON can carry.

Raises OmpycordError with a plain sentence.
"""

CONTROL_SOCKET = "control.sock"
CONTROL_FILE = "control.json"
LONGEST_PATH = 100
"""Bytes; sockaddr_un holds 104 on macOS and 108 on Linux."""
LONGEST_LINE = 64 * 1024
MOST_CONNECTIONS = 8
READ_S = 5.0
WORK_S = 20.0
END_S = 5.0


class Control:
    """The server. It has `operations` by name; any process that can read the token may ask for each of them."""

    def __init__(self, folder: Path, *, operations: Mapping[str, Operation]) -> None:
        self._folder = folder
        self._operations = dict(operations)
        self._token = secrets.token_urlsafe(32)
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def serve(self, listening: asyncio.Event | None = None) -> None:
        """Serve until cancelled; `listening` is set when questions are answered. Raises ConfigurationError."""
        listener, place = self._listen()
        try:
            server = await asyncio.start_server(self._answer, sock=listener, limit=LONGEST_LINE)
            try:
                if listening is not None:
                    listening.set()
                await asyncio.Event().wait()
            finally:
                server.close()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(END_S):
                        await self._idle.wait()
        finally:
            listener.close()
            for left in (place, self._folder / CONTROL_FILE):
                left.unlink(missing_ok=True)

    def _listen(self) -> tuple[socket.socket, Path]:
        """A bound socket and the file by which it is found.

        The process that holds the data folder may replace what an earlier one left there.
        """
        path = self._folder / CONTROL_SOCKET
        for left in (path, self._folder / CONTROL_FILE):
            left.unlink(missing_ok=True)
        try:
            listener = _unix_socket(path) if fits(path) else _loopback_socket()
            self._publish_address(None if fits(path) else listener.getsockname()[1])
        except OSError as error:
            raise ConfigurationError(f"The control socket cannot be opened ({error.strerror}).") from None
        return listener, path

    def _publish_address(self, port: int | None) -> None:
        """Write what a command needs, whole or not at all: the token, and the port where there is no socket."""
        contact = {"token": self._token, **({} if port is None else {"port": port})}
        replace_file(self._folder / CONTROL_FILE, json.dumps(contact))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self._idle.clear()
        try:
            reply = await self._reply(reader)
            writer.write(json.dumps(reply).encode() + b"\n")
            async with asyncio.timeout(READ_S):
                await writer.drain()
        except (TimeoutError, ConnectionError):
            log.debug("control.gone")  # the client does not wait any more
        finally:
            writer.close()
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def _reply(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        try:
            name, arguments = await self._question(reader)
            operation = self._operation(name)
            async with asyncio.timeout(WORK_S):
                return {"result": await operation(arguments)}
        except OmpycordError as error:
            words = refusal_words(error, Audience.COMMAND_LINE) if isinstance(error, Refused) else str(error)
            return {"error": words, "code": getattr(error, "exit_code", 1)}
        except TimeoutError:
            return {"error": "The running Ompycord did not get to it in time.", "code": 69}
        except Exception:
            log.exception("control.failed")
            return {"error": "A defect of ours; the log of the running Ompycord has it.", "code": 70}

    def _operation(self, name: str) -> Operation:
        if self._open > MOST_CONNECTIONS:
            raise RefusedInWords("Too many commands at once: try again.")
        operation = self._operations.get(name) if is_allowed(SYSTEM, name) else None
        if operation is None:
            raise RefusedInWords("The running Ompycord does not know this command: it may be older. Restart it.")
        return operation

    async def _question(self, reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]]:
        try:
            async with asyncio.timeout(READ_S):
                line = await reader.readline()
            question: Any = json.loads(line)
        except (ValueError, RecursionError, TimeoutError):  # ValueError: too long, or no JSON
            raise RefusedInWords("This is no question that the control socket understands.") from None
        if not isinstance(question, dict):
            raise RefusedInWords("This is no question that the control socket understands.")
        request = cast("dict[str, Any]", question)
        token: Any = request.get("token")
        if not (isinstance(token, str) and hmac.compare_digest(token.encode(), self._token.encode())):
            raise RefusedInWords("The token of control.json is wrong.")
        name: Any = request.get("operation")
        arguments: Any = request.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise RefusedInWords("This is no question that the control socket understands.")
        return name, cast("dict[str, Any]", arguments)


def fits(path: Path) -> bool:
    """Whether a socket can be bound at this path here."""
    return sys.platform != "win32" and len(os.fsencode(path)) <= LONGEST_PATH


def _loopback_socket() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def _unix_socket(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before any client can connect: it does not listen yet
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
