"""Values of secrets from the moment a person gives one until its run has ended: files in `secrets/asked/`, 0600.

A file is there before anything else knows of the gift, and has another name before the agent gets its content: a crash
loses no gift that was confirmed, and hands none out twice. It stays until the run has ended, so that a restart does not
forget what must be taken out of texts and results.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ompycord.domain.ids import RunId
from ompycord.domain.secret_requests.rules import SecretName
from ompycord.files import replace_file, sync_folder
from ompycord.telemetry import get_logger

__all__ = ["KeptSecret", "SecretVault"]

log = get_logger(__name__)

Learn = Callable[[str, str], None]
"""`learn(name, value)`: know a value as a secret, before anything else has it."""

_FILE: Final = re.compile(r"^(?P<question>[0-9A-Za-z]{26})\.(?P<name>[A-Z][A-Z0-9_]{1,63})(?P<used>\.used)?$")
_RUN: Final = re.compile(r"^[0-9A-Za-z]{26}$")


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """One value. Its repr does not show it."""

    question: str
    """The request for which it was given."""
    name: SecretName
    file: Path
    is_used: bool = False
    """Whether an agent was started with it."""

    def read(self) -> str:
        """The value. Raises OSError, ValueError."""
        return self.file.read_bytes().decode()


class SecretVault:
    """One for the process. Values are read from their files when they are needed; none is kept here."""

    def __init__(self, folder: Path, *, learn: Learn) -> None:
        """`folder` is made with the first value."""
        self._folder = folder
        self._learn = learn
        self._kept: dict[RunId, dict[str, KeptSecret]] = {}
        self._present: dict[RunId, frozenset[str]] = {}
        self._bound: dict[RunId, dict[tuple[str, str], KeptSecret]] = {}

    @property
    def runs(self) -> frozenset[RunId]:
        """Runs of which something is kept."""
        return frozenset({*self._kept, *self._present})

    async def load(self) -> None:
        """Find what an earlier process kept, and know it as secret. What cannot be read is asked for again."""
        try:
            found = await asyncio.to_thread(self._found)
        except OSError as error:
            log.warning("secrets.unread", cause=error.strerror)
            return
        for run, kept, value in found:
            self._learn(kept.name, value)
            self._kept.setdefault(run, {})[kept.question] = kept

    def _found(self) -> list[tuple[RunId, KeptSecret, str]]:
        found: list[tuple[RunId, KeptSecret, str]] = []
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if not (folder.is_dir() and _RUN.match(folder.name)):
                continue
            for file in sorted(folder.iterdir()):
                match = _FILE.match(file.name)
                if match is None:
                    file.unlink(missing_ok=True)  # half of one, by a crash: its gift was not confirmed
                    continue
                kept = KeptSecret(match["question"], match["name"], file, is_used=match["used"] is not None)
                with contextlib.suppress(OSError, ValueError):  # what cannot be read is asked for again
                    found.append((RunId(folder.name), kept, kept.read()))
        return found

    async def put(self, run: RunId, question: str, name: str, value: str) -> None:
        """Keep a value, in the place of one that was given for the same request and not confirmed. Raises OSError."""
        self._learn(name, value)
        file = self._folder / run / f"{question}.{name}"
        await asyncio.to_thread(_write, file, value)
        self._kept.setdefault(run, {})[question] = KeptSecret(question, name, file)

    def unused(self, run: RunId) -> Mapping[str, KeptSecret]:
        """What no start of the run's agent was given yet, by its request."""
        return {question: one for question, one in self._kept.get(run, {}).items() if not one.is_used}

    async def hand_out(self, run: RunId, kept: Iterable[KeptSecret]) -> dict[str, str]:
        """The values for one start of the run's agent, by name; what an earlier start had, this one has not.

        Each is marked as used on disk before it is returned. Raises OSError, and then none is handed out.
        """
        self._present.pop(run, None)
        given = tuple(kept)
        values = await asyncio.to_thread(_use, given)
        for one in given:
            used = KeptSecret(one.question, one.name, _used(one.file), is_used=True)
            self._kept.setdefault(run, {})[one.question] = used
        if values:
            self._present[run] = frozenset(values)
        return values

    def is_present(self, run: RunId, name: str) -> bool:
        """Whether the agent's present start was given this one."""
        return name in self._present.get(run, frozenset())

    def bind(self, run: RunId, kept: Mapping[tuple[str, str], KeptSecret]) -> None:
        """From now on `for_host` finds these alone, each by its name and the host for which it was given."""
        self._bound[run] = dict(kept)

    async def for_host(self, run: RunId, name: str, host: str) -> str | None:
        """What was given to the run for requests to this host; None where nothing was. Raises OSError, ValueError."""
        kept = self._bound.get(run, {}).get((name, host))
        return None if kept is None else await asyncio.to_thread(kept.read)

    async def drop(self, run: RunId, question: str) -> None:
        """Forget a value that is not given after all. Raises OSError."""
        kept = self._kept.get(run, {}).pop(question, None)
        if kept is not None:
            await asyncio.to_thread(kept.file.unlink, missing_ok=True)

    async def forget(self, run: RunId) -> None:
        """Remove all of a run that has ended. Raises OSError, and then it is still kept."""
        await asyncio.to_thread(_remove, self._folder / run)
        self._kept.pop(run, None)
        self._present.pop(run, None)
        self._bound.pop(run, None)


def _write(file: Path, value: str) -> None:
    for folder in (file.parent.parent.parent, file.parent.parent, file.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    replace_file(file, value.encode())


def _use(kept: tuple[KeptSecret, ...]) -> dict[str, str]:
    values = {one.name: one.read() for one in kept}
    for one in kept:
        one.file.rename(_used(one.file))
    for folder in {one.file.parent for one in kept}:
        sync_folder(folder)
    return values


def _used(file: Path) -> Path:
    return file.with_name(f"{file.name}.used")


def _remove(folder: Path) -> None:
    for file in folder.iterdir() if folder.is_dir() else ():
        file.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()
