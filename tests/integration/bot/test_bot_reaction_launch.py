"""Rocket launch and *Run as task*: a message becomes a run by its author's click, as it reads then, once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.bot.interactions.reaction_launch import draft_id_of
from ompycord.domain.ids import ulid_time_ms
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.repository import RepositorySpec
from ompycord.playground.client import File, JsonObject, Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import SCRIPTED, AppHarness, is_answer, kind_of
from tests.support.playground import Playground

REACTION_LAUNCH = "🚀"


@pytest.fixture
def reading(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    """A bot that may read what people write."""
    return AppHarness(playground, store, tmp_path, reads_threads=True)


def armed(message: Message) -> bool:
    return any(reaction["emoji"]["name"] == REACTION_LAUNCH for reaction in message.raw.get("reactions", []))


def of(message: Message) -> Callable[[JsonObject], bool]:
    def concerns(data: JsonObject) -> bool:
        return data["message_id"] == message.id and data["emoji"]["name"] == REACTION_LAUNCH

    return concerns


async def test_only_the_authors_click_on_an_armed_message_starts_it_once_as_it_reads_then(reading: AppHarness) -> None:
    mo, ada = reading.playground.mo, reading.playground.ada
    async with reading.running():
        said = await mo.say("Fix the totl.", "tasks", files=[File("more.txt", b"It ignores coupons.")])
        await mo.wait_event("REACTION_ADD", of(said))
        await ada.react(said, REACTION_LAUNCH)  # somebody else's click, and then the author's
        await mo.edit(said, "Fix the total.")
        await mo.react(said, REACTION_LAUNCH)
        await mo.wait_event("REACTION_REMOVE", of(said))  # started: disarmed
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await mo.react(said, REACTION_LAUNCH, remove=True)
        await mo.react(said, REACTION_LAUNCH)  # not armed any more
        again = await mo.say("Another one", "tasks")
        await mo.wait_event("REACTION_ADD", of(again))  # all before it was heard
        await reading.nothing_owed()
    record = await reading.only_run()
    assert (record.id, record.requester) == (draft_id_of(int(said.id)), mo.id)
    assert reading.agent.jobs[0].prompt == "Fix the total.\n\n--- more.txt ---\nIt ignores coupons."
    assert await reading.pinged() == [[mo.id]]


async def test_what_cannot_start_is_not_armed_and_a_refusal_is_said_in_the_channel(reading: AppHarness) -> None:
    mo, olu, ada = reading.playground.mo, reading.playground.olu, reading.playground.ada
    async with reading.running():
        stranger = await olu.say("Fix it for me", "tasks")
        elsewhere = await mo.say("Just talk", "general")
        said = await mo.say("Fix the total.", "tasks")
        await mo.wait_event("REACTION_ADD", of(said))
        shown = {message.id: message for message in await ada.history("tasks")}
        assert not armed(shown[stranger.id])
        assert not any(armed(message) for message in await ada.history("general") if message.id == elsewhere.id)
        reading.closed = "This machine is low on disk."
        await mo.react(said, REACTION_LAUNCH)
        told = await mo.wait_message(lambda m: "low on disk" in m.text)
        assert told.text == "Mo: This machine is low on disk."
        reading.closed = None
        await mo.react(said, REACTION_LAUNCH, remove=True)
        await mo.react(said, REACTION_LAUNCH)  # still armed: nothing was lost
        await mo.wait_message(lambda m: kind_of(m) == "result")
    assert len(await reading.all_runs()) == 1


async def test_without_the_content_intent_nothing_is_armed_and_run_as_task_still_works(harness: AppHarness) -> None:
    mo, ada, olu = harness.playground.mo, harness.playground.ada, harness.playground.olu
    async with harness.running():
        said = await ada.say("The total ignores coupons.", "tasks", files=[File("trace.txt", b"line 7")])
        opened = await mo.command("Run as task", "tasks", target=said.id)
        assert opened.modal is not None
        assert opened.modal.value("What should be done?") == "The total ignores coupons."
        asked = {"What should be done?": "The total ignores coupons. Add a test.", "Repository": ["shop"],
                 "Agent and mode": ["scripted|standard"]}  # fmt: skip
        await mo.submit_labels(opened, asked)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        mirror = next(m for m in await mo.history("tasks") if kind_of(m) == "mirror")
        refused = await mo.command("Run as task", "tasks", target=mirror.id)  # an embed and no text
        told = await mo.wait_message(lambda m: is_answer(m, refused.id) and not m.is_thinking)
        assert "no text and no file" in told.text
        foreign = await olu.command("Run as task", "tasks", target=said.id)
        told = await olu.wait_message(lambda m: is_answer(m, foreign.id))
        assert "You don't have access yet" in told.text
        assert not armed(next(m for m in await ada.history("tasks") if m.id == said.id))
    record = await harness.only_run()
    assert record.requester == mo.id
    assert harness.agent.jobs[0].prompt == "The total ignores coupons. Add a test.\n\n--- trace.txt ---\nline 7"


async def test_the_agent_that_somebody_chose_for_themselves_is_theirs_here_too(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    other = SCRIPTED.model_copy(update={"name": "other"})
    harness = AppHarness(playground, store, tmp_path, reads_threads=True, agents=(SCRIPTED, other))
    mo, ada = playground.mo, playground.ada
    await store.save_person_settings(mo.id, PersonSettings(agent="other"), at=1)
    await store.save_person_settings(ada.id, PersonSettings(agent="gone"), at=1)
    async with harness.running():
        for who in (mo, ada):
            said = await who.say("Fix the total.", "tasks")
            await who.wait_event("REACTION_ADD", of(said))
            await who.react(said, REACTION_LAUNCH)
            await who.wait_message(lambda m, who=who: kind_of(m) == "result" and f"<@{who.id}>" in m.content)
        opened = await mo.command("Run as task", "tasks", target=said.id)
        assert opened.modal is not None
        care = next(item for item in opened.modal.raw["components"] if item["label"] == "Agent and mode")
        chosen = [option["value"] for option in care["component"]["options"] if option.get("default")]
        assert chosen == ["other|standard"]
    agents = {run.requester: run.agent for run in await harness.all_runs()}
    assert agents == {mo.id: "other", ada.id: "scripted"}


def test_a_message_is_always_the_same_draft_at_its_own_time() -> None:
    first, second = 1575596298428481537, 1575596298428481538
    assert draft_id_of(first) == draft_id_of(first) != draft_id_of(second)
    assert ulid_time_ms(draft_id_of(first)) == (first >> 22) + 1_420_070_400_000


def bound_to(channel: str | None, name: str) -> RepositorySpec:
    return RepositorySpec(name=name, path=Path("/unused"), channel=channel)


async def test_where_several_repositories_could_be_meant_the_first_without_a_channel_is_taken_and_named_once(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    bound = bound_to(str(playground.channel("general")), "site")
    several = (bound, bound_to(None, "shop"), bound_to(None, "docs"))
    reading = AppHarness(playground, store, tmp_path, reads_threads=True, repositories=several)
    mo = playground.mo
    async with reading.running():
        first = await mo.say("Fix the total.", "tasks")
        await mo.wait_event("REACTION_ADD", of(first))
        named = await mo.wait_message(lambda m: "starts a message of this channel in" in m.text)
        assert named.text == "🚀 starts a message of this channel in **shop**. For another repository use `/omp new`."
        second = await mo.say("Fix the discount.", "tasks")
        await mo.wait_event("REACTION_ADD", of(second))
        elsewhere = await mo.say("Fix the page.", "general")
        await mo.wait_event("REACTION_ADD", of(elsewhere))
        await mo.react(second, REACTION_LAUNCH)
        await mo.wait_event("REACTION_REMOVE", of(second))
    record = await reading.only_run()
    assert record.repository == "shop"
    explained = [m for m in await mo.history("tasks") if "starts a message" in m.text]
    assert len(explained) == 1
    assert not any("starts a message" in m.text for m in await mo.history("general"))


async def test_where_every_repository_has_another_channel_nothing_is_armed(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    general = str(playground.channel("general"))
    several = (bound_to(general, "site"), bound_to(general, "docs"))
    reading = AppHarness(playground, store, tmp_path, reads_threads=True, repositories=several)
    async with reading.running():
        said = await playground.mo.say("Fix the total.", "tasks")
        armed_one = await playground.mo.say("Fix the page.", "general")
        await playground.mo.wait_event("REACTION_ADD", of(armed_one))
        shown = {message.id: message for message in await playground.mo.history("tasks")}
    assert not armed(shown[said.id])
