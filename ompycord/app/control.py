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

from ompycord.domain.auditing.refused import RefusedAttempt
from ompycord.domain.policy import SYSTEM, is_allowed
from ompycord.domain.ports import RefusalNotes
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import ConfigurationError, OmpycordError, Refused, RefusedInWords
from ompycord.files import replace_file
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger

__all__ = [
    "CONTROL_FILE",
    "CONTROL_SOCKET",
    "END_PROCESS",
    "LONGEST_LINE",
    "LONGEST_PATH",
    "MOST_WORKING",
    "SHOW_SECRETS",
    "Control",
    "Operation",
    "fits",
]

log = get_logger(__name__)

Operation = Callable[[dict[str, Any]], Awaitable[Any]]
"""Takes the arguments as JSON gave them, answers with what JSON can carry.

Raises OmpycordError with a plain sentence.
"""

CONTROL_SOCKET = "control.sock"
CONTROL_FILE = "control.json"
END_PROCESS = "process.end"
"""The operation that begins an orderly end; its answer has the number of the process."""
LONGEST_PATH = 100
"""Bytes; sockaddr_un holds 104 on macOS and 108 on Linux."""
LONGEST_LINE = 64 * 1024
MOST_WORKING = 8
MOST_SILENT = 32
"""Connections that wait for their question; one more ends the oldest of them."""
SHOW_SECRETS = frozenset({"keys.add", "keys.rotate", "runs.terminal_way"})
"""Their answer has a new secret, which is shown this once, or is used by the command itself."""
READ_S = 5.0
WORK_S = 20.0
END_S = 5.0


class Control:
    """The server. It has `operations` by name; any process that can read the token may ask for each of them."""

    def __init__(
        self,
        folder: Path,
        *,
        operations: Mapping[str, Operation],
        redact: Callable[[Any], Any] = lambda reply: reply,
        refusals: RefusalNotes | None = None,
    ) -> None:
        """`redact` takes secrets out of an answer, as JSON can carry it, but for the operations that show a new one.

        `refusals` are told of a question without the token.
        """
        self.token = secrets.token_urlsafe(32)
        """What a command must send; it stands in `control.json`."""
        self._folder = folder
        self._operations = dict(operations)
        self._redact = redact
        self._refusals = refusals
        self._open = 0
        self._silent: dict[asyncio.StreamWriter, None] = {}
        self._working = 0
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
        contact = {"token": self.token, **({} if port is None else {"port": port})}
        replace_file(self._folder / CONTROL_FILE, json.dumps(contact))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self._idle.clear()
        if len(self._silent) >= MOST_SILENT:  # the one that has said nothing for longest makes room
            next(iter(self._silent)).transport.abort()
        self._silent[writer] = None
        try:
            reply = await self._reply(reader, writer)
            writer.write(json.dumps(reply).encode() + b"\n")
            async with asyncio.timeout(READ_S):
                await writer.drain()
        except (TimeoutError, ConnectionError):
            log.debug("control.gone")  # the client does not wait any more
        finally:
            writer.close()
            self._silent.pop(writer, None)
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, Any]:
        try:
            name, arguments = await self._question(reader)
            self._silent.pop(writer, None)
            result = await self._perform(self._operation(name), arguments)
            return {"result": result if name in SHOW_SECRETS else self._redact(result)}
        except OmpycordError as error:
            words = refusal_words(error, Audience.COMMAND_LINE) if isinstance(error, Refused) else str(error)
            return {"error": self._redact(words), "code": getattr(error, "exit_code", 1)}
        except TimeoutError:
            return {"error": "The running Ompycord did not get to it in time.", "code": 69}
        except Exception:
            log.exception("control.failed")
            return {"error": "A defect of ours; the log of the running Ompycord has it.", "code": 70}

    async def _perform(self, operation: Operation, arguments: dict[str, Any]) -> Any:
        """Only what works counts: who connects and sends nothing, or has no token, keeps no command from working."""
        if self._working >= MOST_WORKING:
            raise RefusedInWords("Too many commands at once: try again.")
        self._working += 1
        try:
            async with asyncio.timeout(WORK_S):
                return await operation(arguments)
        finally:
            self._working -= 1

    def _operation(self, name: str) -> Operation:
        operation = self._operations.get(name) if is_allowed(SYSTEM, name) else None
        if operation is None:
            raise RefusedInWords("The running Ompycord does not know this command: it may be older. Restart it.")
        return operation

    def _note(self, operation: Any) -> None:
        """Note for the audit that somebody of this machine, who cannot read `control.json`, asked for this."""
        if self._refusals is not None:
            what = operation if operation in self._operations else "an operation"
            attempt = RefusedAttempt(
                surface="command line", actor="command line", what=what, code=RefusalCode.NOT_PERMITTED,
                needs="the token of control.json",
            )  # fmt: skip
            self._refusals.note(attempt)

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
        if not (isinstance(token, str) and hmac.compare_digest(_bytes(token), self.token.encode())):
            self._note(request.get("operation"))
            raise RefusedInWords("The token of control.json is wrong.")
        if _has_lone_surrogate(request):
            raise RefusedInWords("This is no question that the control socket understands.")
        name: Any = request.get("operation")
        arguments: Any = request.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise RefusedInWords("This is no question that the control socket understands.")
        return name, cast("dict[str, Any]", arguments)


def _bytes(text: str) -> bytes:
    """Any text that JSON can carry, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def _has_lone_surrogate(value: Any) -> bool:
    """Whether a text in this JSON is none that can be stored or shown."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


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
