"""What a service manager hears, on a real datagram socket: starting, ready, signs of life that are true, ending."""

import asyncio
import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from ompycord.app.supervision.notify_socket import NotifySocket
from ompycord.app.supervision.watchdog_pings import WatchdogPings, starting
from ompycord.testing import FakeClock
from tests.support.settled import settled

pytestmark = pytest.mark.posix


class Listener:
    """What systemd would read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        self._socket.setblocking(False)

    @property
    def received(self) -> list[list[str]]:
        found: list[list[str]] = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Listener]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@ompycord-test-{tmp_path.name}"
    made = Listener(name)
    yield made
    made.close()


def manager_at(listener: Listener, **more: str) -> NotifySocket:
    return NotifySocket.taken_from({"NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "120000000", **more}, pid=7)


async def test_a_long_start_asks_for_more_time_until_it_is_ready(listener: Listener) -> None:
    manager, clock = manager_at(listener), FakeClock()
    async with starting(manager, clock):
        await settled()
        assert listener.received == [["STATUS=Starting: opening the database.", "EXTEND_TIMEOUT_USEC=30000000"]]
        clock.advance(10)
        await settled()
        assert len(listener.received) == 1
        manager.ready("Serving at http://127.0.0.1:8787.")
        assert listener.received == [["READY=1", "STATUS=Serving at http://127.0.0.1:8787."]]
        clock.advance(100)
        await settled()
        assert listener.received == []
    manager.stopping()
    assert listener.received == [["STOPPING=1", "STATUS=Ending; runs are kept."]]


async def test_a_sign_of_life_waits_for_the_work_and_is_sent_whatever_it_answers(listener: Listener) -> None:
    answer = asyncio.Event()
    asked = 0

    async def answers() -> bool:
        nonlocal asked
        asked += 1
        await answer.wait()
        return False  # the disk is full: a restart would free nothing

    manager, clock = manager_at(listener, WATCHDOG_PID="7"), FakeClock()
    pings = WatchdogPings(manager=manager, answers=answers, clock=clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(pings.run())
        await settled()
        clock.advance(300)
        await settled()
        assert (asked, listener.received) == (1, [])
        answer.set()
        await settled()
        assert listener.received == [["WATCHDOG=1"]]
        clock.advance(40)
        await settled()
        assert listener.received == [["WATCHDOG=1"]]
        running.cancel()


async def test_no_one_waits_for_signs_of_life_of_another_process(listener: Listener) -> None:
    manager = manager_at(listener, WATCHDOG_PID="8")
    assert manager.watchdog_s is None

    async def never() -> None:
        raise AssertionError

    await WatchdogPings(manager=manager, answers=never, clock=FakeClock()).run()


def test_nothing_is_left_in_the_environment_for_programs_that_we_start(listener: Listener) -> None:
    environ = {"NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "7", "PATH": "/bin"}
    NotifySocket.taken_from(environ)
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1"])
async def test_where_no_one_listens_nothing_is_said_and_nothing_fails(address: str) -> None:
    manager = NotifySocket.taken_from({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "-5"})
    async with starting(manager, FakeClock()):
        manager.ready("x")
    assert (manager.is_there, manager.watchdog_s) == (False, None)


def test_a_socket_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    manager = NotifySocket.taken_from({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    manager.ready("x")
    manager.works()
    assert manager.is_there
