"""`ompycord emit` against a real sidecar: down, killed in the middle, two at once.

Every event arrives once, in order.
"""

import asyncio
import json
import random
from pathlib import Path

import pytest

from ompycord.cli.emit.spool import Spool
from ompycord.cli.emit.target import read_target
from ompycord.domain.events import Note, RunEvent
from ompycord.http import HttpLimits, bind
from tests.integration.cli.harness import SECRET, AppHarness, ompycord, open_harness, start
from tests.support.patience import patient

pytestmark = pytest.mark.e2e
MANY = 200


def free_port() -> int:
    with bind("127.0.0.1", 0) as sock:
        port: int = sock.getsockname()[1]
        return port


def environ(url: str, spool: Path, key: str = SECRET) -> dict[str, str]:
    return {"OMPYCORD_URL": url, "OMPYCORD_SPOOL": str(spool), "OMPYCORD_KEY": key}


def own_spool(folder: Path) -> Spool:
    """The one that commands with SECRET use."""
    return Spool(folder / read_target(url="http://127.0.0.1:1", key=SECRET, named="x").source)


def fill(spool: Spool, count: int) -> None:
    for number in range(1, count + 1):
        envelope = {"schema": "ompycord/event@1", "type": "note", "data": {"text": f"note {number}"}}
        spool.append(webhook_id=f"id{number}", run="nightly", envelope=envelope)


def texts(events: list[RunEvent]) -> list[str]:
    return [event.body.text for event in events if isinstance(event.body, Note)]


async def test_an_event_arrives_at_once_when_the_sidecar_is_there(harness: AppHarness, tmp_path: Path) -> None:
    data = json.dumps({"title": "Fix it", "agent": "tidy"})
    there = environ(harness.url, tmp_path / "spool")
    done = await ompycord(
        "emit", "run.started", "--run", "r1", "--file", "-", folder=tmp_path / "c", environ=there, stdin=data.encode()
    )
    assert (done.code, done.out, done.err) == (0, "", "")
    done = await ompycord(
        "emit", "note", "--text", "hi", folder=tmp_path / "c", environ={**there, "OMPYCORD_RUN": "r1"}
    )
    assert done.code == 0, done.err
    events = await harness.events()
    assert [(event.body.type, event.seq) for event in events] == [("run.started", 1), ("note", 2)]


async def test_an_unknown_type_is_accepted_with_a_warning(harness: AppHarness, tmp_path: Path) -> None:
    """A newer agent may know types that this version does not; a slip of the hand is read on the terminal."""
    there = environ(harness.url, tmp_path / "spool")
    done = await ompycord("emit", "banana", "--run", "r1", "--text", "x", folder=tmp_path / "c", environ=there)
    assert (done.code, done.out) == (0, "")
    assert done.err == "ompycord: banana is no event type that I know; it is shown as a note.\n"
    assert [event.body.type for event in await harness.events()] == ["banana"]
    done = await ompycord("emit", "note", "--run", "r1", "--text", "x", folder=tmp_path / "c", environ=there)
    assert done.err == ""


async def test_what_was_emitted_while_the_sidecar_was_down_arrives_once_and_in_order(tmp_path: Path) -> None:
    port = free_port()
    spool, there = tmp_path / "spool", environ(f"http://127.0.0.1:{port}", tmp_path / "spool")
    for number in (1, 2):
        done = await ompycord(
            "emit", "note", "--run", "nightly", "--text", f"first {number}", folder=tmp_path, environ=there
        )
        assert (done.code, done.err) == (0, "")
    fill(own_spool(spool), MANY)
    flushed = await ompycord("emit", "--flush", folder=tmp_path, environ=there)
    assert flushed.code == 69
    assert f"{MANY + 2} waiting" in flushed.out
    async with open_harness(tmp_path / "data", port=port) as harness:
        flushed = await ompycord("emit", "--flush", folder=tmp_path, environ=there)
        assert (flushed.code, flushed.out) == (0, f"{MANY + 2} sent, 0 refused, 0 waiting\n")
        events = await harness.events()
    assert texts(events) == ["first 1", "first 2", *(f"note {number}" for number in range(1, MANY + 1))]
    assert [event.seq for event in events] == list(range(1, MANY + 3))


async def test_a_flusher_that_is_killed_before_it_hears_the_answer_makes_no_second_event(
    harness: AppHarness, tmp_path: Path
) -> None:
    fill(own_spool(tmp_path / "spool"), 40)
    harness.gate.withhold_after = 20
    there = environ(harness.url, tmp_path / "spool")
    flusher = await start("emit", "--flush", folder=tmp_path / "c", environ=there)
    await asyncio.wait_for(harness.gate.withheld.wait(), patient(60))
    flusher.kill()
    await flusher.communicate()
    assert len(await harness.events()) == 21
    harness.gate.withhold_after = None
    flushed = await ompycord("emit", "--flush", folder=tmp_path / "c", environ=there)
    assert flushed.out == "20 sent, 0 refused, 0 waiting\n"
    assert texts(await harness.events()) == [f"note {number}" for number in range(1, 41)]


async def test_a_poisoned_event_goes_to_dead_and_the_others_arrive(harness: AppHarness, tmp_path: Path) -> None:
    spool = own_spool(tmp_path / "spool")
    fill(spool, 2)
    spool.append(
        webhook_id="poison", run="nightly", envelope={"schema": "ompycord/event@1", "type": "run.state", "data": {}}
    )
    spool.append(
        webhook_id="after",
        run="nightly",
        envelope={"schema": "ompycord/event@1", "type": "note", "data": {"text": "after"}},
    )
    there = environ(harness.url, tmp_path / "spool")
    flushed = await ompycord("emit", "--flush", folder=tmp_path / "c", environ=there)
    assert (flushed.code, flushed.out) == (1, "3 sent, 1 refused, 0 waiting\n")
    assert "refused (4" in flushed.err
    assert texts(await harness.events()) == ["note 1", "note 2", "after"]
    assert json.loads((spool.dead / "poison.json").read_text())["line"]["id"] == "poison"


