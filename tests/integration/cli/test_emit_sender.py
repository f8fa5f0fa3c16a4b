"""What the sender makes of each answer: arrived, kept, put aside; with httpx answered by respx."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
import respx

from ompycord.cli.emit.sender import SendOutcome, SendReport, drain
from ompycord.cli.emit.spool import Spool
from ompycord.cli.emit.target import read_target
from tests.integration.cli.harness import SECRET, WallClock

URL = "http://127.0.0.1:8787"
DOOR = f"{URL}/api/webhook/event"
PROBLEM = {
    "type": "/problems/schema-invalid",
    "title": "x",
    "status": 422,
    "errors": [{"pointer": "/data", "code": "y"}],
}


@pytest.fixture
def spool(spool_folder: Path) -> Spool:
    spool = Spool(spool_folder)
    for number in range(1, 4):
        spool.append(webhook_id=f"id{number}", run="nightly", envelope={"type": "note", "data": {}})
    return spool


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def auth_check() -> Iterator[respx.Route]:
    with respx.mock(assert_all_called=False) as router:
        yield router.post(DOOR)


async def send(spool: Spool, clock: WallClock, *, patient: bool = False, within_s: float = 30) -> SendReport:
    target = read_target(url=URL, key=SECRET, named="OMPYCORD_KEY")
    with spool.sending() as is_ours:
        assert is_ours
        return await drain(spool, target, clock=clock, within_s=within_s, patient=patient)


def ids(auth_check: respx.Route) -> list[str]:
    calls: list[respx.models.Call] = list(auth_check.calls)
    return [call.request.headers["webhook-id"] for call in calls]


async def test_everything_arrives_in_order_and_nothing_waits(
    spool: Spool, clock: WallClock, auth_check: respx.Route
) -> None:
    auth_check.return_value = httpx.Response(202)
    report = await send(spool, clock)
    assert (report.outcome, report.sent, report.refused) == (SendOutcome.DRAINED, 3, ())
    assert ids(auth_check) == ["id1", "id2", "id3"]
    assert spool.waiting() == 0


async def test_an_answer_that_is_a_repetition_counts_as_arrived(
    spool: Spool, clock: WallClock, auth_check: respx.Route
) -> None:
    auth_check.return_value = httpx.Response(200, headers={"Ompycord-Replayed": "true"})
    assert (await send(spool, clock)).sent == 3


async def test_429_keeps_the_line_and_nobody_asks_before_the_time_is_over(
    spool: Spool, clock: WallClock, auth_check: respx.Route
) -> None:
    auth_check.side_effect = [httpx.Response(202), httpx.Response(429, headers={"Retry-After": "7"})]
    report = await send(spool, clock)
    assert (report.outcome, report.sent) == (SendOutcome.PAUSED, 1)
    assert spool.waiting() == 2
    assert (await send(spool, clock)).outcome is SendOutcome.PAUSED
    assert ids(auth_check) == ["id1", "id2"]
    clock.ahead_ms += 7000
    auth_check.side_effect = None
    auth_check.return_value = httpx.Response(202)
    assert (await send(spool, clock)).outcome is SendOutcome.DRAINED
    assert ids(auth_check) == ["id1", "id2", "id2", "id3"]


async def test_a_patient_sender_waits_as_long_as_it_is_asked(
    spool: Spool, clock: WallClock, auth_check: respx.Route
) -> None:
    busy = httpx.Response(503, headers={"Retry-After": "9"})
    auth_check.side_effect = [busy, httpx.Response(202), httpx.Response(429), httpx.Response(202), httpx.Response(202)]
    report = await send(spool, clock, patient=True)
    assert (report.outcome, report.sent) == (SendOutcome.DRAINED, 3)
    assert [round(seconds) for seconds in clock.slept] == [9, 1]


async def test_a_retry_after_may_be_a_date_and_a_clock_set_back_stops_nothing(
    spool: Spool, clock: WallClock, auth_check: respx.Route
) -> None:
    auth_check.return_value = httpx.Response(429, headers={"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    assert (await send(spool, clock)).outcome is SendOutcome.PAUSED
    assert spool.paused_until_ms() - clock.now_ms() <= 3_600_000
    spool.pause(clock.now_ms() + 10 * 3_600_000)
    auth_check.return_value = httpx.Response(202)
    assert (await send(spool, clock)).outcome is SendOutcome.DRAINED


@pytest.mark.parametrize(("ahead_s", "waits_s"), [(600, 600), (0, 0), (-600, 0)])
async def test_a_date_is_waited_for_and_one_that_has_passed_is_not(
    spool: Spool, clock: WallClock, auth_check: respx.Route, ahead_s: int, waits_s: int
) -> None:
    """Within the second that such a date leaves open."""
    date = format_datetime(datetime.fromtimestamp(clock.now_ms() // 1000 + ahead_s, UTC), usegmt=True)
    auth_check.return_value = httpx.Response(429, headers={"Retry-After": date})
    assert (await send(spool, clock)).outcome is SendOutcome.PAUSED
    auth_check.return_value = httpx.Response(202)
    if waits_s:
        clock.ahead_ms += (waits_s - 60) * 1000
        assert (await send(spool, clock)).outcome is SendOutcome.PAUSED
        clock.ahead_ms += 60_000
    assert (await send(spool, clock)).outcome is SendOutcome.DRAINED


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(502, text="<html>"), httpx.Response(302)])
async def test_other_troubles_of_the_server_keep_the_line(
    spool: Spool, clock: WallClock, auth_check: respx.Route, answer: httpx.Response
) -> None:
    auth_check.return_value = answer
    report = await send(spool, clock, patient=True)
    assert report.outcome is SendOutcome.UNREACHABLE
    assert ids(auth_check) == ["id1"]
    assert spool.waiting() == 3


@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError("refused"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("")]
)
async def test_no_connection_keeps_the_line(
    spool: Spool, clock: WallClock, auth_check: respx.Route, trouble: httpx.TransportError
) -> None:
    auth_check.side_effect = trouble
    assert (await send(spool, clock)).outcome is SendOutcome.UNREACHABLE
    assert spool.waiting() == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
async def test_a_refused_event_is_put_aside_with_its_problem_and_the_next_goes_on(
    spool: Spool, clock: WallClock, auth_check: respx.Route, status: int
) -> None:
    auth_check.side_effect = [httpx.Response(202), httpx.Response(status, json=PROBLEM), httpx.Response(202)]
    report = await send(spool, clock)
    assert (report.outcome, report.sent, len(report.refused)) == (SendOutcome.DRAINED, 2, 1)
    assert f"{status} schema-invalid /data" in report.refused[0]
    kept = json.loads((spool.dead / "id2.json").read_text())
    assert (kept["status"], json.loads(kept["problem"]), kept["line"]["id"]) == (status, PROBLEM, "id2")
    assert spool.waiting() == 0


@pytest.mark.parametrize(("apart_s", "words"), [(100, None), (4000, " s ahead of"), (-7200, " s behind")])
async def test_a_wrong_clock_is_named_with_what_to_do(
    spool: Spool, clock: WallClock, auth_check: respx.Route, apart_s: int, words: str | None
) -> None:
    date = format_datetime(datetime.fromtimestamp(clock.now_ms() // 1000 - apart_s, UTC), usegmt=True)
    auth_check.return_value = httpx.Response(401, json=PROBLEM, headers={"date": date})
    refusal = (await send(spool, clock)).refused[0]
    assert ("this machine's clock" in refusal) == (words is not None)
    assert words is None or (words in refusal and refusal.endswith("then run `ompycord emit --revive`"))


async def test_a_refusal_that_is_no_problem_document_is_kept_as_well(
    spool: Spool, clock: WallClock, auth_check: respx.Route
) -> None:
    auth_check.return_value = httpx.Response(403, text="[" * 9000)
    report = await send(spool, clock)
    assert len(report.refused) == 3
    assert len(json.loads((spool.dead / "id1.json").read_text())["problem"]) == 4000


class Silent(asyncio.Protocol):
    """A connection that is never answered. It closes when the other end does."""


async def test_a_server_that_never_answers_takes_no_longer_than_it_may(spool: Spool, clock: WallClock) -> None:
    server = await asyncio.get_running_loop().create_server(Silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        target = read_target(url=f"http://127.0.0.1:{port}", key=SECRET, named="OMPYCORD_KEY")
        report = await drain(spool, target, clock=clock, within_s=0.2)
        for _ in range(10):
            await asyncio.sleep(0)  # the client has closed its sockets: this end accepts, reads that, and closes
    assert report.outcome in {SendOutcome.LATE, SendOutcome.UNREACHABLE}
    assert spool.waiting() == 3
