"""A run's limit in Discord: reached, it rings whom it concerns; *Raise the limit* lets it go on.

An agent that breaks off rings too.
"""

import pytest

from ompycord.bot.commands.raise_limit import dollars
from ompycord.domain import events as ev
from ompycord.domain.ids import short_id
from ompycord.domain.ports import AgentOutcome
from ompycord.domain.run import FailureClass
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.refusals import refuses


async def test_a_limit_rings_once_and_is_raised_by_a_form(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    harness.agent.script = (ev.UsageUpdated(input=61_000, output=4000, cost_usd=0.55),)
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo, budget=0.5)
        stopped = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Budget reached" in m.text)
        assert stopped.labels[:2] == ["Raise the limit", "Resume"]
        notice = await mo.wait_message(lambda m: kind_of(m) == "notice")
        assert "the run reached its budget." in notice.text
        assert "The budget of $0.50 is used up: $0.55 spent. Work so far is kept." in notice.text
        early = await mo.click(stopped, "Resume")
        told = await mo.wait_message(lambda m: is_answer(m, early.id) and not m.is_thinking)
        assert "*Raise the limit* on its card continues it" in told.text
        form = await mo.click(stopped, "Raise the limit")
        assert form.modal is not None
        assert form.modal.value("New limit in US dollars") == "1.10"
        low = await mo.submit_labels(form, {"New limit in US dollars": "0.40"})
        told = await mo.wait_message(lambda m: is_answer(m, low.id) and not m.is_thinking)
        assert "$0.55 is spent already" in told.text
        harness.agent.script = ()
        harness.agent.release()
        form = await ada.click(stopped, "Raise the limit")
        raised = await ada.submit_labels(form, {"New limit in US dollars": "$3,50"})
        told = await ada.wait_message(lambda m: is_answer(m, raised.id) and not m.is_thinking)
        assert f"Run `{short_id(record.id)}` may cost $3.50 now, all in all." in told.text
        await mo.wait_message(lambda m: kind_of(m) == "result" and "$0.55" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Go to the result" in m.text)
        asked = await mo.command("omp cost", "tasks", csv=True)
        told = await mo.wait_message(lambda m: is_answer(m, asked.id) and not m.is_thinking)
        assert "**Your runs, the last 30 days**\n$0.55 · 1 run · 61k tokens in, 4k out" in told.text
        image, table = told.raw["attachments"]
        assert table["filename"] == "costs.csv"
        assert (image["filename"], image["content_type"]) == ("costs.png", "image/png")
        assert image["description"].startswith("Your runs, the last 30 days. $0.55 · 1 run · 61k tokens in, 4k out. ")
        assert "By repository: shop $0.55" in image["description"]
        assert "By repository\nshop       ▓▓▓▓▓▓▓▓ $0.55\n```" in told.text
        asked = await ada.command("omp cost", "tasks", period="day")
        told = await ada.wait_message(lambda m: is_answer(m, asked.id) and not m.is_thinking)
        assert "**Your runs, the last 24 hours**\nNo runs in this period." in told.text
        asked = await ada.command("omp cost", "tasks", who="repository")
        told = await ada.wait_message(lambda m: is_answer(m, asked.id) and not m.is_thinking)
        assert "**Runs in shop, the last 30 days**\n$0.55" in told.text
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]  # the limit, the end


async def test_an_agent_that_breaks_off_rings_and_goes_on_when_it_is_resumed(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.outcome = AgentOutcome(
        claim=False, message="scripted ended with signal 9.", failure=FailureClass.LOST
    )
    async with harness.running():
        await harness.start(mo)
        notice = await mo.wait_message(lambda m: kind_of(m) == "notice")
        assert "scripted crashed; the run is paused." in notice.text
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Interrupted" in m.text)
        harness.agent.outcome = AgentOutcome(claim=True, message="Done, it says.")
        await mo.click(card, "Resume")
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]


@pytest.mark.parametrize(
    ("typed", "usd"), [("3", 3.0), (" $3.50 ", 3.5), ("3,50", 3.5), ("0.01", 0.01), ("10000", 10_000.0), (".5", 0.5)]
)
def test_an_amount_is_read_as_people_type_it(typed: str, usd: float) -> None:
    assert dollars(typed) == pytest.approx(usd)


@pytest.mark.parametrize(
    "typed", ["", "0", "-1", "1e3", "nan", "inf", "ten", "1.2.3", "1,000.50", "10000.01", ".", "٣", "$"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with refuses("no amount between"):
        dollars(typed)
