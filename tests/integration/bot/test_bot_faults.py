"""When Discord, the database or the process fails: one mirror, one thread, one card, one answer, and no text lost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.system import SystemClock, SystemIds
from ompycord.bot import Bot
from ompycord.bot.rest import Rest
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import OutboxKind
from ompycord.errors import GatewayFatal
from ompycord.render.marker import Marker
from ompycord.store import SqliteStore, open_store
from tests.integration.bot.conftest import PATIENCE_S, AppHarness, is_answer, kind_of
from tests.support.database_faults import faulty_writes
from tests.support.patience import within
from tests.support.playground import Playground
from tests.support.playground_person import NotAnsweredError

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
CREATE = "/channels/{channel_id}/messages"
COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
LIMITED: dict[str, Any] = {"message": "You are being rate limited.", "retry_after": 600.0, "global": False}
"""Longer than the client waits by itself."""


async def test_a_restart_in_the_middle_keeps_one_mirror_thread_card_and_result(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
    later = harness.restart()
    async with later.running():
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await later.nothing_owed()
    assert await later.kinds_in("tasks") == ["mirror"]
    assert await later.kinds_in(await later.thread_of(record.id)) == ["card 1", "result"]
    assert await later.pinged() == [[mo.id]]


async def test_a_message_whose_answer_got_lost_is_found_again_instead_of_posted_twice(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        await playground.fault("POST", CREATE, "drop_after", count=1)
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await mo.wait_message(lambda m: kind_of(m) == "mirror" and "Done" in m.text)
        await harness.nothing_owed()
    assert await harness.kinds_in("tasks") == ["mirror"]
    assert await harness.kinds_in(await harness.thread_of(record.id)) == ["card 1", "result"]


async def test_a_message_of_ours_is_found_by_its_marker_from_minutes_before_the_row_that_wants_it(
    harness: AppHarness,
) -> None:
    """Discord knows a nonce for minutes only; after that this alone keeps it from being posted twice."""
    minute = 60_000
    async with harness.running():
        record = await harness.start(harness.playground.mo)
        posted = await harness.playground.mo.wait_message(lambda m: kind_of(m) == "result")
        thread, short = await harness.thread_of(record.id), short_id(RunId(record.id))
        rest = Rest(harness.client, home=str(harness.playground.guild_id))
        wanted, now = Marker(short, OutboxKind.RESULT, ""), harness.clock.now_ms()
        for since in (now - 60 * minute, record.created_at, now + 4 * minute):  # its clock may be ahead of Discord's
            assert await rest.find(thread, wanted, since=since) == posted.id
        assert await rest.find(thread, wanted, since=now + 7 * minute) is None
        assert await rest.find(thread, Marker(short, OutboxKind.NOTICE, ""), since=now) is None
        assert await rest.find(thread, Marker("other1", OutboxKind.RESULT, ""), since=now) is None


async def test_a_new_data_folder_within_minutes_posts_messages_of_its_own_and_rings(
    harness: AppHarness, tmp_path: Path
) -> None:
    """Its row numbers begin again: what Discord knew by them were the earlier run's messages."""
    mo = harness.playground.mo
    async with harness.running():
        await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    async with open_store(tmp_path / "fresh" / "ompycord.db", clock=SystemClock(), ids=SystemIds()) as fresh:
        again = AppHarness(harness.playground, fresh, tmp_path / "fresh")
        async with again.running():
            await again.start(mo)
            await again.until((await again.only_run()).id, lambda seen: seen.is_final)
            await again.nothing_owed()
    assert await harness.kinds_in("tasks") == ["mirror", "mirror"]
    assert await harness.pinged() == [[mo.id], [mo.id]]


async def test_an_answer_that_misses_its_three_seconds_leaves_resume_and_the_run_starts_once(
    harness: AppHarness,
) -> None:
    ada, mo, playground = harness.playground.ada, harness.playground.mo, harness.playground
    async with harness.running():
        await playground.fault("POST", CALLBACK, "delay_before", count=1, seconds=3.2)
        with pytest.raises(NotAnsweredError):
            await mo.command("omp new", "tasks", prompt="Fix the total")
        offered = await mo.wait_message(lambda m: "Your text is saved." in m.text)
        assert offered.labels == ["Try again"]
        foreign = await ada.click(offered, "Try again")
        assert foreign.reply is not None
        assert "Only the author of that text" in foreign.reply.text
        clicked = await mo.click(offered, "Try again")
        twice = await mo.start_click(offered, "Try again")
        await mo.wait_message(lambda m: is_answer(m, clicked.id) and "Queued: http" in m.text)
        await mo.wait_message(lambda m: is_answer(m, twice.id) and "Queued: http" in m.text)
        await mo.wait_message(lambda m: m.id == offered.id and "Started by Mo" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    await harness.only_run()


async def test_a_draft_that_is_not_durable_in_time_is_deferred_and_still_starts_once(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running(), faulty_writes(harness.store, "INSERT ON drafts") as drafts:
        drafts.refuse()
        ran = await mo.command("omp new", "tasks", prompt="Fix the total")
        assert ran.reply is not None
        assert ran.reply.is_thinking
        assert drafts.refused.is_set()
        assert await harness.store.runs(RunFilter()) == []
        drafts.accept()
        await mo.wait_message(lambda m: is_answer(m, ran.id) and "Queued" in m.text, timeout=20)
        await harness.only_run()


async def test_answer_and_question_come_to_the_channel_where_the_thread_is_gone(harness: AppHarness) -> None:
    mo, tasks = harness.playground.mo, str(harness.playground.channel("tasks"))
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await harness.playground.change_world(delete_channel=await harness.thread_of(run))
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Before or after?"))
        await mo.wait_message(lambda m: kind_of(m) == "question" and m.channel_id == tasks)
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "result" and m.channel_id == tasks)
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]


