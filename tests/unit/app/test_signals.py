"""A signal that comes before there is a loop: the order is kept, and nothing is started for it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from ompycord.app import run
from ompycord.app.signals import Stop

pytestmark = pytest.mark.posix


def test_whoever_waits_hears_of_a_signal_that_came_before_the_loop_ran() -> None:
    stop = Stop()

    async def wait() -> None:
        stop.attach()
        await stop.wait()

    with stop.installed():
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set
        asyncio.run(wait())


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Stop().installed():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_during_the_migration_ends_the_start_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def migrate(_database: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)  # unheard, it would be a KeyboardInterrupt

    said: list[str] = []
    monkeypatch.setattr(run, "make_database", migrate)
    folder = tmp_path / "data"
    code = run.up(environ={}, folder=tmp_path, overrides={"data_dir": str(folder)}, announce=said.append)
    assert (code, said) == (0, [])
    assert not (folder / "secrets" / "webhook_secret").exists()
