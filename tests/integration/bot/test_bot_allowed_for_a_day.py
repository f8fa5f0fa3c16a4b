"""*Allow here for a day* as people press it: what it covers, what was decided before, and how an admin ends it."""

from pathlib import Path
from typing import Any

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, Emit, Inbox
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from ompycord.testing import ScriptedAgent
from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground import Playground
from tests.support.playground_person import Person

ASKED = ev.ApprovalRequested(
    approval="1", title="Bash: npm test", command="npm test", call="a" * 64, risk_class="run", because="it runs code"
)


class Asking(ScriptedAgent):
    """Asks for one call in each of its runs."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        await emit(ASKED)
        self.received.put_nowait(await inbox.next())
        return await super().run(job, emit, inbox)


async def answer(person: Person, command: str, **options: Any) -> str:
    ran = await person.command(command, "tasks", **options)
    return (await person.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


def asks(message: Message) -> bool:
    return "Allow here for a day" in message.labels


async def test_a_call_that_was_allowed_for_a_day_is_not_asked_again_until_an_admin_ends_it(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(playground, store, tmp_path, agent=Asking(writes={"total.py": "x = 1\n"}))
    ada, mo = playground.ada, playground.mo
    async with harness.running():
        first = RunId((await harness.start(mo)).id)
        asked = await ada.wait_message(asks)
        assert "the same for every run in this repository and channel" in asked.text
        pressed = await ada.click(asked, "Allow here for a day")
        told = await ada.wait_message(lambda m: is_answer(m, pressed.id) and not m.is_thinking)
        assert told.text.startswith("Allowed here for a day: no run in this repository and channel")
        await harness.until(first, lambda seen: seen.is_final)
        second = RunId((await harness.start(mo)).id)
        assert (await harness.until(second, lambda seen: seen.is_final)).approvals == ()
        listed = await answer(ada, "omp-admin permissions")
        assert "1 permission for a day" in listed
        assert "npm test (**run**) in shop" in listed
        [kept] = await store.standing(str(playground.guild_id), now=harness.clock.now_ms(), limit=5)
        assert "admin" in await answer(mo, "omp-admin permissions", end=kept.id)
        assert (await answer(ada, "omp-admin permissions", end=kept.id)).startswith("Ended: ")
        assert await answer(ada, "omp-admin permissions") == "Nothing is allowed for a day here."
        await harness.start(mo)
        again = await ada.wait_message(lambda m: asks(m) and m.id != asked.id)
        assert "Before, exactly this here: allowed for a day by Ada" in again.text
        await ada.click(again, "Allow once")