async def test_a_channel_that_disappears_ends_the_delivery_with_a_reason_and_hurts_nothing_else(
    harness: AppHarness,
) -> None:
    mo, playground = harness.playground.mo, harness.playground
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "card 1")
        await playground.change_world(delete_channel=await harness.thread_of(record.id))
        harness.agent.release()
        await harness.until(record.id, lambda seen: seen.is_final)
        await harness.nothing_owed()
        harness.agent.hold()
        other = await harness.start(mo, prompt="Another one")
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and short_id(RunId(other.id)) in m.text)


async def test_a_dropped_gateway_is_picked_up_again(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        await playground.disturb_gateway("drop")
        await mo.wait_event("BOT_STATUS", lambda status: status["online"] is False)
        await mo.wait_event("BOT_STATUS", lambda status: status["online"] is True)
        ran = await mo.command("omp help", "tasks")
        assert ran.reply is not None


async def test_a_fatal_close_ends_the_bot_with_its_cause(harness: AppHarness) -> None:
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        running = group.create_task(ended_with(harness.bot))
        await harness.online()
        await harness.playground.disturb_gateway("close", code=4014)
        error = await running
    assert "message content intent" in str(error)


async def ended_with(bot: Bot) -> GatewayFatal:
    with pytest.raises(GatewayFatal) as caught:
        await bot.run()
    return caught.value


async def test_commands_are_registered_only_when_their_definition_changed(harness: AppHarness) -> None:
    async with harness.running():
        pass
    async with harness.restart().running():
        pass
    puts = await harness.playground.wire(
        method="PUT", route="/applications/{application_id}/guilds/{guild_id}/commands"
    )
    assert len(puts) == 1


async def test_a_burst_of_events_costs_few_edits_and_the_last_one_is_shown(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await harness.agent.began.wait()
        for number in range(200):
            tool = ev.ToolFinished(tool="edit", title=f"file{number}.py")
            await harness.areas.recorder.observe(RunId(record.id), tool)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "file199.py" in m.text)
        edits = await harness.playground.wire(method="PATCH", route="/channels/{channel_id}/messages/{message_id}")
    assert len(edits) < 20
    assert all(entry["status"] < 400 for entry in edits)


async def test_what_discord_took_before_a_crash_is_found_by_its_footer_long_after_the_nonce(
    harness: AppHarness,
) -> None:
    """What Discord took cannot be noted down: as if the process died between the two."""
    mo, playground = harness.playground.mo, harness.playground
    async with faulty_writes(harness.store, "UPDATE ON outbox WHEN NEW.status = 'done'") as notes:
        notes.refuse()
        async with harness.running():
            await mo.start_command("omp new", "tasks", prompt="Fix the total")
            await mo.wait_message(lambda m: kind_of(m) == "mirror")
        assert notes.refused.is_set()
    await playground.advance(3600)
    later = harness.restart()
    later.clock.advance(3600)
    async with later.running():
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await later.nothing_owed()
    record = await later.only_run()
    mirror = await later.store.surface(RunId(record.id), OutboxKind.SUMMARY)
    assert mirror is not None
    assert mirror.posted_at <= later.clock.now_ms() - 3_590_000, "its age counts from when Discord made it"
    assert await later.kinds_in("tasks") == ["mirror"]
    assert await later.kinds_in(await later.thread_of(record.id)) == ["card 1", "result"]


async def test_a_card_that_discord_slows_says_so_and_catches_up(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await mo.wait_message(lambda m: kind_of(m) == "mirror" and "url" in m.raw["embeds"][0])
        limited = {"message": "You are being rate limited.", "retry_after": 40.0, "global": False}
        edits = f"/channels/{await harness.thread_of(record.id)}/messages/*"  # those of the card, not of its summary
        await playground.fault("PATCH", edits, "status", count=1, status=429, body=limited)
        await harness.areas.recorder.observe(RunId(record.id), ev.ToolFinished(tool="edit", title="one.py"))
        await harness.refused_edit()
        await harness.areas.recorder.observe(RunId(record.id), ev.ToolFinished(tool="edit", title="two.py"))
        harness.clock.advance(60)
        shown = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "two.py" in m.text)
        assert "Discord slowed this card" in shown.text
        harness.agent.release()
        done = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
        assert "Discord slowed" not in done.text


async def test_an_outage_is_not_told_as_a_limit_and_an_ended_run_tells_of_none(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await mo.wait_message(lambda m: kind_of(m) == "mirror" and "url" in m.raw["embeds"][0])
        edits = f"/channels/{await harness.thread_of(run)}/messages/*"
        await playground.fault("PATCH", edits, "status", count=1, status=503, body={"message": "no", "code": 0})
        await harness.areas.recorder.observe(run, ev.ToolFinished(tool="edit", title="one.py"))
        await harness.struck()
        await harness.areas.recorder.observe(run, ev.ToolFinished(tool="edit", title="two.py"))
        shown = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "two.py" in m.text)
        assert "Discord slowed" not in shown.text
        await playground.fault("PATCH", edits, "status", count=1, status=429, body=LIMITED | {"retry_after": 40.0})
        await harness.areas.recorder.observe(run, ev.ToolFinished(tool="edit", title="three.py"))
        await harness.refused_edit()
        harness.agent.release()
        await harness.until(run, lambda seen: seen.is_final)
        harness.clock.advance(60)
        done = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
        assert "Discord slowed" not in done.text


async def test_a_card_goes_on_in_a_fresh_message_before_discord_refuses_edits(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        first = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await mo.wait_message(lambda m: kind_of(m) == "mirror" and "url" in m.raw["embeds"][0])
        await harness.until_surface(record.id, OutboxKind.CARD)
        await harness.true_everywhere(record.id)
        await harness.advance(56 * 60)
        await harness.areas.recorder.observe(RunId(record.id), ev.ToolFinished(tool="edit", title="late.py"))
        await mo.wait_message(lambda m: kind_of(m) == "card 2" and "late.py" in m.text)
        replaced = await mo.wait_message(lambda m: m.id == first.id and "Go to the live card" in m.labels)
        assert "Stop" not in replaced.labels
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "card 2" and "Done · checks passed" in m.text)


async def test_a_deleted_card_comes_back(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await harness.delete(card)
        await harness.areas.recorder.observe(RunId(record.id), ev.ToolFinished(tool="edit", title="one.py"))
        await ada.wait_message(lambda m: kind_of(m) == "card 2" and "one.py" in m.text)


async def test_a_login_that_fails_for_a_while_is_tried_again(harness: AppHarness) -> None:
    await harness.playground.fault("GET", "/users/@me", "status", status=503, count=1)
    async with harness.running():
        ran = await harness.playground.mo.command("omp help", "tasks")
        assert ran.reply is not None


async def test_a_limit_that_outlasts_our_patience_at_the_login_is_tried_again(harness: AppHarness) -> None:
    await harness.playground.fault("GET", "/users/@me", "status", status=429, count=1, body=LIMITED)
    async with harness.running():
        ran = await harness.playground.mo.command("omp help", "tasks")
        assert ran.reply is not None


async def test_commands_that_discord_limits_are_registered_later_and_the_bot_works_on(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    await playground.fault("PUT", COMMANDS, "status", status=429, count=1, body=LIMITED)
    async with harness.running():
        assert "omp" not in await known_commands(harness)
        harness.clock.advance(LIMITED["retry_after"])
        async with within(PATIENCE_S):
            with harness.bus.subscribe() as changes:
                while "omp" not in await known_commands(harness):
                    await changes.take(0.1)
        ran = await mo.command("omp help", "tasks")
        assert ran.reply is not None


async def known_commands(harness: AppHarness) -> set[str]:
    return {command["name"].split()[0] for command in (await harness.playground.mo.state())["commands"]}


async def test_a_wrong_token_is_fatal_and_named(playground: Playground, store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(playground, store, tmp_path, token="wrong")
    with pytest.raises(GatewayFatal, match="DISCORD_TOKEN"):
        await harness.bot.run()


async def test_a_client_whose_requests_never_end_is_replaced(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    asked = "/oauth2/applications/@me"
    async with harness.running():
        await playground.fault("GET", asked, "delay_before", count=1, seconds=60)
        harness.clock.advance(100)
        await harness.struck()
        assert harness.bot.is_ready
        harness.clock.advance(100)
        assert not harness.bot.is_ready
        harness.clock.advance(500)
        await mo.wait_event("BOT_STATUS", lambda status: status["online"] is False)
        await harness.online()
        ran = await mo.command("omp help", "tasks")
        assert ran.reply is not None


async def test_an_end_that_comes_together_with_a_replacement_is_an_end(harness: AppHarness) -> None:
    async with within(20), harness.running():
        await harness.playground.fault("GET", "/oauth2/applications/@me", "delay_before", count=1, seconds=60)
        harness.clock.advance(100)
        await harness.struck()
        harness.clock.advance(500)  # the client is given up in the very moment in which the block is left
    assert not harness.bot.is_ready