async def test_events_that_a_wrong_key_sent_to_dead_are_revived_with_their_numbers(
    harness: AppHarness, tmp_path: Path
) -> None:
    made = await ompycord("keys", "add", "ci", "--json", "--data-dir", str(harness.folder), folder=tmp_path / "c")
    key = json.loads(made.out)
    await ompycord("keys", "revoke", "ci", "--data-dir", str(harness.folder), folder=tmp_path / "c")
    there = environ(harness.url, tmp_path / "spool", key["secret"])
    done = await ompycord("emit", "note", "--run", "r", "--text", "one", folder=tmp_path / "c", environ=there)
    assert done.code == 1
    assert "401 unauthorized" in done.err
    again = await ompycord("emit", "--revive", folder=tmp_path / "c", environ=there)
    assert again.out == "0 sent, 1 refused, 0 waiting, 1 revived\n"


async def test_two_emitters_at_once_lose_nothing(harness: AppHarness, tmp_path: Path) -> None:
    there = environ(harness.url, tmp_path / "spool")
    codes: list[int] = []

    async def emit(text: str) -> None:
        done = await ompycord("emit", "note", "--run", "r", "--text", text, folder=tmp_path / "c", environ=there)
        codes.append(done.code)

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(emit(str(number)))
    assert codes == [0, 0, 0, 0]
    events = await harness.events()
    assert sorted(texts(events)) == ["0", "1", "2", "3"]
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert own_spool(tmp_path / "spool").waiting() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("note", "--run", "r"), "text: Field required"),
        (("note", "--text", "x"), "--run NAME"),
        (("note", "--run", "r", "--data", "{"), "not JSON"),
        (("note", "--run", "r", "--data", '{"text": NaN}'), "not JSON"),
        (("note", "--run", "r", "--data", "[]"), "JSON object"),
        (("note", "--run", "r", "--data", "{}", "--file", "-"), "not both"),
        (("note", "--run", "r", "--file", "missing"), "cannot be read"),
        (("--flush", "note"), "take no event"),
        ((), "Say which event"),
    ],
)
async def test_bad_input_is_usage_and_leaves_nothing_in_the_spool(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    there = environ("http://127.0.0.1:1", tmp_path / "spool")
    done = await ompycord("emit", *arguments, folder=tmp_path / "c", environ=there)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "spool").exists()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://127.0.0.1:1"])
async def test_a_proxy_that_does_not_work_is_one_line_and_the_event_is_kept(tmp_path: Path, proxy: str) -> None:
    there = {**environ("https://ompycord.example", tmp_path / "spool"), "HTTPS_PROXY": proxy, "NO_PROXY": ""}
    done = await ompycord("emit", "note", "--run", "r", "--text", "x", folder=tmp_path, environ=there)
    assert (done.code, len(done.err.splitlines())) == (78, 1), done.err
    assert "only http and https ones do" in done.err
    assert list((tmp_path / "spool").rglob("*"))
    pushed = await ompycord("hook", "claude", folder=tmp_path, environ=there, stdin=b"{}")
    assert (pushed.code, pushed.err) == (78, done.err)


async def test_without_any_key_it_says_which_setting_is_missing(tmp_path: Path) -> None:
    done = await ompycord(
        "emit", "note", "--run", "r", "--text", "x", folder=tmp_path, environ={"OMPYCORD_DATA_DIR": str(tmp_path / "d")}
    )
    assert done.code == 78
    assert done.err.startswith("ompycord: No key to send with: set OMPYCORD_KEY")
    assert len(done.err.splitlines()) == 1


async def test_a_spool_that_cannot_be_written_is_not_called_a_success(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    there = environ("http://127.0.0.1:1", tmp_path / "file")
    done = await ompycord("emit", "note", "--run", "r", "--text", "x", folder=tmp_path, environ=there)
    assert done.code == 69
    assert "nothing was kept" in done.err


@pytest.mark.soak
@pytest.mark.timeout(3000)
async def test_a_thousand_emits_and_twenty_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    port, dice = free_port(), random.Random(7)
    spool, there = tmp_path / "spool", environ(f"http://127.0.0.1:{port}", tmp_path / "spool")
    promised: list[str] = []
    for number in range(1000):
        process = await start(
            "emit", "note", "--run", "r", "--text", f"n{number}", folder=tmp_path / "c", environ=there
        )
        if number % 100 == 50:
            try:
                await asyncio.wait_for(process.wait(), dice.random())
            except TimeoutError:
                process.kill()
        await process.communicate()
        if process.returncode == 0:
            promised.append(f"n{number}")
    async with open_harness(
        tmp_path / "data", port=port, limits=HttpLimits(rate_per_s=10_000, burst=10_000)
    ) as harness:
        for _ in range(10):
            harness.gate.withhold_after = harness.gate.answered + dice.randint(1, 90)
            harness.gate.withheld.clear()
            flusher = await start("emit", "--flush", folder=tmp_path / "c", environ=there)
            await asyncio.wait_for(harness.gate.withheld.wait(), patient(60))
            flusher.kill()
            await flusher.communicate()
        harness.gate.withhold_after = None
        flushed = await ompycord("emit", "--flush", folder=tmp_path / "c", environ=there)
        assert flushed.code == 0, flushed.err
        events = await harness.events()
    arrived = texts(events)
    assert len(arrived) == len(set(arrived))
    assert set(promised) <= set(arrived)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert own_spool(spool).waiting() == 0
