"""The registered bot process, killed and started again from the page.

Counterpart: `ompycord up`, which registers it.
"""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from ompycord.playground.rules.documents import Json, as_list, as_object
from ompycord.playground.world.storage import Storage

KILL_WAIT_S: Final = 5.0
END_WAIT_S: Final = 40.0
"""Longer than the bot's own drain."""
SAME_START_S: Final = 1.0
"""How far two readings of one process's start time may differ, since the system derives it from an adjustable clock."""


class BotProcessError(Exception):
    """The bot could not be registered, killed or started; the message says why."""


class BotProcess:
    """Remembers one process by id and start time, so that a reused id is never killed."""

    def __init__(self, storage: Storage, folder: Path, on_change: Callable[[], None]) -> None:
        self._storage = storage
        self._folder = folder
        self._on_change = on_change
        self._children: set[subprocess.Popen[bytes]] = set()
        self._environment: dict[str, str] = {}
        """That of the process which was killed last, read just before: until then none of the bot's is here."""
        self.ending: object = None
        """The pid of a bot that announced its own end."""
        self.ends_registered = False
        """Whether the end of the playground ends the registered bot too, though another program started it."""

    @property
    def known(self) -> Json | None:
        """What was registered: argv, cwd, env, pid, start time."""
        return self._storage.get("bot", "bot")

    @property
    def pid(self) -> int | None:
        """The pid of the registered process while it is that process."""
        process = self.process()
        return process.pid if process is not None else None

    def register(self, wanted: Json) -> None:
        """Remember a running process and how to start it again. Raises BotProcessError."""
        pid, argv, cwd = wanted.get("pid"), as_list(wanted.get("argv")), wanted.get("cwd")
        if not isinstance(pid, int) or not argv or not all(isinstance(item, str) for item in argv):
            raise BotProcessError("pid is a number and argv a list of texts")
        if not isinstance(cwd, str) or not Path(cwd).is_dir():
            raise BotProcessError("cwd is a folder")
        env = {str(key): str(value) for key, value in (as_object(wanted.get("env")) or {}).items()}
        self._remember(pid, argv, cwd, env)

    def kill(self) -> int:
        """Send the registered process SIGKILL and wait for its end. Raises BotProcessError where it does not run."""
        process = self.process()
        if process is None:
            raise BotProcessError(f"it does not run{_last(self.known)}")
        with contextlib.suppress(psutil.Error):
            self._environment = process.environ()
        process.kill()
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(timeout=KILL_WAIT_S)
        self._reap()
        self._on_change()
        return process.pid

    def start(self) -> int:
        """Start the bot again with its registered arguments, in a session of its own. Raises BotProcessError."""
        known = self.known
        if known is None:
            raise BotProcessError("no bot has run here yet; `ompycord up` starts one")
        running = self.process()
        if running is not None:
            raise BotProcessError(f"it runs already, as process {running.pid}")
        with (self._folder / "bot.log").open("ab") as log:
            try:
                child = subprocess.Popen(  # noqa: S603  # the arguments that our own token holder registered
                    known["argv"],
                    cwd=known["cwd"],
                    env={**os.environ, **self._environment, **known["env"]},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise BotProcessError(f"the bot could not be started: {error.strerror}") from error
        self._children.add(child)
        self._remember(child.pid, known["argv"], known["cwd"], known["env"])
        return child.pid

    async def end_started(self) -> None:
        """SIGTERM to the bot that was started from the page, which no other process would end.

        With `ends_registered` also to the registered one.
        """
        registered = self.process() if self.ends_registered else None
        if registered is not None and registered.pid not in (self.ending, *(child.pid for child in self._children)):
            registered.terminate()
            try:
                await asyncio.to_thread(registered.wait, END_WAIT_S)
            except psutil.TimeoutExpired:
                registered.kill()
        for child in [child for child in self._children if child.poll() is None and child.pid != self.ending]:
            child.terminate()
            try:
                await asyncio.to_thread(child.wait, END_WAIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    async def observe(self) -> None:
        """Call `on_change` when the process ends; poll, since it may not be a child of this one."""
        last = self.pid
        while True:
            await asyncio.sleep(1)
            self._reap()
            if self.pid != last:
                last = self.pid
                self._on_change()

    def _remember(self, pid: int, argv: list[str], cwd: str, env: dict[str, str]) -> None:
        try:
            started = psutil.Process(pid).create_time()
        except psutil.Error as error:
            raise BotProcessError("there is no such process") from error
        known: Json = {"pid": pid, "started": started, "argv": argv, "cwd": cwd, "env": env}
        self._storage.put("bot", "bot", known)
        self._on_change()

    def process(self) -> psutil.Process | None:
        """The registered process while it runs; never another one with its id."""
        known = self.known
        if known is None:
            return None
        try:
            process = psutil.Process(known["pid"])
            is_same = abs(process.create_time() - known["started"]) < SAME_START_S
            is_alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if is_same and is_alive else None

    def _reap(self) -> None:
        self._children = {child for child in self._children if child.poll() is None}


def _last(known: Json | None) -> str:
    return f": process {known['pid']} has ended" if known else ": none was started here yet"
