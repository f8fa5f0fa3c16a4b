"""What tasks like this cost and took, on the form of a new one: from five on."""

from datetime import UTC, datetime

from ompycord.domain import events as ev
from ompycord.domain.forecasting.forecast import Forecast, Span
from ompycord.domain.schedules.digest_options import DigestOptions
from ompycord.domain.task import Mode
from ompycord.render.charts.drawing import chart_png
from ompycord.render.charts.words import chart_description
from ompycord.schedules.digests.keeper import DigestKeeper
from tests.integration.bot.conftest import AppHarness, is_answer


async def test_the_numbers_of_a_digest_are_those_of_the_cost_command(harness: AppHarness) -> None:
    mo, clock = harness.playground.mo, harness.clock
    harness.agent.script = (ev.UsageUpdated(input=1000, output=40, cost_usd=0.55),)
    guild, channel = str(harness.playground.guild_id), str(harness.playground.channel("tasks"))

    async def notes(since: int) -> list[str]:
        return []

    async with harness.running():
        await harness.store.digests.advance(
            f"digest:weekly:{guild}", expect=0, end=clock.now_ms() - 1, announcement=None
        )
        for _ in range(2):
            record = await harness.start(mo)
            await harness.until(record.id, lambda snapshot: snapshot.is_final)
        asked = await mo.command("omp cost", "tasks", who="server", period="day")
        cost = await mo.wait_message(lambda m: is_answer(m, asked.id) and not m.is_thinking)
        assert "$1.10 · 2 runs" in cost.text
        assert "shop $1.10" in cost.raw["attachments"][0]["description"]
        clock.advance(2 * 3600)
        day = f"{datetime.fromtimestamp(clock.now_ms() / 1000, UTC):%a %H}:00".lower()
        keeper = DigestKeeper(
            options=DigestOptions(weekly=day),
            rows=harness.store.digests, runs=harness.store, snapshots=harness.snapshots, clock=clock, guild=guild,
            channel=channel, weekly_notes=notes, new_nonce=lambda: "nonce", redact=str,
        )  # fmt: skip
        await keeper.inspect()
        (told,) = await harness.store.announcements.unsent()
        assert "Cost: $1.10 for 2 runs: shop $1.10\nEach day: `" in told.text
        assert told.chart is not None
        async with harness.half_minutes_pass():
            week = await mo.wait_message(lambda m: "Cost: $1.10 for 2 runs" in str(m.embeds))
        [image] = week.raw["attachments"]
        assert (image["filename"], image["size"]) == ("chart.png", len(chart_png(told.chart)))
        assert image["description"] == chart_description(told.chart)
        assert "By repository: shop $1.10" in image["description"]


async def test_the_form_says_what_tasks_like_it_cost(harness: AppHarness) -> None:
    mo = harness.playground.mo
    seen: list[tuple[str, str, Mode]] = []

    async def forecast(guild: str, repository: str, agent: str, mode: Mode) -> Forecast | None:
        seen.append((repository, agent, mode))
        return Forecast(n=14, cost=Span(low=0.4, high=1.9), duration=Span(low=360_000, high=1_200_000))

    harness.forecast = forecast
    async with harness.running():
        form = await mo.command("omp new", "tasks")
        assert form.modal is not None
        assert "Like tasks here: $0.40 to $1.90, 6 to 20 min (n = 14)" in str(form.modal.raw)
        assert seen[0][0] == "shop"
