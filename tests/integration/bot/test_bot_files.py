"""Files that an agent attaches come into the thread as files, once, and never those of another run."""

import hashlib

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from tests.integration.bot.conftest import AppHarness, kind_of

PLOT = b"\x89PNG not really"
LOG = b"password = hunter2-hunter2"
HIDDEN = b"password = [redacted]"


def added(name: str, data: bytes) -> ev.ArtifactAdded:
    return ev.ArtifactAdded(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())


async def test_a_file_comes_into_the_thread_once_and_silently(harness: AppHarness) -> None:
    mo = harness.playground.mo
    strange = added("secret.txt", b"of another run")
    harness.files |= {hashlib.sha256(data).hexdigest(): data for data in (PLOT, LOG)}
    harness.agent.script = (added("plot.png", PLOT), strange, added("plot.png", PLOT), added("build.log", LOG))
    async with harness.running():
        record = await harness.start(mo)
        result = await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
        shown = [
            m for m in await mo.history(await harness.thread_of(RunId(record.id))) if kind_of(m).startswith("file")
        ]
    files = [file for message in shown for file in message.raw["attachments"]]
    assert [(file["filename"], file["size"]) for file in files] == [("plot.png", len(PLOT)), ("build.log", len(HIDDEN))]
    assert "attached plot.png (1 KiB)." in shown[0].text
    assert [message.raw["flags"] & 1 << 12 for message in shown] == [1 << 12, 1 << 12]
    assert int(shown[-1].id) < int(result.id)
