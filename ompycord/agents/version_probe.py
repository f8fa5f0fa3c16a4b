"""Asks a program for its version before a session with it; `dialects/versions.py` judges the answer."""

import asyncio
from contextlib import aclosing, suppress
from typing import Final

from ompycord.agents.level import layout_of
from ompycord.agents.repository_settings import environment_of, folder_of
from ompycord.dialects.versions import version_in
from ompycord.domain.ports import AgentJob
from ompycord.processes import Clocks, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher

__all__ = ["ask_version"]

_ASK_S: Final = 30.0


async def ask_version(launcher: Launcher, job: AgentJob, program: tuple[str, ...]) -> str | None:
    """The output of `program --version`, or None. Raises ProcessFailed where the program cannot be started."""
    spec = ProcessSpec(
        argv=(*program, "--version"), env=environment_of(job), cwd=folder_of(job), stdin=b"", marker=job.run
    )
    clocks = Clocks(wall_s=_ASK_S, idle_s=_ASK_S)
    printed: dict[Stream, str] = {}
    async with launcher.start(spec, layout_of(job), clocks=clocks) as process:
        lines = process.lines()
        with suppress(TimeoutError):
            async with asyncio.timeout(_ASK_S), aclosing(lines):
                async for line in lines:
                    if found := version_in(line.text):
                        printed.setdefault(line.stream, found)
                    if Stream.STDOUT in printed:
                        break
    return printed.get(Stream.STDOUT) or printed.get(Stream.STDERR)  # pi prints it there (seen in 0.73)
