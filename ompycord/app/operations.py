"""Do something with the data folder: ask the process that holds it, or hold it; counterpart of `control.py`.

Asking uses only sockets and files, so that it is quick; only holding loads the store.
"""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ompycord.app.control import CONTROL_FILE, CONTROL_SOCKET, END_PROCESS, LONGEST_LINE, SHOW_SECRETS, fits
from ompycord.app.data_folder import DataFolder
from ompycord.errors import BusyError, ConfigurationError, RefusedInWords, StartError, UnavailableError

if TYPE_CHECKING:
    from ompycord.playground.client import RunFile

__all__ = ["ask", "down", "is_running", "perform"]

CONNECT_S = 5.0
ANSWER_S = 30.0
LOCK_WAIT_S = 5.0
"""Seconds for which a folder may be held by a process that does not answer because it starts or ends."""
POLL_S = 0.05
ENDS_S = 60.0
"""Seconds for an orderly end: agents get 20, and the services around them less."""
PROBE_S = 3.0
LONGEST_ANSWER = 16 * 1024 * 1024

_ERRORS: dict[int, type[StartError | RefusedInWords]] = {
    69: UnavailableError,
    75: BusyError,
    77: RefusedInWords,
    78: ConfigurationError,
}


def perform(
    data: DataFolder, operation: str, arguments: dict[str, Any], *, redact: Callable[[Any], Any] = lambda answer: answer
) -> Any:
    """The operation's answer, from the running process or by ourselves.

    `redact` takes secrets out of our own answer; the running process has done so with its own.
    Raises what the operation raises (Refused, StartError), and BusyError when the folder is held by a process that does
    not answer.
    """
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        found, answer = ask(data.path, operation, arguments)
        if found:
            return answer
        try:
            with data.lock():
                answer = asyncio.run(_alone(data, operation, arguments))
                return answer if operation in SHOW_SECRETS else redact(answer)
        except BusyError:
            if time.monotonic() >= until:
                raise
            time.sleep(POLL_S)


def ask(folder: Path, operation: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
    """Whether a process answered, and its answer. Raises as `perform` does."""
    connection, token = _connect(folder)
    if connection is None:
        return False, None
    question = json.dumps({"operation": operation, "arguments": arguments, "token": token}).encode() + b"\n"
    if len(question) > LONGEST_LINE:
        raise RefusedInWords("These arguments are too long for the control socket.")
    with connection:
        connection.settimeout(ANSWER_S)
        try:
            connection.sendall(question)
            with connection.makefile("rb") as lines:
                line = lines.readline(LONGEST_ANSWER)
        except OSError:
            line = b""
    if not line.endswith(b"\n"):
        raise UnavailableError("The running Ompycord did not answer: look whether it was done, then try again.")
    reply: dict[str, Any] = json.loads(line)
    if "error" in reply:
        raise _ERRORS.get(reply["code"], StartError)(reply["error"])
    return True, reply["result"]


def is_running(folder: Path) -> bool:
    """Whether a process holds this data folder and answers."""
    connection, _ = _connect(folder)
    if connection is None:
        return False
    connection.close()
    return True


def _connect(folder: Path) -> tuple[socket.socket | None, str | None]:
    path = folder / CONTROL_SOCKET
    try:
        there: dict[str, Any] = json.loads((folder / CONTROL_FILE).read_bytes())
        token = str(there["token"])
        if fits(path):
            return _connected(socket.AF_UNIX, str(path)), token
        return _connected(socket.AF_INET, ("127.0.0.1", int(there["port"]))), token
    except (OSError, ValueError, KeyError):
        return None, None


def _connected(family: int, address: str | tuple[str, int]) -> socket.socket | None:
    """The connection; None when no process listens there: it never ran, or was killed."""
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(CONNECT_S)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    return connection


def down(data: DataFolder) -> list[str]:
    """End the process that holds this folder, and its playground; a sentence for each that ended.

    It is asked by its control socket, never by a signal: its number can mean another program outside its container.

    Raises BusyError when the folder is held by a process that does not answer, and UnavailableError when what was
    asked does not end in time.
    """
    playground = asyncio.run(_playground(data))
    process = _end_process(data)
    if playground is not None:
        asyncio.run(_end_playground(data, playground))
    ended = (("Ompycord", process), ("The playground", playground and playground.pid))
    return [f"{what} (process {pid}) has ended." for what, pid in ended if pid is not None]


def _end_process(data: DataFolder) -> int | None:
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        found, answer = ask(data.path, END_PROCESS, {})
        if found:
            break
        if not data.is_locked:
            return None
        if time.monotonic() >= until:
            with data.lock():  # raises the error that names the process, or that has ended just now
                return None
        time.sleep(POLL_S)
    pid: int = answer["pid"]
    until = time.monotonic() + ENDS_S
    while data.is_locked:
        if time.monotonic() >= until:
            raise UnavailableError(
                f"Ompycord (process {pid}) was asked to end and still works after {ENDS_S:.0f} s; its log says at "
                f"what. `kill -9 {pid}` ends it at once, and the next start goes on with its runs."
            )
        time.sleep(POLL_S)
    return pid


async def _playground(data: DataFolder) -> "RunFile | None":
    """The playground of this folder, where one answers: it may have outlived its bot."""
    from ompycord.playground.client import Client, PlaygroundError, read_run_file

    run = read_run_file(data.playground)
    if run is None:
        return None
    try:
        async with Client(run.address, timeout_s=PROBE_S) as client:
            await client.read_info()
    except PlaygroundError:
        return None
    return run


async def _end_playground(data: DataFolder, run: "RunFile") -> None:
    """Ask it, where its bot has not done so, and wait until it has put its run file away."""
    from ompycord.playground.client import Client, PlaygroundError, read_run_file

    with contextlib.suppress(PlaygroundError):
        async with Client(run.address, timeout_s=PROBE_S) as client:
            await client.shut_down()
    until = time.monotonic() + ENDS_S
    while read_run_file(data.playground) == run:
        if time.monotonic() >= until:
            raise UnavailableError(f"The playground (process {run.pid}) was asked to end and has not ended.")
        await asyncio.sleep(POLL_S)


async def _alone(data: DataFolder, operation: str, arguments: dict[str, Any]) -> Any:
    """Open the store for one operation; the caller holds the lock."""
    from ompycord.app.system import SystemClock, SystemIds
    from ompycord.app.without_process.operations import operations_of_store
    from ompycord.store import open_store

    data.require_database()
    clock, ids = SystemClock(), SystemIds()
    async with open_store(data.database, clock=clock, ids=ids, readers=1) as store:
        known = operations_of_store(store, data, clock=clock, ids=ids, anchor_file=arguments.get("anchor_file"))
        return await known[operation](arguments)
