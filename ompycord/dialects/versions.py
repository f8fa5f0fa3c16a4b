"""Which versions of known agents this adapter layer was tested with; what lies outside is said in a note, never refused."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Final

from ompycord.domain.events import Note
from ompycord.domain.ports import AgentJob
from ompycord.processes import Clocks, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher, Place

__all__ = ["TESTED", "ask_version", "version_note"]

Version = tuple[int, ...]

TESTED: Final[Mapping[str, tuple[Version, Version]]] = {
    "omp": ((18, 2, 3), (18, 3)),
    "pi": ((0, 73), (0, 74)),
}
"""From this one, up to but not including that one."""
_ASK_S: Final = 30.0
_NUMBER: Final = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")


async def ask_version(launcher: Launcher, job: AgentJob, program: tuple[str, ...]) -> str | None:
    """What `program --version` says, or None. Raises ProcessFailed where the program cannot be started."""
    spec = ProcessSpec(
        argv=(*program, "--version"), env={**job.spec.env, **job.env}, cwd=job.cwd, stdin=b"", marker=job.run
    )
    clocks = Clocks(wall_s=_ASK_S, idle_s=_ASK_S)
    async with launcher.start(spec, Place(job.cwd), clocks=clocks) as process:
        lines = process.lines()
        with suppress(TimeoutError):
            async with asyncio.timeout(_ASK_S), aclosing(lines):
                async for line in lines:
                    if line.stream is Stream.STDOUT and (found := _NUMBER.search(line.text[:200])):
                        return found[0]
    return None


def version_note(agent: str, version: str | None) -> Note | None:
    """What to say about a version; None where it is within the tested range, or the agent is not one of those tested."""
    tested = TESTED.get(agent)
    if tested is None:
        return None
    first, beyond = tested
    span = f"{_dotted(first)} up to, not including, {_dotted(beyond)}"
    found = _NUMBER.search(version or "")
    if found is None:
        return Note(text=f"{agent} does not tell its version. Tested are versions from {span}.")
    number = tuple(int(part) for part in found.groups() if part is not None)
    if first <= number < beyond:
        return None
    return Note(text=f"{agent} {found[0]} is outside the tested versions, from {span}. It may behave differently.")


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
