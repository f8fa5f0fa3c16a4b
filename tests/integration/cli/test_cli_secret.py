"""`ompycord secret`: typed without being shown or piped, never an argument; listed and refused."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ompycord.app.wiring.running import control_of
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.run import RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.cli.harness import Done, ompycord
from tests.integration.conductor.conftest import AppHarness, harness, store
from tests.integration.conductor.test_secrets_for_hosts import CATALOG, HOST
from tests.support.terminal import Terminal

__all__ = ["harness", "store"]

pytestmark = pytest.mark.posix

VALUE = "npm_" + "x9Qd2kLw7RtZ" * 3


@asynccontextmanager
async def asking(harness: AppHarness) -> AsyncGenerator[str]:
    """A run whose agent waits for NPM_TOKEN, in a process that answers commands; its short name."""
    control, listening = control_of(harness.infrastructure, harness.parts.operations), asyncio.Event()
    harness.agent.hold()
    async with harness.running(), asyncio.TaskGroup() as group:
        serving = group.create_task(control.serve(listening))
        run = RunId((await harness.submit()).id)
        await harness.began()
        await harness.parts.areas.secret_requests.request(run, "NPM_TOKEN", "to publish\x1b[2J it")
        await harness.in_state(run, RunState.SUSPENDED)
        harness.agent.began.clear()
        await listening.wait()
        yield short_id(run)
        serving.cancel()


async def test_a_secret_is_listed_and_given_by_standard_input(harness: AppHarness, tmp_path: Path) -> None:
    data = ("--data-dir", str(harness.folder))

    async def run(*words: str, stdin: bytes = b"") -> Done:
        return await ompycord("secret", *words, *data, folder=tmp_path, stdin=stdin)

    async with asking(harness) as name:
        listed = await run("list")
        assert listed.out == (
            f"{name} NPM_TOKEN: scripted in shop, 'Fix the total'\n"
            "    It needs the secret NPM_TOKEN: to publish[2J it\n"
            f"    ompycord secret give {name} NPM_TOKEN\n"
        )
        short = await run("give", name, "NPM_TOKEN", stdin=b"short\n")
        assert (short.code, short.out) == (77, "")
        assert (
            "It is shorter than 8 characters, so it could not be kept out of logs and messages. Nothing was given."
            in (short.err)
        )
        other = await run("give", name, "OTHER_TOKEN", stdin=VALUE.encode())
        assert (other.code, "does not wait for a secret called OTHER_TOKEN" in other.err) == (77, True)
        binary = await run("give", name, "NPM_TOKEN", stdin=b"\xff\xfe" * 20)
        assert (binary.code, "no UTF-8 text" in binary.err) == (77, True)
        huge = await run("give", name, "NPM_TOKEN", stdin=b"x9" * 40_000)
        assert (huge.code, "Nothing was given." in huge.err) == (77, True)
        given = await run("give", name, "NPM_TOKEN", stdin=f"{VALUE}\n".encode())
        assert (given.code, given.out) == (0, "Given. One start of the agent gets it; nothing shows it.\n")
        await harness.began()
        assert harness.agent.jobs[-1].env["NPM_TOKEN"] == VALUE
        again = await run("give", name, "NPM_TOKEN", stdin=VALUE.encode())
        assert again.code == 77
        assert (await run("list")).out == "No agent waits for a secret.\n"
        assert VALUE not in f"{listed}{short}{other}{given}{again}"
    alone = await run("list")
    assert alone.code in {69, 78}


async def test_a_secret_is_given_for_a_host_that_the_list_names(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), CATALOG)
    async with asking(harness) as name:
        listed = await ompycord("secret", "list", "--data-dir", str(harness.folder), folder=tmp_path)
        words = f"ompycord secret give {name} NPM_TOKEN --host {HOST}"
        assert listed.out.endswith(f"    {words}\n")
        done = await ompycord(*words.split()[1:], "--data-dir", str(harness.folder), folder=tmp_path,
                              stdin=VALUE.encode())  # fmt: skip
        assert done.out == f"Given. Requests to {HOST} get it, and the agent does not; nothing shows it.\n"
        await harness.began()
        assert "NPM_TOKEN" not in harness.agent.jobs[-1].env


async def test_a_secret_is_refused_with_the_name_of_who_did(harness: AppHarness, tmp_path: Path) -> None:
    async with asking(harness) as name:
        done = await ompycord("secret", "refuse", name, "NPM_TOKEN", "--data-dir", str(harness.folder), "--json",
                              folder=tmp_path)  # fmt: skip
        assert json.loads(done.out) == {"run": name, "decided": True, "earlier": None}
        await harness.began()
        assert "(terminal) refused to give you the secret NPM_TOKEN." in harness.agent.jobs[-1].prompt


async def test_what_is_typed_is_not_shown_and_is_no_argument(harness: AppHarness, tmp_path: Path) -> None:
    async with asking(harness) as name:
        argv = [
            sys.executable,
            "-m",
            "ompycord",
            "secret",
            "give",
            name,
            "NPM_TOKEN",
            "--data-dir",
            str(harness.folder),
        ]
        hand = Terminal(argv, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
        try:
            await hand.read_until("NPM_TOKEN (not shown): ")
            assert "It needs the secret NPM_TOKEN: to publish[2J it" in hand.screen
            hand.type(f"{VALUE}\n")
            await hand.read_until("Given. One start of the agent gets it")
            assert await hand.ended() == 0
        finally:
            hand.close()
        assert VALUE not in hand.screen
        await harness.began()
        assert harness.agent.jobs[-1].env["NPM_TOKEN"] == VALUE
