"""`/omp-admin budget` and `/omp cost`: what is spent of which limit, at a glance, and raised by admins alone."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from ompycord.domain import events as ev
from ompycord.domain.budgets.accounts import AccountKey, AccountScope
from ompycord.domain.ids import RunId
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.patience import until
from tests.support.playground import Playground
from tests.support.playground_person import Person


class Budgeted(AppHarness):
    """With the keeper of shared budgets beside the bot."""

    SERVICES = (*AppHarness.SERVICES, "shared budgets")


async def answer(person: Person, command: str, **options: Any) -> str:
    ran = await person.command(command, "tasks", **options)
    return (await person.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


async def test_limits_are_seen_at_a_glance_and_raised_by_an_admin_alone(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    limits = {"server": {"day_usd": 10}, "repository": {"day_usd": 8}, "warn_percent": 80}
    harness = Budgeted(playground, store, tmp_path, budgets=limits)
    harness.agent.script = (ev.UsageUpdated(input=10, output=1, cost_usd=8.2),)
    ada, mo = playground.ada, playground.mo
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        await mo.wait_message(lambda m: "has used" not in m.text and _says(m, "Runs in shop have used $8.20 of $8.00"))
        paused = await mo.wait_message(lambda m: _says(m, "shop's limit of $8.00 a day is used up."))
        assert _says(paused, "An admin raises it: Raise… on a stopped card, or /omp-admin budget.")
        assert "shop's limit of $8.00 a day is used up." in await answer(mo, "omp resume", run=run)
        seen = await answer(mo, "omp cost", who="server")
        assert "today: $8.20 of $10.00 (82 %)" in seen
        assert "shop today" not in seen
        asked = await ada.command("omp cost", "tasks", who="server")
        told = await ada.wait_message(lambda m: is_answer(m, asked.id) and not m.is_thinking)
        [image] = told.raw["attachments"]
        for words in ("This server today: $8.20 of $10.00 (82 %)", "shop today: $8.20 of $8.00 (102 %)"):
            assert words in told.text
            assert words in image["description"]
        assert "admin" in await answer(mo, "omp-admin budget")
        glance = await answer(ada, "omp-admin budget")
        for words in (
            "This server today: $8.20 of $10.00 (82 %)", "shop today: $8.20 of $8.00 (102 %)",
            f"<@{mo.id}> this month: $8.20, no limit", "most on",
        ):  # fmt: skip
            assert words in glance
        assert "has no such limit" in await answer(ada, "omp-admin budget", repository="shop", period="month", usd=20)
        raised = await answer(ada, "omp-admin budget", repository="shop", usd=20)
        assert "shop today: $8.20 of $20.00 (41 %) · raised" in raised
        harness.agent.script = ()
        harness.agent.release()
        assert await answer(mo, "omp resume", run=run) == "Resumed."
        await harness.until(run, lambda snapshot: snapshot.is_final)
        book = harness.parts.areas.shared_budgets.book
        [account] = await book.of_key(AccountKey(str(playground.guild_id), AccountScope.REPOSITORY, "shop"))
        await until(lambda: account.spent_usd == Decimal("8.2"))


async def test_the_card_of_a_run_that_a_shared_budget_stopped_has_it_raised_by_an_admin(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    limits = {"repository": {"day_usd": 8}}
    harness = Budgeted(playground, store, tmp_path, budgets=limits)
    harness.agent.script = (ev.UsageUpdated(input=10, output=1, cost_usd=8.2),)
    ada, mo = playground.ada, playground.mo
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Raise…" in m.labels)
        refused = await mo.click(card, "Raise…")
        told = await mo.wait_message(lambda m: is_answer(m, refused.id) and not m.is_thinking)
        assert "This needs the role *admin*" in told.text
        await ada.wait_message(lambda m: m.id == card.id and "Raise…" in m.labels)
        opened = await ada.click(card, "Raise…")
        form = opened.modal
        assert form is not None
        assert "16.40" in str(form.raw)
        assert "limit of $8.00 a day is used up" in str(form.raw)
        for typed, words in (
            ("8", "must be above that"),
            ("lots", "That is no amount"),
            ("20", "shop today: $8.20 of $20.00"),
        ):
            sent = await ada.submit_labels(await ada.click(card, "Raise…"), {"usd": typed})
            said = await ada.wait_message(lambda m, sent=sent: is_answer(m, sent.id) and not m.is_thinking)
            assert words in said.text
        rows = [row.text("action") for row in await store.audit_rows(after=0, limit=100)]
        assert rows.count("raise-budget") == 1
        late = await ada.click(card, "Raise…")
        assert (
            "No shared budget stops this run any more"
            in (await ada.wait_message(lambda m: is_answer(m, late.id) and not m.is_thinking)).text
        )
        harness.agent.script = ()
        harness.agent.release()
        assert await answer(mo, "omp resume", run=run) == "Resumed."


def _says(message: Message, words: str) -> bool:
    return words in message.text or any(words in str(embed) for embed in message.embeds)
