"""An Ompycord for the self-test: `up` in a temporary folder, on free ports, without the caller's settings.

Counterpart: `app/run.py`, whose printed lines are read here as a person would read them.
"""

import asyncio
import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from ompycord.app.selftest.person import NotSeen, PlaygroundUser
from ompycord.playground.client import Client, PlaygroundError, read_run_file
from ompycord.processes import start_detached

__all__ = ["SelftestHarness"]

UP_S = 60.0
END_S = 45.0
POLL_S = 0.05
FOREIGN = ("OMPYCORD_", "OMP_", "DISCORD_")
CONFIG = """\
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
  slow: {kind: rehearsal, env: {REHEARSAL_PACE: "1"}}
"""
_SIDECAR = re.compile(r"Sidecar\s+(http://\S+)")


class SelftestHarness:
    """`start`, `kill`, `end` in any order; `close` leaves nothing running."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str], client: httpx.AsyncClient) -> None:
        self.data = folder / "data"
        self.secret = secrets.token_urlsafe(32)
        self.sidecar = ""
        self.client = client
        self._folder = folder
        kept = {name: text for name, text in environ.items() if not name.startswith(FOREIGN)}
        self._environ = {**kept, "OMP_WEBHOOK_SECRET": self.secret}
        self._process: subprocess.Popen[bytes] | None = None
        self._playground: Client | None = None
        self._starts = 0
        (folder / "ompycord.yml").write_text(CONFIG, encoding="utf-8")

    async def start(self) -> None:
        """Start `ompycord up` and wait until it reports that it is up. Raises NotSeen with its last line."""
        self._starts += 1
        log = self._folder / f"up-{self._starts}.log"
        argv = [sys.executable, "-m", "ompycord", "up", "--port", "0", "--playground-port", "0"]
        argv += ["--data-dir", str(self.data)]
        self._process = start_detached(argv, env=self._environ, cwd=self._folder, log=log)
        try:
            async with asyncio.timeout(UP_S):
                while "Ctrl+C" not in (printed := log.read_text(encoding="utf-8", errors="replace")):
                    if self._process.poll() is not None:
                        raise NotSeen(f"it ended at once: {_last_line(printed)}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise NotSeen(f"it did not come up within {UP_S:.0f} s") from None
        found = _SIDECAR.search(printed)
        if found is None:
            raise NotSeen("it did not say where its sidecar is")
        self.sidecar = found[1]

    async def people(self) -> tuple[PlaygroundUser, PlaygroundUser]:
        """The playground's admin and its outsider."""
        client = self._playground_client()
        info = await client.read_info()
        admin, outsider = (
            PlaygroundUser(client, user=info.users[kind], channels=info.channels) for kind in ("admin", "outsider")
        )
        return admin, outsider

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._exit_code()

    async def end(self) -> int:
        """End it with SIGTERM; the exit code."""
        if self._process is None:
            raise NotSeen("it does not run")
        self._process.send_signal(signal.SIGTERM)
        return await self._exit_code()

    def has_write_ahead_log(self) -> bool:
        """Whether SQLite's log still exists: the last connection that closes in order removes it."""
        return (self.data / "ompycord.db-wal").exists()

    async def close(self) -> None:
        """End all processes of the harness, whatever happened."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                await self._exit_code()
            except NotSeen:
                self._process.kill()
                await self._exit_code()
        with contextlib.suppress(NotSeen, PlaygroundError):
            await self._playground_client().shut_down(bot=os.getpid())
        if self._playground is not None:
            await self._playground.close()

    async def _exit_code(self) -> int:
        assert self._process is not None
        try:
            return await asyncio.to_thread(self._process.wait, END_S)
        except subprocess.TimeoutExpired:
            raise NotSeen(f"it did not end within {END_S:.0f} s") from None

    def _playground_client(self) -> Client:
        """The client of the one playground, which outlives a killed Ompycord."""
        if self._playground is None:
            run = read_run_file(self.data / "playground")
            if run is None:
                raise NotSeen("there is no playground")
            self._playground = Client(run.address)
        return self._playground


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]
