"""A notifier that another package adds: it gets what a webhook gets, and what its code does stays its own affair."""

import asyncio
import contextlib
import json
import queue
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import pytest
from structlog.testing import capture_logs

from ompycord.app.outgoing.added import added_target
from ompycord.app.outgoing.webhooks import notifications_of, open_notifier
from ompycord.app.plugins.notifier_rules import judge_notifier
from ompycord.app.plugins.template import project_files
from ompycord.conductor import Bus
from ompycord.domain.alerting.alerts import Alert
from ompycord.domain.alerting.notice import alert_delivery, trial_content
from ompycord.domain.deliveries import DeliveryFilter, DeliveryStatus, StoredDelivery
from ompycord.domain.events import EventBody, QuestionAsked, RunEvent, RunFailed
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.entry_points import Registry
from ompycord.errors import ConfigurationError
from ompycord.notify.added import TIMEOUT_S, AddedTarget
from ompycord.notify.attempt import Attempt
from ompycord.notify.kind import AddedNotifier, Notice, NotifierKind, NotifierOptions, notice_of
from ompycord.notify.options import NotifySettings, OutgoingNotifier
from ompycord.plugins import own_loop
from ompycord.plugins.own_loop import MOST_THREADS, OwnLoop
from ompycord.testing import FakeClock
from tests.integration.store.world import CountingIds
from tests.support.new_store import new_store
from tests.support.patience import until, within

T = TypeVar("T")
RUN = RunId("01HZZZZZZZZZZZZZZZZZAB12CD")


class Options(NotifierOptions):
    channel: str = "ops"


def _sent(notice: Notice) -> Attempt:
    return Attempt()


def _nothing(notice: Notice) -> Attempt:
    return cast("Attempt", None)


def _long(notice: Notice) -> Attempt:
    return Attempt("no s3cret\nhere" * 90)


def _cancelling(notice: Notice) -> Attempt:
    raise asyncio.CancelledError


def _leaving(notice: Notice) -> Attempt:
    raise SystemExit(1)


def _raising(notice: Notice) -> Attempt:
    raise RuntimeError("s3cret")


class Pager:
    """As its test says."""

    seen: ClassVar[queue.SimpleQueue[Notice]] = queue.SimpleQueue()

    def __init__(self, options: Options) -> None:
        self.got: list[Notice] = []
        self.answer: Callable[[Notice], Attempt] = _sent

    async def notify(self, notice: Notice) -> Attempt:
        self.got.append(notice)
        self.seen.put(notice)
        return self.answer(notice)

    async def close(self) -> None:
        self.got.clear()


KIND = NotifierKind(name="pager", options=Options, notifier=Pager)


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed."""
    point = EntryPoint(name="pager", value=f"{__name__}:KIND", group="ompycord.notifiers")
    known: Registry[NotifierKind[Any]] = Registry(
        group="ompycord.notifiers", record=NotifierKind, what="kind of notifier", declared=[("ompycord-pager", point)]
    )
    monkeypatch.setattr("ompycord.app.outgoing.added.NOTIFIER_KINDS", known)


def alert(text: str = "The disk is full.") -> StoredDelivery:
    delivery = alert_delivery(trial_content("t", at=0, message=text), "phone", at=1)
    return StoredDelivery(delivery=delivery, seq=1, next_at=1)


def target_of(notifier: AddedNotifier, clock: FakeClock | None = None) -> AddedTarget:
    hide: Callable[[str], str] = lambda text: text.replace("s3cret", "*")  # noqa: E731  # one word
    return AddedTarget(destination="phone", notifier=notifier, clock=clock or FakeClock(), redact=hide)


@pytest.mark.usefixtures("pager")
async def test_what_is_queued_for_it_arrives_once_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pager, "seen", queue.SimpleQueue[Notice]())
    spec = {"name": "phone", "kind": "pager", "topics": ["alert"], "options": {"channel": "night"}}
    settings = NotifySettings.model_validate({"notifiers": [spec]})
    clock = FakeClock()
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=CountingIds(), readers=1) as store:
        opened = Alert(id="a", key="disk", alert="disk", text="full", began_at=1)
        await store.record_alert(opened, [alert().delivery])
        async with (
            within(10),
            open_notifier(settings, {}, queue=store.notifications, bus=Bus(), clock=clock) as notifier,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(notifier.run())
            await until(lambda: not Pager.seen.empty())
            notice = Pager.seen.get_nowait()
            notifier.drain()
        assert (notice.text, notice.topic, notice.destination) == ("The disk is full.", "alert", "phone")
        every = DeliveryFilter(statuses=frozenset(DeliveryStatus))
        assert [one.status for one in await store.notifications.find(every)] == [DeliveryStatus.DELIVERED]
    assert Pager.seen.empty()


def test_a_notice_says_in_words_what_a_webhook_gets_as_data() -> None:
    assert notice_of(alert()).text == "The disk is full."
    event = {"type": "run.failed", "run": "01HZZZZZZZZZZZZZZZZZAB12CD", "data": {"reason": "The build broke."}}
    delivery = alert().delivery.model_copy(update={"content": event})
    assert (
        notice_of(alert().model_copy(update={"delivery": delivery})).text
        == "run.failed of run ab12cd: The build broke."
    )


async def test_whatever_its_code_does_is_an_answer() -> None:
    notifier = Pager(Options())
    for answer, words in (
        (_raising, "its notifier raised RuntimeError"),
        (_cancelling, "its notifier raised CancelledError"),
        (_leaving, "its notifier raised SystemExit"),
        (_nothing, "its notifier answered NoneType instead of Attempt"),
        (_long, "no * here"),
    ):
        notifier.answer = answer
        error = (await target_of(notifier).deliver(alert())).error
        assert error is not None
        assert error.startswith(words)
        assert "s3cret" not in error
        assert len(error) <= 200


class Slow(Pager):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.began = threading.Event()

    async def notify(self, notice: Notice) -> Attempt:
        self.began.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        raise OSError


async def test_one_that_never_answers_is_ended_by_the_clock_and_one_that_cannot_close_stops_nothing() -> None:
    clock, slow = FakeClock(), Slow(Options())
    target = target_of(slow, clock)
    async with within(5), asyncio.TaskGroup() as group:
        trying = group.create_task(target.deliver(alert()))
        await until(slow.began.is_set)
        clock.advance(TIMEOUT_S)
    assert trying.result() == Attempt("its notifier did not answer within 10 s")
    await target.close()


class Stubborn(Slow):
    """Goes on after it was ended, until it is let go."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.let_go = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def notify(self, notice: Notice) -> Attempt:
        if self.let_go.is_set():
            return Attempt()
        self.loop = asyncio.get_running_loop()
        try:
            return await super().notify(notice)
        except asyncio.CancelledError:
            await self.let_go.wait()
            return Attempt()


