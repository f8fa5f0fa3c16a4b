"""One run followed from a terminal to its end; counterpart of `cli/run.py`, which shows it.

By the control socket where a process holds the data folder, so that cards and terminal show the same; else in a process
of its own without Discord.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from ompycord.app.data_folder import DataFolder
from ompycord.app.operations import ask, is_running
from ompycord.app.terminal.reports import REPORT
from ompycord.errors import RefusedInWords
from ompycord.settings import Settings

__all__ = ["Show", "follow"]

POLL_S: Final = 0.5
Show = Callable[[dict[str, Any]], None]
"""Takes each new picture of the run (`render/stories/story.py`, as JSON)."""


def follow(
    settings: Settings,
    environ: Mapping[str, str],
    operation: str,
    arguments: dict[str, Any],
    *,
    show: Show,
    is_detached: bool = False,
) -> dict[str, Any]:
    """Begin with the operation, then show the run until it stands still; the last picture. Raises Refused, StartError.

    `is_detached`: only begin. Without a running process there is nobody who would go on.
    """
    data = DataFolder(settings.data_dir)
    if is_running(data.path):
        return asyncio.run(_attached(data, operation, arguments, show, is_detached))
    if is_detached:
        raise RefusedInWords("Ompycord is not running, so nothing would go on with the run. Start `ompycord up` first.")
    from ompycord.app.terminal.headless import without_discord  # only here: attached, none of it is loaded

    async def work(operations: Mapping[str, Any], stop: Any) -> dict[str, Any]:
        begun: dict[str, Any] = await operations[operation](arguments)
        return await _watched(lambda: operations[REPORT]({"run": begun["run"]}), show, stop.wait)

    shown: dict[str, Any] = without_discord(settings, data, environ, work)
    return shown


async def _attached(
    data: DataFolder, operation: str, arguments: dict[str, Any], show: Show, is_detached: bool
) -> dict[str, Any]:
    begun = await asyncio.to_thread(_answer_of, data, operation, arguments)

    async def report() -> dict[str, Any]:
        return await asyncio.to_thread(_answer_of, data, REPORT, {"run": begun["run"]})

    if is_detached:
        return await _first(report)
    return await _watched(report, show, asyncio.Event().wait)


def _answer_of(data: DataFolder, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    found, answer = ask(data.path, operation, arguments)
    if not found:
        raise RefusedInWords("Ompycord ended meanwhile. The run is kept: `ompycord resume` goes on with it.")
    return answer


async def _watched(report: Callable[[], Any], show: Show, stopped: Callable[[], Any]) -> dict[str, Any]:
    """Shows each picture, until the run stands still or the order to end comes."""
    story = await _first(report)
    is_ended = False
    while True:
        show(story)
        if story["exit_code"] is not None or is_ended:
            return story
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await stopped()
            is_ended = True
        story = await report()


async def _first(report: Callable[[], Any]) -> dict[str, Any]:
    """The first picture: the run's events are folded a moment after it was stored."""
    while True:
        try:
            story: dict[str, Any] = await report()
        except RefusedInWords as error:
            if "yet" not in str(error):
                raise
            await asyncio.sleep(POLL_S / 5)
        else:
            return story
