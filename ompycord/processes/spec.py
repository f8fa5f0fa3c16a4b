"""What to start, within which bounds, and how it ended; its counterparts are `launcher.py` and `command.py`."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ompycord.domain.repository import CheckSpec, Sandbox
from ompycord.text.limits import DIALECT_LINE_BYTES, IDLE_S, TERM_S, WAITING_S, WALL_S

__all__ = [
    "MARKER",
    "START_MARK",
    "Bounds",
    "Clocks",
    "Completed",
    "Line",
    "Outcome",
    "ProcessResult",
    "ProcessSpec",
    "ResourceLimits",
    "Stream",
]

MARKER: Final = "OMPYCORD_RUN"
"""The environment variable by which survivors are found (docs/contracts/processes.md, *Start and end of a program*)."""

START_MARK: Final = "_OMPYCORD_START"
"""The variable by which what a program started counts for it alone.

Its value is drawn at each start and known to nobody else: the run's id in `MARKER` is no secret, and a program of
another run could carry it.
"""

Argument = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]


class _Frozen(BaseModel):
    # Arguments, environment and input may hold secrets: no error message repeats them.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ResourceLimits(_Frozen):
    """The most that a long program may use with all that it starts. More ends it (`resource_usage.py`)."""

    processes: Count = Sandbox().max_processes
    memory_mib: Count = Sandbox().max_memory_mib
    """Shared pages count once."""
    disk_mib: Count = Sandbox().max_disk_mib
    folder: Path | None = None
    """The folder that is its disk; None: the disk is not measured."""

    @classmethod
    def of(cls, bounds: Sandbox | CheckSpec) -> Self:
        """The limits that configuration sets."""
        return cls(processes=bounds.max_processes, memory_mib=bounds.max_memory_mib, disk_mib=bounds.max_disk_mib)


class ProcessSpec(_Frozen):
    """A program with all that it gets; nothing is inherited from this process."""

    argv: Annotated[tuple[Argument, ...], Field(min_length=1, repr=False)]
    """Program and arguments, never a shell. A bare program name is looked up in the `PATH` of `env`."""
    env: Annotated[Mapping[str, Argument], Field(repr=False)]
    """The whole environment."""
    cwd: Path
    """An existing folder."""
    stdin: Annotated[bytes | None, Field(repr=False)] = None
    """Written, then closed. None: the program reads an empty input."""
    keep_input_open: bool = False
    """Do not close the input after `stdin`: more of it comes by `RunningProcess.write`."""
    marker: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")] | None = None
    """Set as `OMPYCORD_RUN`; what carries it is killed when the program ends."""
    start_mark: Annotated[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None, Field(repr=False)] = None
    """Set as `START_MARK`; drawn where the program is started, if it has limits."""
    claims_terminal: bool = False
    """Its confinement makes its standard input its controlling terminal (`terminal.py`)."""
    ignores_term: bool = False
    """Whether it starts with TERM ignored; what it starts inherits that unless it restores the default."""
    resource_limits: ResourceLimits | None = None
    """None: no limits."""
    passes_socket: bool = False
    """Whether it hands out a socket on which it listens, and waits until that is served (`passed_socket.py`)."""
    event_pipe: bool = False
    """Whether it gets a pipe on descriptor 3 for the JSON-lines dialect."""

    @property
    def whole_env(self) -> dict[str, str]:
        """`env` with the marks."""
        marks = {MARKER: self.marker, START_MARK: self.start_mark}
        return {**self.env, **{name: mark for name, mark in marks.items() if mark is not None}}

    @field_validator("env")
    @classmethod
    def _names_can_be_set(cls, env: Mapping[str, str]) -> Mapping[str, str]:
        if any(not name or "=" in name or "\0" in name for name in env):
            raise ValueError("a variable's name is empty or holds '=' or NUL")
        return dict(env)


class Clocks(_Frozen):
    """Seconds a long program has."""

    wall_s: Seconds = WALL_S
    """From its start to its end."""
    idle_s: Seconds = IDLE_S
    """Since the last byte on any of its streams. Time in which we were too slow to read does not count."""
    waiting_s: Seconds = WAITING_S
    """While the other two stand still because the program waits for a person (`RunningProcess.waits_for_person`)."""
    term_s: Seconds = TERM_S
    """Between TERM and KILL."""


class Bounds(_Frozen):
    """Bytes that are held or taken of a long program's output."""

    line_bytes: Count = DIALECT_LINE_BYTES
    """A longer line is cut here and marked."""
    queue_bytes: Count = 1_048_576
    """Lines waiting for their reader; a full queue makes the program wait."""
    output_bytes: Count = 268_435_456
    """All streams together, over the whole life; more ends the program."""


class Stream(StrEnum):
    """Where a line came from."""

    STDOUT = "stdout"
    STDERR = "stderr"
    EVENTS = "events"


class Line(NamedTuple):
    """One line, decoded as UTF-8 with replacement, without its end. A tuple, since a program can write millions."""

    stream: Stream
    text: str
    was_cut: bool = False
    """It was longer than `Bounds.line_bytes`: redact it with `was_cut`."""


class Outcome(StrEnum):
    """Why a program ended."""

    EXITED = "exited"
    WALL_TIMEOUT = "wall-timeout"
    IDLE_TIMEOUT = "idle-timeout"
    STOPPED = "stopped"
    OUTPUT_LIMIT = "output-limit"
    OVER_LIMIT = "excess"
    """It exceeded its `ResourceLimits`."""


class ProcessResult(_Frozen):
    """How a long program ended."""

    outcome: Outcome
    exit_code: int | None
    """None where a signal ended it."""
    signal: int | None
    pid: int
    duration_s: float
    """By the caller's clock."""
    bytes_seen: int
    """Over all streams."""
    survivors: int
    """Processes that had to be killed after the program itself was gone."""
    over_limit: str | None = None
    """What it exceeded, such as `started more than 512 processes`."""


class Completed(_Frozen):
    """The end and the output of a short program."""

    outcome: Outcome
    """EXITED or WALL_TIMEOUT."""
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    was_cut: bool
    """One of the two was longer than its bound; the rest was read and dropped."""
    duration_s: float

    @property
    def is_success(self) -> bool:
        """Whether it ended by itself, with 0."""
        return self.outcome is Outcome.EXITED and self.exit_code == 0
