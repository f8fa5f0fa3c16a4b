"""Real programs in a temporary folder, and waits that are bounded."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from ompycord.processes import ProcessSpec
from tests.support.patience import within


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Programs are started on POSIX only; `test_processes_windows.py` has what Windows answers."""
    if sys.platform == "win32":
        for item in items:
            if "posix" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs POSIX signals and process groups"))


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., ProcessSpec]:
    """A spec that runs Python code with an almost empty environment."""

    def make(code: str, *arguments: str, **more: object) -> ProcessSpec:
        argv = (sys.executable, "-I", "-S", "-u", "-c", code, *arguments)
        return ProcessSpec.model_validate({"argv": argv, "env": {"PATH": "/usr/bin:/bin"}, "cwd": tmp_path, **more})

    return make


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # a zombie waits for somebody else to reap it
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def until_gone() -> Callable[[int], Awaitable[None]]:
    """Returns once a process is gone; fails after ten seconds."""

    async def wait(pid: int) -> None:
        async with within(10):
            while _is_running(pid):  # psutil's own wait would reap our children before asyncio does
                await asyncio.to_thread(threading.Event().wait, 0.01)

    return wait
