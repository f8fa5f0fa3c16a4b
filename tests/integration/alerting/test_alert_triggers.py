"""An alert that opens fires the triggers that want it, by the same brake as a message; its end and a test fire none."""

import asyncio
from typing import Any

import pytest

from ompycord.app.alerting.fired_triggers import TriggersTarget
from ompycord.app.alerting.ways import WaysOut
from ompycord.conductor import Bus
from ompycord.domain.alerting.notice import alert_delivery
from ompycord.domain.deliveries import StoredDelivery
from ompycord.domain.ids import TRIGGERS
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.errors import StorageError
from ompycord.notify import DestinationWorker, Notifier
from ompycord.notify.attempt import Attempt
from ompycord.notify.options import OutgoingWebhook
from ompycord.schedules.triggers.triggers import Triggers
from ompycord.store import SqliteStore
from tests.integration.alerting.stage import MovedClock, Stage
from tests.integration.schedules.test_triggers import World
from tests.support.scheduling import StartedRuns
from tests.support.settled import settled

SPEC = TriggerSpec(
    name="mend", source="alert", only={"alert": ("backup", "queue")}, fingerprint=("alert", "subject"),
    prompt="{title}: {text} {remedy}", repository="shop", dry=False,
)  # fmt: skip


def made(store: SqliteStore, clock: Any, spec: TriggerSpec = SPEC) -> World:
    return World(store, clock, StartedRuns(clock.now_ms), spec)


async def test_an_alert_that_opens_starts_one_run_over_restarts_and_repetitions(store: SqliteStore) -> None:
    clock = MovedClock()
    stage, world = Stage(store, clock), made(store, clock)
    worker = DestinationWorker(
        target=TriggersTarget(world.triggers), queue=store.notifications, clock=clock, chance=lambda: 0.0
    )
    notifier = Notifier(workers=[worker], bus=Bus())
    stage.ways = WaysOut(rows=store, targets=notifier.targets, redact=str, wake=notifier.wake)
    stage.keeper._ways = stage.ways  # pyright: ignore[reportPrivateUsage]  # the real ways in place of the stage's
    async with asyncio.TaskGroup() as group:
        running = group.create_task(notifier.run())
        stage.wrong("backup", "disk")
        await stage.pass_s(900)
        await settled(store)
        stage.wrong()
        await stage.pass_s(120)
        await settled(store)
        running.cancel()
    assert await made(store, clock).triggers.start_claimed() == 1, "another process starts what was claimed"
    assert await world.triggers.start_claimed() == 0
    assert [state for state in await store.notifications.states() if state.pending or state.dead] == []


async def test_what_it_says_becomes_the_task_and_only_where_it_is_wanted(store: SqliteStore) -> None:
    world = made(store, MovedClock())
    notice = {"type": "alert.opened", "alert": "backup", "subject": "", "title": "No backup", "text": "It is old.",
              "remedy": "Make one."}  # fmt: skip
    for _ in range(2):
        await world.triggers.alerted(notice)
    await world.triggers.alerted({**notice, "alert": "disk"})
    assert await world.triggers.start_claimed() == 1
    ((submission, _, _),) = world.runs.submitted.values()
    assert submission.request.prompt.startswith("No backup: It is old. Make one.\n\nWhat stands here comes from")
    assert not world.triggers.knows("mend"), "no message fires it"
    messages = made(store, MovedClock(), SPEC.model_copy(update={"source": "message", "name": "heard"}))
    await messages.triggers.alerted(notice)
    assert (messages.triggers.knows("heard"), await messages.triggers.start_claimed()) == (True, 0)


@pytest.mark.parametrize(("kind", "runs"), [("opened", 1), ("resolved", 0), ("test", 0)])
async def test_an_end_and_a_test_start_nothing(store: SqliteStore, kind: str, runs: int) -> None:
    world = made(store, MovedClock())
    content = {"type": f"alert.{kind}", "id": "a", "alert": "backup", "subject": "", "title": "", "text": ""}
    delivery = alert_delivery(content, TRIGGERS, at=1)
    stored = StoredDelivery(delivery=delivery, seq=1, next_at=1)
    assert await TriggersTarget(world.triggers).deliver(stored) == Attempt()
    assert await world.triggers.start_claimed() == runs


async def test_while_the_database_refuses_it_is_tried_again(
    stage: Stage, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.wrong("backup")
    await stage.pass_s(900)
    stored = stage.ci.taken[0] if stage.ci.taken else (await store.notifications.heads("ci", limit=1))[0]
    target = TriggersTarget(made(store, MovedClock()).triggers)

    async def refused(*arguments: object) -> None:
        raise StorageError("The database is busy.")

    monkeypatch.setattr(Triggers, "alerted", refused)
    attempt = await target.deliver(stored)
    assert (attempt.error, attempt.is_permanent) == ("The database is busy.", False)


def test_no_webhook_has_its_name() -> None:
    with pytest.raises(ValueError, match="the bot's own name"):
        OutgoingWebhook.model_validate({"name": TRIGGERS, "url": "https://ci.acme.io/x", "secret_file": "s"})
