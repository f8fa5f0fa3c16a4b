"""A disk that is full, and a database that another program holds: refused at once, said, and over by itself."""

import asyncio
import resource
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain.events import Note
from ompycord.errors import StorageError
from ompycord.http import HttpLimits, KeySet
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock, Sender
from tests.integration.webhook.senders import Poster, refusal
from tests.support.patience import patient, until
from tests.support.sidecar_process import SidecarProcess, envelope, post, sidecar_process

PATIENCE_S = 30.0
LIMIT = 900 * 1024
BALLAST = 29 * 512 * 1024


async def fill(http: httpx.AsyncClient) -> list[str]:
    """Post until the disk refuses; the webhook-ids that were acknowledged."""
    taken: list[str] = []
    for n in range(2000):
        webhook_id = f"fill_{n}"
        answer = await post(http, envelope(data={"text": "x" * 8000}), webhook_id)
        if answer.status_code != 202:
            assert refusal(answer) == (503, "storage")
            assert int(answer.headers["retry-after"]) >= 1
            return taken
        taken.append(webhook_id)
    raise AssertionError("the disk took everything")


async def until_taken(http: httpx.AsyncClient) -> None:
    """Wait until an event is taken again, bounded."""

    async def is_taken() -> bool:
        return (await post(http, envelope(data={"text": "after"}), "after")).status_code in {200, 202}

    await until(is_taken, seconds=PATIENCE_S)


async def require_degraded_and_back(child: SidecarProcess, make_room: Callable[[], object]) -> None:
    pid = child.process.pid if child.process else 0
    async with child.client() as http:
        assert (await http.get("/readyz")).json() == {"ready": True, "checks": {"database": True}}
        taken = await fill(http)
        assert len(taken) > 5
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "checks": {"database": False}})
        assert refusal(await post(http, envelope(), "small")) == (503, "storage")  # however small: at once
        assert (await http.get("/livez")).status_code == 200
        make_room()
        await until_taken(http)
        assert (await http.get("/readyz")).json() == {"ready": True, "checks": {"database": True}}
        for webhook_id in taken:  # what was acknowledged is known
            again = await post(http, envelope(data={"text": "x" * 8000}), webhook_id)
            assert (again.status_code, again.headers["ompycord-replayed"]) == (200, "true")
    assert child.process is not None
    assert (child.process.pid, child.process.returncode) == (pid, None)  # without a restart


@pytest.mark.posix
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit (Linux)")
async def test_a_database_that_may_not_grow_is_read_only_until_it_may(tmp_path: Path) -> None:
    async with sidecar_process(tmp_path / "a.db") as child:
        assert child.process is not None
        pid = child.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        await require_degraded_and_back(child, lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited))


def _may_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False, timeout=patient(10)).returncode == 0


@pytest.mark.posix
async def test_a_full_disk_is_read_only_until_there_is_room(tmp_path: Path) -> None:
    if not await asyncio.to_thread(_may_mount):
        pytest.skip("this machine lets us mount no small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=16m none "{disk}" && head -c {BALLAST} /dev/zero > "{disk}/ballast" && exec "$@"'
    wrapper = ("unshare", "-m", "sh", "-c", script, "sh")
    async with sidecar_process(disk / "a.db", wrapper=wrapper) as child:
        assert child.process is not None
        inside = Path(f"/proc/{child.process.pid}/root") / str(disk / "ballast").lstrip("/")
        await require_degraded_and_back(child, inside.unlink)


@pytest.fixture
async def busy_store(tmp_path: Path, clock: HandClock, ids: CountingIds) -> AsyncGenerator[SqliteStore]:
    opened = open_store(tmp_path / "busy.db", clock=clock, ids=ids, readers=1, busy_timeout_s=0.05, probe_s=0.05)
    async with opened as store:
        yield store


async def test_a_database_that_is_held_for_long_is_said_and_taken_up_again(
    busy_store: SqliteStore, tmp_path: Path, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> None:
    app = create_sidecar(
        store=busy_store,
        snapshots=Snapshots(store=busy_store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=lambda: None,
        probes={"database": busy_store.is_writable},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        poster = Poster(http, clock)
        with sqlite3.connect(tmp_path / "busy.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = await poster.event(webhook_id="msg_busy")
            assert refusal(refused) == (503, "storage")
            assert int(refused.headers["retry-after"]) >= 1
            clock.seconds += 60  # what was known of the database is old by now
            assert (await http.get("/readyz")).json()["checks"] == {"database": False}
            assert busy_store.read_only is None  # a lock passes by itself: the next post tries
            other.execute("ROLLBACK")
        other.close()
        assert (await poster.event(webhook_id="msg_busy")).status_code == 202
        assert (await http.get("/readyz")).json()["checks"] == {"database": True}


async def test_asking_for_readiness_often_writes_seldom(store: SqliteStore, clock: HandClock) -> None:
    before = store.transactions
    for _ in range(50):
        assert await store.is_writable()
    assert store.transactions == before
    clock.seconds += 60
    for _ in range(50):
        assert await store.is_writable()
    assert store.transactions == before + 1


@pytest.mark.posix
def test_while_the_disk_refuses_it_is_not_asked_and_ending_leaves_no_thread(tmp_path: Path) -> None:
    async def end_degraded() -> None:
        clock, ids = HandClock(), CountingIds()
        async with open_store(tmp_path / "a.db", clock=clock, ids=ids, readers=1, probe_s=0.01) as store:
            sender = Sender(ids)
            resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
            posts = [sender.post(Note(text="x" * 4000), seq=n) for n in range(1, 1000)]
            with pytest.raises(StorageError, match="full or broken"):
                await store.append(posts)
            assert store.read_only is not None
            tried = store.transactions
            with pytest.raises(StorageError, match="full or broken"):
                await store.append([sender.post(seq=1)])
            assert store.transactions == tried  # refused at once: the disk was not asked again

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = set(threading.enumerate())
    try:
        asyncio.run(end_degraded())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
    assert sorted(file.name for file in tmp_path.iterdir() if "room" in file.name) == []
