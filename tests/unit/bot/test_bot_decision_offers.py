"""When a message gets the offer to be saved as a decision; counterpart of the journey in tests/integration/bot."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ompycord.bot.commands.remembering.decision_offers import DecisionOffers
from ompycord.bot.context import BotContext
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person, Role
from ompycord.testing import FakeClock

SAID = "We decided to keep Python 3.11 until March"

MO = Person(id="7", name="Mo", role=Role.RUNNER)


def _signed(action: str, ref: str, nonce: str = "") -> str:
    return f"{action}:{ref}"


@dataclass
class Stage:
    """A server whose channels 1 and 2 are bound to a repository, and 3 to none."""

    person: Person = MO
    wants: bool = True
    reads: bool = True
    fault: SendFailed | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    sent: list[str] = field(default_factory=list[str])

    def offers(self) -> DecisionOffers:
        async def no_run(channel: str) -> None:
            return None

        async def kept(meaning: object, *, valid_ms: int) -> str:
            return "01HZZZZZZZZZZZZZZZZZZZZZZZ"

        async def send(channel: str, what: object, **more: Any) -> None:
            if self.fault is not None:
                raise self.fault
            self.sent.append(f"{channel} {more['reply_to']}")

        repository = SimpleNamespace(name="shop")
        context = SimpleNamespace(
            options=SimpleNamespace(guilds=("9",), message_content=self.reads),
            lookups=SimpleNamespace(offers_decisions=self.wants, memory=object()),
            store=SimpleNamespace(surfaces=SimpleNamespace(run_of_surface=no_run)),
            catalog=SimpleNamespace(preset={"1": repository, "2": repository}.get),
            clock=self.clock,
            keep_meaning=kept,
            rest=SimpleNamespace(send=send),
            signer=SimpleNamespace(button=_signed),
        )
        return DecisionOffers(cast("BotContext", context))


def message(number: int, *, text: str = SAID, channel: int = 1, guild: int | None = 9, bot: bool = False) -> Any:
    return SimpleNamespace(
        id=number, content=text, webhook_id=None, author=SimpleNamespace(bot=bot, id=7),
        channel=SimpleNamespace(id=channel), guild=None if guild is None else SimpleNamespace(id=guild),
    )  # fmt: skip


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage()

    def member(*given: object, **more: object) -> Person:
        return made.person

    monkeypatch.setattr("ompycord.bot.commands.remembering.decision_offers.member", member)
    return made


async def test_it_is_offered_once_in_ten_minutes_a_channel(stage: Stage) -> None:
    offers = stage.offers()
    for number in (1, 2):
        await offers.on_message(message(number))
    await offers.on_message(message(3, channel=2))
    stage.clock.advance(600)
    await offers.on_message(message(4))
    assert stage.sent == ["1 1", "2 3", "1 4"]


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Nothing of the kind"}, {"channel": 3}, {"guild": None}, {"guild": 8}, {"bot": True},
    ],
)  # fmt: skip
async def test_everything_else_is_left_alone(stage: Stage, other: dict[str, Any]) -> None:
    await stage.offers().on_message(message(1, **other))
    assert stage.sent == []


@pytest.mark.parametrize(
    "change", [{"wants": False}, {"reads": False}, {"person": Person(id="7", name="Mo", role=Role.VIEWER)}]
)
async def test_nothing_is_offered_where_it_is_not_wanted_or_its_author_may_not(
    stage: Stage, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(stage, name, value)
    await stage.offers().on_message(message(1))
    assert stage.sent == []


async def test_one_that_discord_does_not_take_costs_nothing_else(stage: Stage) -> None:
    stage.fault = SendFailed("Discord is away")
    await stage.offers().on_message(message(1))
    assert stage.sent == []
