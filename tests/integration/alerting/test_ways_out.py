"""The real ways: a signed webhook, the ops channel with Discord down, a heartbeat that is true, the commands."""

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ompycord.app.alerting.heartbeat import Heartbeat, HeartbeatState, heartbeat_url, open_ping
from ompycord.app.alerting.operations import AlertOperations, read_trial
from ompycord.app.alerting.ops_channel import OPS_PAUSE_S, OpsChannelTarget
from ompycord.app.alerting.ways import WaysOut
from ompycord.app.system import SystemClock
from ompycord.bot.rest import SendFailed
from ompycord.conductor import Bus
from ompycord.domain.alerting.options import HeartbeatOptions
from ompycord.domain.ids import OPS_CHANNEL, TRIGGERS
from ompycord.errors import ConfigurationError, RefusedInWords
from ompycord.http import parse_secret
from ompycord.notify import DestinationWorker, Notifier, body_of, signed_message
from ompycord.notify.webhook import WebhookTarget
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from ompycord.webhook.schemas import published
from tests.integration.alerting.stage import MovedClock, Stage, Way
from tests.integration.store.world import CountingIds
from tests.support.receiver import SECRET, Receiver
from tests.support.settled import settled


class Channel:
    """The bot's part: an ops channel that can be cut off."""

    def __init__(self) -> None:
        self.fault: SendFailed | None = None
        self.posted: list[tuple[str, str]] = []
        self.nonces: list[str] = []

    async def post_notice(self, channel: str, text: str, *, nonce: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.posted.append((channel, text))
        self.nonces.append(nonce)


async def test_ten_faults_with_discord_down_are_sent_at_once_elsewhere_and_in_the_channel_once_it_is_back(
    store: SqliteStore,
) -> None:
    clock, channel, pager = MovedClock(), Channel(), Way("ci")
    channel.fault = SendFailed("Discord is not connected")
    stage = Stage(store, clock)
    workers = [
        DestinationWorker(
            target=target, queue=store.notifications, clock=clock, chance=lambda: 0.0, longest_s=OPS_PAUSE_S
        )
        for target in (OpsChannelTarget(poster=channel, channel="77"), pager)
    ]
    notifier = Notifier(workers=workers, bus=Bus())
    stage.ways = WaysOut(rows=store, targets=notifier.targets, redact=str, wake=notifier.wake)
    stage.keeper._ways = stage.ways  # pyright: ignore[reportPrivateUsage]  # the real ways in place of the stage's
    faults = ("discord", "database", "disk", "backlog", "loop", "descriptors", "limits", "backup", "queue")
    faults = (*faults, "provider:acme")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(notifier.run())
        stage.wrong(*faults)
        await stage.pass_s(900)
        await settled(store)
        assert len(pager.taken) == len(faults)
        stage.wrong()
        await stage.pass_s(120)
        await settled(store)
        assert (len(pager.taken), channel.posted) == (2 * len(faults), [])
        channel.fault = None
        for _ in range(2):
            clock.advance(OPS_PAUSE_S)
            await settled(store)
        running.cancel()
    assert sorted(pager.said) == sorted(
        f"{kind} {name.partition(':')[0]}" for name in faults for kind in ("alert.opened", "alert.resolved")
    )
    assert {place for place, _ in channel.posted} == {"77"}
    assert len({*channel.nonces}) == len({text for _, text in channel.posted}) == len(channel.posted) == 20
    assert all(len(nonce) <= 25 for nonce in channel.nonces)
    judge = jsonschema_rs.validator_for(published()["alert"])
    bodies = [json.loads(body_of(one)) for one in pager.taken]
    assert [error.message for body in bodies for error in judge.iter_errors(body)] == []


async def test_a_webhook_gets_an_alert_signed_as_every_event(stage: Stage) -> None:
    receiver = await Receiver().up()
    target = WebhookTarget(
        destination="ci",
        url=receiver.url,
        message_of=signed_message(parse_secret(SECRET, named="test")),
        clock=SystemClock(),
    )
    ways = WaysOut(rows=stage.store, targets={"ci": target}, redact=str, wake=lambda: None)
    assert await ways.try_all("trial", now=stage.clock.now_ms()) == {"ci": None}
    await target.close()
    await receiver.down()
    [got] = receiver.taken
    assert (got.body["schema"], got.body["type"], got.id) == ("ompycord/alert@1", "alert.test", "ci-alert-trial-test")


async def test_words_say_what_happened_and_what_to_do_now(stage: Stage) -> None:
    stage.wrong("disk", "deliveries:ci")
    await stage.pass_s(120)
    rows = await stage.store.notifications.heads("ci", limit=9)
    assert rows[0].delivery.content["message"] == (
        "⚠ **The disk is low**\n4% free, 4.0 GiB: no new run starts.\n"
        "Free space on the disk of the data folder, or lower workspaces.results_mib."
    )


async def test_a_channel_that_is_gone_is_given_up_and_one_that_is_away_is_not() -> None:
    channel = Channel()
    target = OpsChannelTarget(poster=channel, channel="77")
    ways = WaysOut(rows=Refusing(), targets={OPS_CHANNEL: target}, redact=str, wake=lambda: None)
    channel.fault = SendFailed("the channel or thread is gone", is_final=True)
    assert await ways.try_all("trial", now=1) == {OPS_CHANNEL: "the channel or thread is gone"}


class Refusing:
    """No rows."""

    async def open_alerts(self) -> list[Any]:
        return []

    async def recent_alerts(self, *, limit: int) -> list[Any]:
        return []

    async def record_alert(self, alert: object, deliveries: object) -> None:
        raise AssertionError


async def test_a_heartbeat_is_sent_only_after_the_work_was_done(tmp_path: Path) -> None:
    sent = 0
    works = asyncio.Event()
    is_working = True

    async def ping() -> str | None:
        nonlocal sent
        sent += 1
        return None if sent != 2 else "could not be reached"

    async def done() -> bool:
        await works.wait()
        return is_working

    clock, state = FakeClock(), HeartbeatState()
    heart = Heartbeat(
        ping=ping, works=done, options=HeartbeatOptions(url_file=tmp_path / "hc"), clock=clock, state=state
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(heart.run())
        await settled()
        clock.advance(300)
        await settled()
        assert sent == 0, "the disk confirms nothing"
        works.set()
        await settled()
        assert (sent, state.fault) == (1, None)
        clock.advance(60)
        await settled()
        assert (sent, state.fault) == (2, "could not be reached")
        is_working = False
        clock.advance(60)
        await settled()
        assert sent == 2
        running.cancel()


async def test_a_real_address_is_asked_by_get_and_is_a_secret(tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/7"
    (tmp_path / "hc").write_text(f"{url}\n")
    learned: list[str] = []
    options = HeartbeatOptions(url_file=Path("hc"))
    async with open_ping(options, tmp_path, FakeClock(), learn=learned.extend) as ping:
        assert ping is not None
        assert await ping() is None
        server.close()
        await server.wait_closed()
        assert await ping() == "could not be reached"
    assert heads[0].startswith(b"GET /ping/7 ")
    assert learned == [url]
    assert heartbeat_url(options, tmp_path) == url
    with pytest.raises(ConfigurationError, match="cannot be read"):
        heartbeat_url(HeartbeatOptions(url_file=Path("none")), tmp_path)


async def test_the_ways_are_tried_by_command_and_the_trial_is_kept(stage: Stage, tmp_path: Path) -> None:
    operations = AlertOperations(
        rows=stage.store, ways=stage.ways, data=tmp_path, clock=stage.clock, ids=CountingIds(1)
    ).operations()
    stage.ci.fault = "answered 500"
    assert await operations["alerts.test"]({}) == {"ways": {OPS_CHANNEL: None, "ci": "answered 500"}}
    trial = read_trial(tmp_path)
    assert trial is not None
    assert (trial.at, trial.failed) == (stage.clock.now_ms(), ("ci",))
    stage.wrong("disk")
    await stage.pass_s(120)
    [listed] = await operations["alerts.list"]({"limit": 5})
    assert (listed["alert"], listed["ended_at"], json.dumps(listed)[:1]) == ("disk", None, "{")
    nowhere = AlertOperations(
        rows=stage.store,
        ways=WaysOut(rows=stage.store, targets={}, redact=str, wake=lambda: None),
        data=tmp_path,
        clock=stage.clock,
        ids=CountingIds(9),
    ).operations()
    with pytest.raises(RefusedInWords, match=r"discord\.ops_channel"):
        await nowhere["alerts.test"]({})


async def test_a_trigger_that_alerts_fire_is_no_way_to_people(stage: Stage, tmp_path: Path) -> None:
    fired, pager = Way(TRIGGERS), Way("ci")
    ways = WaysOut(rows=stage.store, targets={TRIGGERS: fired, "ci": pager}, redact=str, wake=lambda: None)
    assert ways.names == ("ci",)
    assert await ways.try_all("trial", now=1) == {"ci": None}
    alone = WaysOut(rows=stage.store, targets={TRIGGERS: fired}, redact=str, wake=lambda: None)
    commands = AlertOperations(rows=stage.store, ways=alone, data=tmp_path, clock=stage.clock, ids=CountingIds())
    with pytest.raises(RefusedInWords, match="No way out is configured"):
        await commands.operations()["alerts.test"]({})
