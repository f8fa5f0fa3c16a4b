"""A message that asks something, once that is decided: edited until it says so, or until it never will."""

from typing import Any, cast

import pytest

from ompycord.bot.delivery.announcing import Announcer
from ompycord.bot.rest import SendFailed
from ompycord.domain.schedules.announcement import AnnouncedButton, Announcement
from ompycord.render.message import RenderedMessage
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock

ASKED = Announcement(
    key="issue:shop:1", guild="1", channel="2", text="Start it?", nonce="n" * 25, created_at=1,
    buttons=(AnnouncedButton(action="callview", label="Show", ref="01K742SG00BN922QSS48T4E12Z"),),
)  # fmt: skip


class Messages:
    """Stands in for Discord, as `Rest` shows it."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, bool]] = []
        self.failures: list[SendFailed] = []

    def is_away(self, _guild: str) -> bool:
        return False

    async def find_footer(self, *_: object, **__: object) -> None:
        return None

    async def send(self, _channel: str, message: RenderedMessage, **_: object) -> str:
        return self._show(message)

    async def edit(self, _channel: str, _message_id: str, message: RenderedMessage) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self._show(message)

    def _show(self, message: RenderedMessage) -> str:
        self.shown.append((str(message.embeds[0]["description"]), bool(message.components)))
        return "9"


@pytest.fixture
async def announcer(store: SqliteStore) -> Announcer:
    await store.announcements.announce(ASKED)
    return Announcer(
        store=store.announcements,
        rest=cast("Any", Messages()),
        clock=FakeClock(),
        sign=lambda action, ref: f"{action}:{ref}",
    )


def messages_of(announcer: Announcer) -> Messages:
    rest: Any = announcer._rest  # pyright: ignore[reportPrivateUsage]  # what stands in for Discord
    return rest


async def test_it_says_what_was_decided_and_asks_no_more(announcer: Announcer, store: SqliteStore) -> None:
    await announcer.send_some()
    await announcer.correct_some()
    await store.announcements.decide(ASKED.key, "Mo started it.")
    await announcer.correct_some()
    await store.announcements.decide(ASKED.key, "Nothing started.")
    for _ in range(2):
        await announcer.correct_some()
    assert messages_of(announcer).shown == [("Start it?", True), ("Mo started it.", False), ("Nothing started.", False)]


async def test_one_that_is_decided_before_it_is_sent_never_asks(announcer: Announcer, store: SqliteStore) -> None:
    await store.announcements.decide(ASKED.key, "Mo started it.")
    await announcer.send_some()
    await announcer.correct_some()
    assert set(messages_of(announcer).shown) == {("Mo started it.", False)}


@pytest.mark.parametrize(
    ("failure", "tries"), [(SendFailed("Unknown Message", is_final=True), 1), (SendFailed("500"), 2)]
)
async def test_what_can_never_be_edited_is_tried_no_more_and_what_may_pass_is(
    announcer: Announcer, store: SqliteStore, failure: SendFailed, tries: int
) -> None:
    await announcer.send_some()
    await store.announcements.decide(ASKED.key, "Mo started it.")
    messages_of(announcer).failures = [failure]
    for _ in range(3):
        await announcer.correct_some()
    assert len(messages_of(announcer).shown) == tries
    assert await store.announcements.outdated() == []


async def test_what_asks_nothing_is_decided_by_nobody(store: SqliteStore) -> None:
    await store.announcements.announce(ASKED.model_copy(update={"buttons": ()}))
    assert not await store.announcements.decide(ASKED.key, "Mo started it.")
    assert not await store.announcements.decide("another", "Mo started it.")
