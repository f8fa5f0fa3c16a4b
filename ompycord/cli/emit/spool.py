"""Events on disk until the sidecar has them: appended by any process, sent by one at a time.

Counterpart of `sender.py`. A folder for each key: `events-*.jsonl` (lines), `cursor` (what was sent), `lanes.json`
(numbers), `pause` (not before), `dead/` (refused events beside their problems), and the two locks. Killed at any
moment, nothing is lost, and what is sent again has the same webhook-id.
"""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from ompycord.cli.emit.file_lock import hold
from ompycord.cli.emit.lines import (
    EventLine,
    SpoolPosition,
    add_line,
    cut_torn_end,
    lines_from,
    segment_path,
    segments,
    torn_end,
)
from ompycord.cli.emit.numbers import Numbers
from ompycord.errors import BusyError, UnavailableError
from ompycord.files import replace_file

__all__ = ["Spool"]

SEGMENT_BYTES = 256 * 1024
"""Sent events stay on disk until their segment is full and the next one has begun."""
APPEND_LOCK_S = 10.0


class Spool:
    """One key's events."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Makes the folder, 0700. Raises UnavailableError."""
        self.folder = folder
        self.dead = folder / "dead"
        self.torn: list[Path] = []
        """What is left of events that were cut off, as this process found it."""
        self._segment_bytes = segment_bytes
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from None

    # -- appending -----------------------------------------------------------------------------------------------------

    def append(self, *, webhook_id: str, run: str, envelope: Mapping[str, Any]) -> EventLine:
        """Number the event among its run's and put it on the disk. When it returns, the event will arrive.

        Raises BusyError (another writer hangs), UnavailableError (the disk refuses); nothing was stored then.
        """
        with self._appending() as numbers:
            seq = numbers.next(run)
            source = numbers.source
            body = json.dumps({**envelope, "run": run, "source": source, "seq": seq}, separators=(",", ":"))
            line = EventLine(webhook_id, run, source, seq, body)
            self._add(line, numbers)
            return line

    def revive(self) -> int:
        """Queue refused events again, after their cause was fixed; how many. They keep their ids and numbers."""
        count = 0
        with self._appending() as numbers:
            for file in sorted(self.dead.glob("*.json")) if self.dead.is_dir() else []:
                value: dict[str, Any] = json.loads(file.read_bytes())
                line = EventLine.decode(json.dumps(value["line"]).encode()) if value.get("line") else None
                if line is not None:
                    self._add(line, numbers)
                    file.unlink()
                    count += 1
        return count

    @contextmanager
    def _appending(self) -> Generator[Numbers]:
        try:
            with hold(self.folder / "append.lock", wait_s=APPEND_LOCK_S) as is_locked:
                if not is_locked:
                    raise BusyError(
                        f"Another program writes to the spool {self.folder} and does not end: look what it does."
                    )
                for number in segments(self.folder)[-1:]:
                    cut_torn_end(segment_path(self.folder, number), keep=partial(self._keep_torn, number))
                yield Numbers.load(self.folder)
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def set_torn_aside(self) -> None:
        """Put what is left of an event that was cut off into `torn`. Raises as `append` does."""
        with self._appending():
            pass

    def _keep_torn(self, number: int, whole: int) -> None:
        self.dead.mkdir(mode=0o700, exist_ok=True)
        file = self.dead / f"torn-{number}-{whole}.txt"
        replace_file(file, torn_end(segment_path(self.folder, number), whole))
        self.torn.append(file)

    def _add(self, line: EventLine, numbers: Numbers) -> None:
        number = max(segments(self.folder), default=1)
        path = segment_path(self.folder, number)
        size = path.stat().st_size if path.exists() else 0
        if size >= self._segment_bytes:
            numbers.save(durable=True)
            number, size = number + 1, 0
            path = segment_path(self.folder, number)
        raw = line.encode()
        add_line(path, raw, size=size)
        numbers.took(line, SpoolPosition(number, size + len(raw)))
        with suppress(OSError):  # the line is on disk and can be read again
            numbers.save()

    # -- sending -------------------------------------------------------------------------------------------------------

    @contextmanager
    def sending(self, *, wait_s: float = 0.0) -> Generator[bool]:
        """Whether we are the one who sends, for as long as the block runs."""
        try:
            with hold(self.folder / "send.lock", wait_s=wait_s) as is_locked:
                yield is_locked
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def next(self) -> tuple[EventLine, SpoolPosition] | None:
        """The oldest event that waits, and the place for `done`; for the process that sends."""
        place = self._cursor()
        while True:
            later = [number for number in segments(self.folder) if number > place.segment]  # before reading: a segment
            for raw, end in lines_from(self.folder, place):  # that has a successor is complete
                line = EventLine.decode(raw)
                if line is not None:
                    return line, end
                self._keep_damaged(raw, place)
                self.done(end)
                place = end
            if not later:
                return None
            behind, place = place.segment, SpoolPosition(later[0], 0)
            self.done(place)
            segment_path(self.folder, behind).unlink(missing_ok=True)

    def done(self, end: SpoolPosition) -> None:
        """Everything before this place has arrived or lies in `dead/`."""
        replace_file(self.folder / "cursor", json.dumps(end), is_durable=False)

    def bury(self, line: EventLine, *, status: int, problem: str) -> Path:
        """Put a refused event aside with the sidecar's answer."""
        self.dead.mkdir(mode=0o700, exist_ok=True)
        path = self.dead / f"{line.id}.json"
        value = {"status": status, "problem": problem, "line": line._asdict()}
        replace_file(path, json.dumps(value, indent=1))
        return path

    def waiting(self) -> int:
        """How many events wait; a line that is being written counts when it is whole."""
        place = self._cursor()
        numbers = [number for number in segments(self.folder) if number >= place.segment]
        starts = [place if number == place.segment else SpoolPosition(number, 0) for number in numbers]
        return sum(1 for start in starts for _ in lines_from(self.folder, start))

    def _cursor(self) -> SpoolPosition:
        there = segments(self.folder)
        oldest = SpoolPosition(there[0] if there else 1, 0)
        try:
            segment, offset = json.loads((self.folder / "cursor").read_bytes())
            place = SpoolPosition(int(segment), int(offset))
        except (OSError, ValueError, TypeError):
            return oldest  # what is sent again has the same webhook-id
        return place if place.segment in there else oldest

    def _keep_damaged(self, raw: bytes, place: SpoolPosition) -> None:
        self.dead.mkdir(mode=0o700, exist_ok=True)
        replace_file(self.dead / f"damaged-{place.segment}-{place.offset}.txt", raw)

    # -- pausing -------------------------------------------------------------------------------------------------------

    def pause(self, until_ms: int) -> None:
        """Pause until then (milliseconds since the epoch), as the sidecar asked."""
        replace_file(self.folder / "pause", str(until_ms), is_durable=False)

    def paused_until_ms(self) -> int:
        """The end of the pause; 0 where there is none."""
        try:
            return int((self.folder / "pause").read_bytes())
        except (OSError, ValueError):
            return 0


def _unwritable(folder: Path, error: OSError) -> UnavailableError:
    return UnavailableError(f"The spool {folder} cannot be used ({error.strerror or error}): nothing was kept.")