async def test_one_that_goes_on_after_its_end_holds_nobody_up_and_is_not_tried_beside_itself() -> None:
    clock, stubborn = FakeClock(), Stubborn(Options())
    target = target_of(stubborn, clock)
    async with within(5), asyncio.TaskGroup() as group:
        trying = group.create_task(target.deliver(alert()))
        await until(stubborn.began.is_set)
        clock.advance(TIMEOUT_S)
        assert await trying == Attempt("its notifier did not answer within 10 s")
        assert await target.deliver(alert()) == Attempt("its notifier has not ended an earlier call")
        assert stubborn.loop is not None
        stubborn.loop.call_soon_threadsafe(stubborn.let_go.set)

        async def arrives() -> bool:
            return await target.deliver(alert()) == Attempt()

        await until(arrives)


class Endless(Slow):
    """Takes its end for nothing."""

    async def notify(self, notice: Notice) -> Attempt:
        self.began.set()
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async def close(self) -> None:
        """It has nothing to close."""


class Blocking(Endless):
    """Waits in a thread, without a time-out."""

    let_go = threading.Event()

    async def notify(self, notice: Notice) -> Attempt:
        self.began.set()
        await asyncio.to_thread(self.let_go.wait)
        return Attempt()


class Sleeping(Blocking):
    """Holds its whole loop."""

    async def notify(self, notice: Notice) -> Attempt:
        self.began.set()
        self.let_go.wait()
        return Attempt()


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setattr(Blocking, "let_go", threading.Event())
    yield
    Blocking.let_go.set()


@pytest.mark.usefixtures("let_go")
@pytest.mark.parametrize("kind", [Endless, Blocking, Sleeping])
async def test_one_that_never_ends_holds_neither_threads_of_others_nor_the_end_of_the_process(
    kind: type[Endless], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_loop, "END_S", 0.05)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    clock, notifier = FakeClock(), kind(Options())
    target = target_of(notifier, clock)

    async def bounded(act: Coroutine[Any, Any, T]) -> T:
        async with within(10), asyncio.TaskGroup() as group:
            acting = group.create_task(act)

            def is_done() -> bool:
                if notifier.began.is_set():
                    clock.advance(TIMEOUT_S)
                return acting.done()

            await until(is_done)
        return acting.result()

    for _ in range(2):
        assert (await bounded(target.deliver(alert()))).error is not None
    with capture_logs() as lines:
        assert await asyncio.to_thread(lambda: "a thread of ours") == "a thread of ours"
        await bounded(target.close())
    assert "plugin.left_behind" in [line["event"] for line in lines]


