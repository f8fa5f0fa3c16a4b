"""The control socket: who may open it, what it makes of nonsense, and what is left when a process was killed."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.control import (
    CONTROL_FILE,
    CONTROL_SOCKET,
    LONGEST_LINE,
    LONGEST_PATH,
    MOST_WORKING,
    Control,
)
from ompycord.app.data_folder import DataFolder
from ompycord.app.operations import ask, perform
from ompycord.errors import BusyError, Refused, RefusedInWords
from ompycord.text import REDACTED, Redactor
from tests.integration.cli.harness import AppHarness
from tests.support.patience import within

pytestmark = pytest.mark.posix


async def asked(
    folder: Path, operation: str = "keys.list", arguments: dict[str, Any] | None = None
) -> tuple[bool, Any]:
    return await asyncio.to_thread(ask, folder, operation, arguments or {})


def with_token(folder: Path, line: bytes) -> bytes:
    """The same question with the token of its place, where it is a question at all."""
    token = json.loads((folder / CONTROL_FILE).read_text())["token"]
    return line.replace(b"{", b'{"token": "%s", ' % token.encode(), 1) if line.startswith(b'{"') else line


async def raw(folder: Path, line: bytes) -> dict[str, Any]:
    line = with_token(folder, line)
    reader, writer = await asyncio.open_unix_connection(str(folder / CONTROL_SOCKET))
    writer.write(line)
    writer.write_eof()
    try:
        async with within(20):
            reply: dict[str, Any] = json.loads(await reader.read())
            return reply
    finally:
        writer.close()


async def test_only_this_user_can_open_it_and_it_goes_with_the_process(harness: AppHarness) -> None:
    path = harness.folder / CONTROL_SOCKET
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(harness.folder.stat().st_mode) == 0o700
    assert await asked(harness.folder) == (True, [])


async def test_it_is_gone_after_an_orderly_end(tmp_path: Path) -> None:
    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Control(tmp_path, operations={}).serve(listening))
        await listening.wait()
        task.cancel()
    assert list(tmp_path.iterdir()) == []


async def test_without_the_token_a_connection_is_worth_nothing(harness: AppHarness) -> None:
    file = harness.folder / CONTROL_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for guess in (b"", b', "token": "guessed"', b', "token": null', b', "token": 7'):
        reader, writer = await asyncio.open_unix_connection(str(harness.folder / CONTROL_SOCKET))
        writer.write(b'{"operation": "keys.list"' + guess + b"}\n")
        async with within(20):
            reply: dict[str, Any] = json.loads(await reader.readline())
        writer.close()
        assert (reply["code"], "token" in reply["error"]) == (77, True)


NONSENSE = (
    b"\n",
    b"",
    b"{",
    b"[]\n",
    b"\xff\xfe\n",
    b'{"operation": 7}\n',
    b'{"operation": "keys.list", "arguments": []}\n',
    b'{"operation": "no.such"}\n',
    b'{"operation": "keys.add", "arguments": {"name": ""}}\n',
    b'{"operation": "keys.add", "arguments": {"name": "x", "scopes": ["all"]}}\n',
    b'{"operation": "keys.add", "arguments": {"name": "x", "sudo": true}}\n',
    b'{"operation": "keys.add", "arguments": {"name": "x", "scopes": ["mcp"]}}\n',
    b'{"operation": "keys.add", "arguments": {"name": "\\ud800"}}\n',
    b'{"operation": "\\ud800"}\n',
    b'{"operation": "' + b"x" * LONGEST_LINE + b'"}\n',
    b"[" * 60_000 + b"\n",
)


async def test_nonsense_is_refused_and_the_next_question_is_answered(harness: AppHarness) -> None:
    for line in NONSENSE:
        reply = await raw(harness.folder, line)
        assert reply["code"] == 77, line[:80]
        assert reply["error"]
        assert "token" not in reply["error"] or not line.startswith(b'{"')
        assert await asked(harness.folder) == (True, [])


async def test_whoever_connects_and_says_nothing_blocks_nobody(harness: AppHarness) -> None:
    silent = [await asyncio.open_unix_connection(str(harness.folder / CONTROL_SOCKET)) for _ in range(3)]
    assert await asked(harness.folder) == (True, [])
    for _, writer in silent:
        writer.close()


async def test_silent_connections_in_any_number_keep_no_command_from_working(harness: AppHarness) -> None:
    """Renewed by whoever opened them; below level full that needs no token."""
    silent = [await asyncio.open_unix_connection(str(harness.folder / CONTROL_SOCKET)) for _ in range(40)]
    for _ in range(3):
        assert await asked(harness.folder) == (True, [])
        silent.append(await asyncio.open_unix_connection(str(harness.folder / CONTROL_SOCKET)))
    async with within(10):
        assert await silent[0][0].read() in {b"", silent_words()}  # it made room, or was told
    for _, writer in silent:
        writer.close()


def silent_words() -> bytes:
    return b'{"error": "This is no question that the control socket understands.", "code": 77}\n'


async def test_only_so_many_commands_work_at_once(tmp_path: Path) -> None:
    release, started = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(arguments: dict[str, Any]) -> Any:
        started.release()
        await release.wait()
        return "done"

    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Control(tmp_path, operations={"slow": slow}).serve(listening))
        await listening.wait()
        working = [group.create_task(raw(tmp_path, b'{"operation": "slow"}\n')) for _ in range(MOST_WORKING)]
        async with within(20):
            for _ in working:
                await started.acquire()
        assert (await raw(tmp_path, b'{"operation": "slow"}\n'))["error"] == "Too many commands at once: try again."
        release.set()
        assert [await one for one in working] == [{"result": "done"}] * MOST_WORKING
        task.cancel()


async def test_a_token_that_is_no_text_is_a_wrong_token(harness: AppHarness) -> None:
    for token in ("\\ud800", "\\udfff and more"):
        reader, writer = await asyncio.open_unix_connection(str(harness.folder / CONTROL_SOCKET))
        writer.write(b'{"operation": "keys.list", "token": "' + token.encode() + b'"}\n')
        async with within(20):
            reply: dict[str, Any] = json.loads(await reader.readline())
        writer.close()
        assert reply == {"error": "The token of control.json is wrong.", "code": 77}


async def test_answers_show_no_secret_but_the_one_that_is_new(tmp_path: Path) -> None:
    async def answer(arguments: dict[str, Any]) -> Any:
        return {"name": ["hunter2-hunter2"]}

    async def refuse(arguments: dict[str, Any]) -> Any:
        raise RefusedInWords("not hunter2-hunter2")

    redactor = Redactor(["hunter2-hunter2"])
    operations = {"runs.list": answer, "keys.add": answer, "refuse": refuse}
    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        control = Control(tmp_path, operations=operations, redact=redactor.redact_all)
        task = group.create_task(control.serve(listening))
        await listening.wait()
        assert await asked(tmp_path, "runs.list") == (True, {"name": [REDACTED]})
        assert await asked(tmp_path, "keys.add") == (True, {"name": ["hunter2-hunter2"]})
        with pytest.raises(Refused) as caught:
            await asked(tmp_path, "refuse")
        task.cancel()
    assert str(caught.value) == f"not {REDACTED}"


async def test_a_defect_is_an_answer_and_not_a_hang(tmp_path: Path) -> None:
    async def broken(arguments: dict[str, Any]) -> Any:
        raise KeyError(str(arguments))

    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Control(tmp_path, operations={"break": broken}).serve(listening))
        await listening.wait()
        reply = await raw(tmp_path, b'{"operation": "break"}\n')
        task.cancel()
    assert reply == {"error": "A defect of ours; the log of the running Ompycord has it.", "code": 70}


async def test_a_long_path_is_served_on_loopback_with_a_token(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * LONGEST_PATH)
    folder.mkdir()

    async def answer(arguments: dict[str, Any]) -> Any:
        return {"hello": arguments["name"]}

    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Control(folder, operations={"greet": answer}).serve(listening))
        await listening.wait()
        file = folder / CONTROL_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not (folder / CONTROL_SOCKET).exists()
        assert await asked(folder, "greet", {"name": "Ada"}) == (True, {"hello": "Ada"})
        there = json.loads(file.read_text())
        file.write_text(json.dumps({**there, "token": "guessed"}))
        with pytest.raises(Refused, match="token"):
            await asked(folder, "greet", {"name": "Eve"})
        task.cancel()
    assert list(folder.iterdir()) == []


async def test_a_socket_that_a_killed_process_left_is_passed_by_and_replaced(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(data.path / CONTROL_SOCKET))
    left.close()
    assert await asked(data.path) == (False, None)
    assert await asyncio.to_thread(perform, data, "keys.list", {}) == []
    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Control(data.path, operations={}).serve(listening))
        await listening.wait()
        task.cancel()


async def test_a_folder_whose_holder_is_silent_is_busy(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    with data.lock(), pytest.raises(BusyError, match=rf"Another Ompycord \(process {os.getpid()}\) works with"):
        await asyncio.to_thread(perform, data, "keys.list", {})
    assert [file.name for file in data.path.iterdir()] == ["lock"]
