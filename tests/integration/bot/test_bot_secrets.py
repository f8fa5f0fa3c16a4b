"""A request for a secret in Discord: who gives it and how, past Discord; refused by a button; never repeated."""

from pathlib import Path

from pydantic import SecretStr

from ompycord.conductor.secret_requests import SecretRequests
from ompycord.domain.access import Person as Asker
from ompycord.domain.access import Role
from ompycord.domain.ids import RunId, short_id
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import PATIENCE_S, AppHarness, is_answer, kind_of
from tests.support.patience import within
from tests.support.playground import Playground
from tests.support.playground_person import Interaction, Person

WHY = "to publish the package"


def requests_of(harness: AppHarness) -> SecretRequests:
    return harness.parts.areas.secret_requests


async def waiting(harness: AppHarness) -> tuple[RunId, Message]:
    """A run of Mo whose agent waits for NPM_TOKEN, and the message that asks for it."""
    mo = harness.playground.mo
    run = await harness.at_work()
    await requests_of(harness).request(run, "NPM_TOKEN", WHY)
    return run, await mo.wait_message(lambda m: kind_of(m) == "question" and m.labels == ["Give it…", "Refuse"])


async def told(who: Person, ran: Interaction) -> Message:
    found = await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
    assert found.is_ephemeral
    return found


async def test_a_request_says_who_gives_it_and_a_refusal_goes_to_the_agent(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, message = await waiting(harness)
        assert "scripted needs a secret" in message.text
        assert "It needs the secret NPM\\_TOKEN: to publish the package" in message.text
        assert "An approver other than the requester gives it: *Give it…* says how, past Discord." in message.text
        assert "Never write it here." in message.text
        assert "Its agent is stopped until it is given or refused." in message.text
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "NPM\\_TOKEN" in m.text)
        assert "Waiting for Mo" not in card.text
        refused = await told(mo, await mo.click(message, "Give it…"))
        assert (
            refused.text
            == "You asked for this run, so another person must allow it. It waits here for another approver."
        )
        how = await told(ada, await ada.click(message, "Give it…"))
        assert f"`ompycord secret give {short_id(run)} NPM_TOKEN`" in how.text
        assert "`webhook.public_url`" in how.text
        assert how.labels == []
        harness.agent.began.clear()
        done = await told(ada, await ada.click(message, "Refuse"))
        assert "Your answer: *Refuse*." in done.text
        closed = await mo.wait_message(lambda m: m.id == message.id and not m.labels)
        assert "Refused by Ada, <t:" in closed.text
        async with within(PATIENCE_S):
            await harness.agent.began.wait()
        assert "Ada refused to give you the secret NPM_TOKEN" in harness.agent.jobs[-1].prompt
        harness.agent.release()


async def test_a_link_is_sent_to_one_person_alone_and_what_is_written_here_is_not_repeated(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    webhook = {"public_url": "https://bot.example.com"}
    harness = AppHarness(playground, store, tmp_path, reads_threads=True, webhook=webhook)
    ada, mo = playground.ada, playground.mo
    async with harness.running():
        run, message = await waiting(harness)
        how = await told(ada, await ada.click(message, "Give it…"))
        assert "Its link is yours alone and works once, until <t:" in how.text
        assert how.component("Open the page")["url"].startswith("https://bot.example.com/secret/")
        assert "https://" not in how.text  # nothing that a preview would be made of

        mine = await ada.command("omp mine", "tasks")
        assert "**secret** It needs the secret NPM\\_TOKEN" in (await told(ada, mine)).text

        thread = await harness.thread_of(run)
        await ada.say("npm_x9Qd2kLw7RtZ", thread)
        warned = await ada.wait_message(lambda m: m.channel_id == thread and "delete your message" in m.text)
        assert "npm_x9Qd2kLw7RtZ" not in warned.text
        assert "npm_x9Qd2kLw7RtZ" not in repr(await harness.store.events_of(run))

        harness.agent.began.clear()
        giver = Asker(id=ada.id, name="Ada", role=Role.ADMIN)
        value = SecretStr("npm_" + "Qw7Er9Ty" * 4)
        loaded = await harness.areas.load(run)
        await requests_of(harness).give(loaded, "NPM_TOKEN", value, giver, way="on the page")
        closed = await mo.wait_message(lambda m: m.id == message.id and not m.labels)
        assert "Given by Ada, <t:" in closed.text
        async with within(PATIENCE_S):
            await harness.agent.began.wait()
        assert harness.agent.jobs[-1].env["NPM_TOKEN"] == value.get_secret_value()
        harness.agent.release()
        await harness.until(run, lambda one: one.is_final)
    for who in (ada, mo):
        assert value.get_secret_value() not in repr([one.raw for one in await who.history(thread)])
