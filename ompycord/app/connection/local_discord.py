"""The playground as `up` uses it: the running one of this data folder, or one that it starts.

docs/contracts/processes.md, *Playground*: it is found by `playground/run.json`, identified by a request with its token,
and adopted with its address unchanged.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from ompycord.errors import BusyError, UnavailableError
from ompycord.playground.client import Address, Client, Info, PlaygroundError, command_line, read_run_file
from ompycord.processes import start_detached
from ompycord.processes.environment import environment_of_child

__all__ = ["LocalDiscord", "open_local_discord"]

START_S = 20.0
PROBE_S = 3.0
BUSY = 75
PLACES = frozenset(
    {
        "OMPYCORD_CONFIG",
        "OMPYCORD_DATA_DIR",
        "OMPYCORD_LOG__FILE",
        "OMPYCORD_LOG__JSON",
        "OMPYCORD_LOG__LEVEL",
        "OMPYCORD_PLAYGROUND__PORT",
        "OMPYCORD_PLAYGROUND__PULL_REQUESTS",
        "OMPYCORD_PRESET",
        "OMPYCORD_SECRETS_DIR",
        "OMPYCORD_WEBHOOK__HOST",
        "OMPYCORD_WEBHOOK__PORT",
    }
)
"""Settings without a secret that a bot needs to be the same one when the page starts it again."""


class LocalDiscord:
    """A running playground."""

    def __init__(self, *, address: Address, info: Info) -> None:
        self._address = address
        self.info = info
        self.was_there = False
        """Whether it ran before this `up`, and may have an open page."""

    @property
    def address(self) -> str:
        """The address that a person opens; it contains the token."""
        return self._address.page

    @property
    def token(self) -> str:
        """Opens the page; whoever has it is every person of the local Discord."""
        return self._address.token

    async def register_bot(self) -> None:
        """Name the bot's process to the playground, so that its page can kill and restart it.

        Raises UnavailableError.
        """
        argv = [sys.executable, "-m", "ompycord", *sys.argv[1:]]
        try:
            async with Client(self._address, timeout_s=PROBE_S) as client:
                await client.register_bot(pid=os.getpid(), argv=argv, cwd=str(Path.cwd()))
        except PlaygroundError as error:
            raise UnavailableError(
                f"The playground that runs with this data folder refuses ({error}): make room on its disk, or end it, "
                "then start again."
            ) from None

    async def name_hook_receiver(self, url: str, secret: str) -> None:
        """Have the forge there deliver its webhooks to this address. Raises UnavailableError."""
        try:
            async with Client(self._address, timeout_s=PROBE_S) as client:
                await client.name_hook_receiver(url, secret)
        except PlaygroundError as error:
            raise UnavailableError(f"The playground's forge sends no webhooks: {error}.") from None

    async def shut_down(self) -> None:
        """End the playground with an orderly end of `up`; does nothing where it has ended already."""
        with contextlib.suppress(PlaygroundError):
            async with Client(self._address, timeout_s=PROBE_S) as client:
                await client.shut_down(bot=os.getpid())


async def open_local_discord(folder: Path, *, port: int) -> LocalDiscord:
    """Adopt the running playground of this folder, or start one on `port` (0: any).

    Raises BusyError when another program has the port, UnavailableError when it does not come up.
    """
    _make(folder)
    found = await _adopt(folder)
    if found is not None:
        found.was_there = True
        return found
    log = folder / "playground.log"
    process = start_detached(
        command_line(folder, port=port),
        env=environment_of_child(os.environ, more=PLACES),
        cwd=Path.cwd(),
        log=log,
    )
    try:
        async with asyncio.timeout(START_S):
            while True:
                found = await _adopt(folder)
                if found is not None:
                    return found
                code = process.poll()
                if code == BUSY:
                    raise BusyError(
                        f"Port {port} is taken by another program. "
                        "Stop it, or set playground.port (0 takes any free one)."
                    )
                if code is not None:
                    raise UnavailableError(
                        f"The playground ended at once (exit {code}); {log.name} in {folder} says why."
                    )
                await asyncio.sleep(0.05)
    except TimeoutError:
        _end(process)
        raise UnavailableError(
            f"The playground did not come up in {START_S:.0f} s; see {log.name} in {folder}."
        ) from None


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


async def _adopt(folder: Path) -> LocalDiscord | None:
    """The playground of run.json, if it answers to its token; None for a stale file or another program on the port."""
    run = read_run_file(folder)
    if run is None:
        return None
    try:
        async with Client(run.address, timeout_s=PROBE_S) as client:
            return LocalDiscord(address=run.address, info=await client.read_info())
    except PlaygroundError:
        return None
