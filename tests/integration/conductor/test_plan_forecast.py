"""A plan that waits says what runs like it cost and took; one that was decided on does not."""

from pathlib import Path

import pytest

from ompycord.bot.custom_ids import Signer
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.options import BotOptions
from ompycord.bot.run_view import ref_of
from ompycord.domain.forecasting.forecast import Forecast, Span
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunState
from ompycord.domain.task import Mode
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.integration.conductor.test_modes import CATALOG, Reports, loaded


class Known:
    """What is known of runs like it; what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Mode]] = []
        self.is_broken = False

    async def forecast(self, guild: str, repository: str, agent: str, mode: Mode) -> Forecast | None:
        if self.is_broken:
            raise StorageError("The database cannot be read.")
        self.asked.append((repository, agent, mode))
        return Forecast(n=14, cost=Span(low=0.4, high=1.9), duration=Span(low=360_000, high=1_200_000))


@pytest.fixture
def known() -> Known:
    return Known()


async def plan_of(harness: AppHarness, run: str, known: Known) -> str:
    """The plan's message as it is now."""
    renderer = MessageRenderer(
        options=BotOptions(guilds=("100000000000000009",), home_channel="200000000000000009"),
        catalog=harness.catalog,
        store=harness.store,
        snapshots=harness.snapshots,
        clock=harness.clock,
        signer=Signer(b"a key of tests, 32 bytes long ..."),
        redact=str,
        confinement=None,
        url=lambda guild, channel, message: "",
        channel_name=lambda channel: None,
        is_connected=lambda: True,
        forecast=known.forecast,
    )
    found = await renderer.view(RunId(run))
    assert found is not None
    assert found.snapshot.proposal is not None
    shown = renderer.render(found, OutboxKind.QUESTION, str(ref_of(found.snapshot.proposal)))
    assert shown is not None
    return str(shown.embeds)


async def test_a_plan_says_what_its_like_cost_while_it_waits(store: SqliteStore, tmp_path: Path, known: Known) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), CATALOG, agent=Reports())
    async with harness.running():
        record = await harness.submit(mode="full")
        await harness.in_state(record.id, RunState.AWAITING_APPROVAL)
        await harness.settled(record.id)
        words = "Like tasks here: $0.40 to $1.90, 6 to 20 min (n = 14)."
        assert words in await plan_of(harness, record.id, known)
        assert known.asked == [(record.repository, record.agent, Mode.FULL)]
        known.is_broken = True
        assert "Like tasks" not in await plan_of(harness, record.id, known)
        known.is_broken = False
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        await harness.ended(record.id)
        assert words not in await plan_of(harness, record.id, known)
