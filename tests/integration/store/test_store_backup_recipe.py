"""The recipe of docs/how-to/back-up.md, run as it stands there, against a database in use."""

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path

from ompycord.store import open_store
from tests.integration.store.world import CountingIds, HandClock, Sender
from tests.support.patience import patient

PAGE = Path("docs/how-to/back-up.md")


def recipe() -> list[str]:
    """The command that makes the copy."""
    found = re.search(r"^python3 (-c .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return [sys.executable, *shlex.split(found[1])]


async def test_a_copy_made_while_it_runs_opens_elsewhere_with_all_that_was_committed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "data", tmp_path / "restored"
    for one in (folder, elsewhere):
        one.mkdir()
    async with open_store(folder / "ompycord.db", clock=HandClock(), ids=CountingIds()) as store:
        sender = Sender(CountingIds(1000))
        for number in range(1, 6):
            await store.append([sender.post(seq=number)])
        await asyncio.to_thread(subprocess.run, recipe(), cwd=folder, check=True, timeout=patient(60))
        await store.append([sender.post(seq=6)])
    (folder / "ompycord.backup.db").rename(elsewhere / "ompycord.db")
    async with open_store(elsewhere / "ompycord.db", clock=HandClock(), ids=CountingIds()) as restored:
        events = await restored.events_after(0, limit=100)
    assert len(events) == 5