@pytest.mark.usefixtures("let_go")
async def test_it_has_few_threads_and_the_next_call_fails() -> None:
    own = OwnLoop(name="few")
    acts = [own.begin(lambda: asyncio.to_thread(Blocking.let_go.wait)) for _ in range(MOST_THREADS + 1)]
    async with within(10):
        await acts[-1].wait()
    (outcome,) = [one.outcome for one in acts if one.outcome is not None]
    assert isinstance(outcome.error, RuntimeError)
    Blocking.let_go.set()
    async with within(10):
        for one in acts:
            await one.wait()
    assert await own.end()


async def test_one_that_leaves_its_loop_is_tried_there_again() -> None:
    class Leaving(Pager):
        async def notify(self, notice: Notice) -> Attempt:
            if not self.got:
                asyncio.get_running_loop().call_soon(sys.exit, 1)
            return await super().notify(notice)

    target = target_of(Leaving(Options()))

    async def arrives() -> bool:
        return await target.deliver(alert()) == Attempt()

    await until(arrives)
    assert await arrives()
    await target.close()


@pytest.mark.usefixtures("pager")
def test_one_that_cannot_be_made_ends_the_start_by_the_name_of_its_setting() -> None:
    def made(**changes: object) -> None:
        spec = OutgoingNotifier.model_validate({"name": "phone", "kind": "pager", **changes})
        added_target(spec, clock=FakeClock(), redact=str)

    with pytest.raises(
        ConfigurationError, match=r"notify\.notifiers\.phone\.kind: .* adds the notifier fax; installed: pager"
    ):
        made(kind="fax")
    with pytest.raises(ConfigurationError, match=r"notify\.notifiers\.phone\.options\.colour: ") as refused:
        made(options={"colour": "s3cret"})
    assert "s3cret" not in str(refused.value)


def test_it_gets_the_topics_and_repositories_that_it_names_and_a_name_of_its_own() -> None:
    spec = {"name": "phone", "kind": "pager", "topics": ["question"], "repositories": ["shop"]}
    settings = NotifySettings.model_validate({"notifiers": [spec]})
    asked, failed = QuestionAsked(question="q", text="Which?"), RunFailed(message="No.")

    def queued(body: EventBody, repository: str) -> list[str]:
        event = RunEvent(run=RUN, source=OMPYCORD, seq=1, at=1, position=1, body=body)
        made = notifications_of(settings, str).deliveries(event, repository=lambda: repository, at=1)
        return [one.destination for one in made]

    assert [queued(asked, "shop"), queued(asked, "api"), queued(failed, "shop")] == [["phone"], [], []]
    webhook = {"name": "phone", "url": "https://example.org/x", "secret_file": "x"}
    with pytest.raises(ValueError, match="a webhook and a notifier have the same name"):
        NotifySettings.model_validate({"notifiers": [spec], "webhooks": [webhook]})


class _Tells(Pager):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.answer = lambda notice: Attempt(f"{options.channel} does not answer")


class _Stays(Pager):
    async def notify(self, notice: Notice) -> Attempt:
        while True:
            try:
                await asyncio.sleep(0)
                return Attempt()
            except asyncio.CancelledError:
                await asyncio.to_thread(lambda: None)
                raise RuntimeError("no") from None


class _AnswersNothing(Pager):
    async def notify(self, notice: Notice) -> Attempt:
        return cast("Attempt", "sent")


class _Leaves(Pager):
    async def notify(self, notice: Notice) -> Attempt:
        raise SystemExit(3)


class _LeavesAThread(Pager):
    let_go = threading.Event()

    async def notify(self, notice: Notice) -> Attempt:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.to_thread(self.let_go.wait)
        return Attempt()


@pytest.mark.parametrize(
    ("notifier", "rule"),
    [
        (_Leaves, "takes the same notice twice"),
        (_LeavesAThread, "takes the same notice twice"),
        (_Tells, "repeats none of its options in an error"),
        (_AnswersNothing, "answers every notice with an attempt"),
        (_Stays, "ends soon when it is cancelled"),
    ],
)
async def test_one_that_breaks_a_rule_is_told_which(
    notifier: type[Pager], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_loop, "END_S", 0.2)
    kind = NotifierKind(name="pager", options=Options, notifier=notifier, example={"channel": "https://hook/s3cret"})
    assert rule in [one.rule for one in await judge_notifier(kind) if not one.kept]


async def test_the_one_of_the_template_writes_what_it_gets(tmp_path: Path) -> None:
    scope: dict[str, Any] = {"__name__": "ompycord_mine"}
    exec(compile(project_files("notifier", "mine")["ompycord_mine.py"], "mine", "exec"), scope)  # our text
    kind: NotifierKind[Any] = scope["NOTIFIER"]
    assert [one for one in await judge_notifier(kind) if not one.kept] == []
    notifier = kind.notifier(kind.options.model_validate({"file": tmp_path / "notices"}))
    assert await target_of(notifier).deliver(alert()) == Attempt()
    (line,) = (tmp_path / "notices").read_text().splitlines()
    assert json.loads(line)["text"] == "The disk is full."
