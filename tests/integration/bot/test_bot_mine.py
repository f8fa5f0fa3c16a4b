"""`/omp mine`: what waits for whom, by the rule of its class, and nothing once it is decided."""

from ompycord.domain import events as ev
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Person

WANTED = ev.ApprovalRequested(approval="a1", title="Bash: npm publish", command="npm publish")


async def mine(who: Person) -> str:
    ran = await who.command("omp mine", "tasks")
    return (await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


async def test_a_decision_waits_for_those_who_may_make_it(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    harness.agent.script = (WANTED,)
    harness.agent.hold()
    async with harness.running():
        assert await mine(ada) == "Nothing waits for you here."
        await harness.start(mo)
        asked = await ada.wait_message(lambda m: kind_of(m) == "question" and m.raw["pinned"])
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Go to the question" in m.labels)  # it is kept where
        text = await mine(ada)
        assert text.startswith("**1 decision waits for you**")
        assert "**publish** Bash: npm publish" in text
        assert f"/{asked.id})" in text
        assert await mine(mo) == "Nothing waits for you here."  # its requester is no approver
        await ada.click(asked, "Allow once")
        await harness.heard()
        await ada.wait_message(lambda m: m.id == asked.id and not m.labels)
        assert await mine(ada) == "Nothing waits for you here."
        harness.agent.release()
