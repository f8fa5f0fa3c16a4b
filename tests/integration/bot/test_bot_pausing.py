"""`/omp-admin pause`, `unpause` and `stop-all`: nothing begins, what works is stopped, and both outlive the process."""

from ompycord.app.mode import StorageMode
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState
from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground_person import Person


async def answer(who: Person, command: str) -> str:
    ran = await who.command(command, "tasks")
    return (await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


async def test_a_pause_lets_nothing_begin_or_resume_and_outlives_the_process(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        assert "admin" in await answer(mo, "omp-admin pause")
        assert harness.mode.paused_by is None
        assert (await answer(ada, "omp-admin pause")).startswith("Paused: no run begins and none is resumed")
        refused = await mo.command("omp new", "tasks", prompt="Fix it", repository="shop", agent="scripted")
        words = "Ada paused Ompycord: nothing new begins."
        await mo.wait_message(lambda m: is_answer(m, refused.id) and words in m.text)
    later = StorageMode(store=harness.store, folder=harness.folder)
    assert await later.words() == "paused by Ada: nothing new begins"
    assert later.unpause()
    assert StorageMode(store=harness.store, folder=harness.folder).paused() is None


async def test_stop_all_stops_every_agent_and_says_which_and_resume_waits_for_the_end_of_the_pause(
    harness: AppHarness,
) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        await harness.until(run, lambda seen: seen.state is RunState.BUILDING)
        stopped = await answer(ada, "omp-admin stop-all")
        assert stopped.startswith("Stopped 1 run: *")
        await harness.until(run, lambda seen: seen.state is RunState.SUSPENDED)
        assert "Ada paused Ompycord" in await answer(mo, "omp resume")
        assert (await answer(ada, "omp-admin unpause")).startswith("Runs begin again.")
        assert await answer(ada, "omp-admin unpause") == "Nothing was paused."
        assert await answer(mo, "omp resume") == "Resumed."
        harness.agent.release()
        await harness.until(run, lambda seen: seen.is_final)
    rows = [row.text("action") for row in await harness.store.audit_of("ompycord")]
    assert rows == ["pause", "unpause"]
