"""The process id of the registered bot may be somebody else's by now."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.world.storage import Storage


@pytest.fixture
def stranger() -> Generator[subprocess.Popen[bytes]]:
    """A living process."""
    argv = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_process_that_only_has_the_same_id_is_not_killed(stranger: subprocess.Popen[bytes], tmp_path: Path) -> None:
    storage = Storage(tmp_path / "playground.db")
    changes: list[str] = []
    bot = BotProcess(storage, tmp_path, lambda: changes.append("changed"))
    bot.register({"pid": stranger.pid, "argv": ["bot"], "cwd": str(tmp_path)})
    assert bot.pid == stranger.pid
    known = storage.get("bot", "bot")
    assert known is not None
    storage.put("bot", "bot", {**known, "started": known["started"] - 60})

    assert bot.pid is None
    with pytest.raises(BotProcessError, match="does not run"):
        bot.kill()
    assert stranger.poll() is None
    storage.close()
