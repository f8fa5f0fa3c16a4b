"""A recording becomes a draft, never a run: judged, sent to a transcriber, shown to who asked, and kept nowhere."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ompycord.domain.budgets.accounts import AccountKey, AccountScope
from ompycord.domain.budgets.periods import Period, span_of
from ompycord.domain.ports import RunFilter
from ompycord.playground.client import File, Message, NotThereError
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground import Playground
from tests.support.playground_person import Person
from tests.support.recordings import ogg, sent_form, text_reply, voice_message, wav
from tests.support.stub_provider import Reply, StubProvider, stub_provider

MENU = "Draft a task from this"
SPOKEN = ogg(2)
TEXT = "Fix the total. It ignores coupons."


class Dictating:
    """A bot that takes recordings, and the provider that makes text of them."""

    def __init__(self, harness: AppHarness, provider: StubProvider) -> None:
        self.harness = harness
        self.provider = provider
        self.mo = harness.playground.mo
        self.reply(TEXT)

    def reply(self, text: str, **more: Any) -> None:
        self.provider.replies = [text_reply(text, **more)]

    async def draft_of(
        self, *files: File, text: str = "", who: Person | None = None, channel: str = "tasks"
    ) -> Message:
        """What the person is told who uses the entry on a message with these files."""
        who = who or self.mo
        target = await self.mo.say(text, channel, files=files)
        used = await who.command(MENU, channel, target=target.id)
        return await who.wait_message(lambda m: is_answer(m, used.id) and bool(m.text))


@asynccontextmanager
async def dictating(
    playground: Playground, store: SqliteStore, folder: Path, **sections: Any
) -> AsyncGenerator[Dictating]:
    async with stub_provider() as provider:
        options = {"address": f"{provider.url}/v1", "model": "whisper-1", "minute_usd": "0.006"}
        voice = {"options": options, "max_s": 10, "max_mib": 1}
        harness = AppHarness(playground, store, folder, voice=voice, **sections)
        harness.dictate()
        async with harness.running():
            yield Dictating(harness, provider)


@pytest.fixture
async def spoken(playground: Playground, store: SqliteStore, tmp_path: Path) -> AsyncGenerator[Dictating]:
    async with dictating(playground, store, tmp_path) as made:
        yield made


async def test_a_voice_message_is_a_draft_that_its_person_runs(spoken: Dictating) -> None:
    shown = await spoken.draft_of(voice_message(SPOKEN))
    (asked,) = spoken.provider.asked
    form = sent_form(asked)
    assert (asked.path, form.fields["model"], form.fields["response_format"]) == (
        "/v1/audio/transcriptions", "whisper-1", "verbose_json",
    )  # fmt: skip
    assert (form.name, form.media_type, form.content) == ("recording.ogg", "audio/ogg", SPOKEN)
    assert shown.raw["ephemeral_for"] == spoken.mo.id
    assert shown.labels == ["Run", "Edit", "Cancel"]
    assert f"Nothing runs yet.\n```\n{TEXT}\n```" in shown.text
    assert await spoken.harness.store.runs(RunFilter()) == []
    ran = await spoken.mo.click(shown, "Run")
    await spoken.mo.wait_message(lambda m: is_answer(m, ran.id) and "Queued" in m.text)
    await spoken.mo.click(shown, "Run")
    record = await spoken.harness.only_run()
    task = await spoken.harness.store.task(record.task or "")
    assert task is not None
    assert (task.prompt, task.repository, record.requester) == (TEXT, "shop", spoken.mo.id)


async def test_it_is_edited_in_the_form_where_a_repository_can_be_chosen_and_runs_once(spoken: Dictating) -> None:
    shown = await spoken.draft_of(File("memo.m4a", wav(2)), channel="general")
    assert sent_form(spoken.provider.asked[0]).name == "recording.wav"
    opened = [await spoken.mo.click(shown, button) for button in ("Run", "Edit")]
    for one in opened:
        assert one.modal is not None
        assert one.modal.raw["components"][0]["component"]["value"] == TEXT
        values = {"What should be done?": "Fix it.", "Repository": ["bare"], "Agent and mode": ["scripted|fast"]}
        sent = await spoken.mo.submit_labels(one, values)
        await spoken.mo.wait_message(lambda m, sent=sent.id: is_answer(m, sent) and "Queued" in m.text)
    late = await spoken.mo.click(shown, "Edit")
    await spoken.mo.wait_message(lambda m: is_answer(m, late.id) and "runs already" in m.text)
    await spoken.mo.click(shown, "Cancel")
    await spoken.mo.wait_message(lambda m: m.id == shown.id and "runs already" in m.text)
    record = await spoken.harness.only_run()
    task = await spoken.harness.store.task(record.task or "")
    assert task is not None
    assert (task.prompt, task.repository) == ("Fix it.", "bare")


async def test_a_draft_that_is_cancelled_is_gone(spoken: Dictating) -> None:
    shown = await spoken.draft_of(voice_message(SPOKEN))
    ref = shown.component("Run")["custom_id"].split(":")[2]
    await spoken.mo.click(shown, "Cancel")
    dropped = await spoken.mo.wait_message(lambda m: m.id == shown.id and "Dropped" in m.text)
    assert dropped.labels == []
    kept = await spoken.harness.store.draft(ref)
    assert kept is not None
    assert kept.body == {}
    assert await spoken.harness.store.runs(RunFilter()) == []


async def test_nothing_of_a_recording_is_kept_but_the_draft_and_what_it_cost(spoken: Dictating) -> None:
    with capture_logs() as logged:
        await spoken.draft_of(voice_message(SPOKEN))
        spoken.provider.replies = [Reply(status=500, parts=[TEXT.encode()])]
        refused = await spoken.draft_of(voice_message(SPOKEN))
    assert "voice answered 500 when it was asked for a text by whisper-1." in refused.text
    files = [one for one in spoken.harness.folder.rglob("*") if one.is_file() and "playground" not in one.parts]
    sound = SPOKEN[200:260]
    assert files
    assert not [one for one in files if sound in one.read_bytes()]
    assert TEXT not in repr(logged)
    assert repr(sound)[2:60] not in repr(logged)
    rows = await every_row(spoken.harness.store)
    assert [table for table, row in rows if TEXT in repr(row)] == ["drafts"]
    assert not [table for table, row in rows if sound in repr(row).encode("latin-1", "replace")]
    first, second = [row for table, row in rows if table == "transcription_requests"]
    assert (first["person"], first["audio_ms"], first["nano_usd"], first["status"]) == (
        spoken.mo.id, 2000, 200_000, 200,
    )  # fmt: skip
    assert (second["nano_usd"], second["status"]) == (0, 500)
    day = span_of(Period.DAY, spoken.harness.clock.now_ms(), "UTC")
    guild = str(spoken.harness.playground.guild_id)
    for scope, name, spent in (
        (AccountScope.PERSON, spoken.mo.id, 200_000),
        (AccountScope.SERVER, "", 200_000),
        (AccountScope.REPOSITORY, "shop", 0),
        (AccountScope.PERSON, "3", 0),
    ):
        assert (await spoken.harness.store.spent_by(AccountKey(guild, scope, name), day)).nano_usd == spent


async def every_row(store: SqliteStore) -> list[tuple[str, dict[str, Any]]]:
    readers = store._database.readers  # pyright: ignore[reportPrivateUsage]  # nothing in the product reads every table
    tables = await readers.all("SELECT name FROM sqlite_master WHERE type = 'table'", (), lambda row: str(row["name"]))
    found = {table: await readers.all(f"SELECT * FROM {table}", (), dict) for table in tables}
    return [(table, row) for table, rows in found.items() for row in rows]


async def test_each_recording_that_becomes_no_draft_is_refused_in_its_own_words(spoken: Dictating) -> None:
    refusals = {
        "There is no recording in that message.": [File("a.txt", b"one"), File("b.txt", b"two")],
        "larger than 1 MiB": [File("long.ogg", bytes(1024 * 1024 + 1))],
        "longer than 10 s": [voice_message(SPOKEN, seconds=11)],
        "how long that ogg file is": [File("broken.ogg", SPOKEN[:100] + b"x" * 100)],
        "I heard nothing": [voice_message(SPOKEN, waveform="AAAAAAAA")],
    }
    for words, files in refusals.items():
        assert words in (told := (await spoken.draft_of(*files)).text)
        assert told.endswith("No draft was made.")
    assert spoken.provider.asked == []
    spoken.reply("Thank you.", segments=[{"text": "Thank you.", "no_speech_prob": 0.9, "avg_logprob": -1.2}])
    assert "I heard nothing" in (await spoken.draft_of(voice_message(SPOKEN))).text


async def test_who_may_start_no_run_makes_no_draft(spoken: Dictating) -> None:
    olu, playground = spoken.harness.playground.olu, spoken.harness.playground
    await playground.change_world(member_roles={olu.id: [playground.info.roles["member"]]})
    for channel in ("tasks", "general"):
        told = await spoken.draft_of(voice_message(SPOKEN), who=olu, channel=channel)
        assert "You can watch here, not start runs." in told.text
    assert spoken.provider.asked == []
    assert (await spoken.draft_of(voice_message(SPOKEN), who=playground.ada)).labels == ["Run", "Edit", "Cancel"]


async def test_what_was_said_is_shown_as_text_and_whole_beside_it_where_it_is_long(spoken: Dictating) -> None:
    spoken.reply("```\n@everyone <@1> **bold**" + " and so on" * 500)
    shown = await spoken.draft_of(voice_message(SPOKEN))
    assert shown.text.count("```") == 2
    assert shown.raw["mentions"] == []
    assert "The whole text, 5,027 characters, is in draft.txt." in shown.text
    assert [file["filename"] for file in shown.raw["attachments"]] == ["draft.txt"]
    edited = await spoken.mo.click(shown, "Edit")
    told = await spoken.mo.wait_message(lambda m: is_answer(m, edited.id) and bool(m.text))
    assert "more than a form takes" in told.text


async def test_a_limit_that_is_used_up_lets_no_recording_out(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    budgets = {"person": {"day_usd": "0.0001"}}
    async with dictating(playground, store, tmp_path, budgets=budgets) as spoken:
        told = await spoken.draft_of(voice_message(SPOKEN))
        assert "No text came of that recording" in told.text
        assert "budget" in told.text.lower()
        assert spoken.provider.asked == []


async def test_without_a_transcriber_the_menu_has_no_such_entry(harness: AppHarness) -> None:
    async with harness.running():
        with pytest.raises(NotThereError):
            await harness.playground.mo.command(MENU, "tasks", target="1")
