"""A run that changed nothing, as people meet it in Discord: one neutral end, told once, the same in every place."""

from tests.integration.bot.conftest import AppHarness, is_answer, kind_of

HEAD = "Finished · no changes"
WORDS = "Error: 401 Unauthorized"


async def test_a_run_without_changes_ends_neutral_with_its_agents_words_and_one_ping(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.writes = {}
    harness.agent.outcome = harness.agent.outcome.model_copy(update={"message": WORDS})
    async with harness.running():
        record = await harness.start(mo)
        seen = {
            kind: await mo.wait_message(lambda m, k=kind: kind_of(m) == k and HEAD in m.text.replace("**", ""))
            for kind in ("result", "card 1", "mirror")
        }
        await harness.nothing_owed()
        thread = await harness.thread_of(record.id)
        asked = await mo.command("omp status", thread)
        seen["status"] = await mo.wait_message(lambda m: is_answer(m, asked.id) and HEAD in m.text)
        shown = await mo.command("omp show", "tasks", what="story")
        story = await mo.wait_message(lambda m: is_answer(m, shown.id) and HEAD in m.text)
        found = await mo.command("omp runs", "tasks", state="done")
        listed = await mo.wait_message(lambda m: is_answer(m, found.id) and not m.is_thinking)
    for kind, message in seen.items():
        assert "✅" not in message.text, kind
        assert not {"Diff", "Checks", "Take over", "Retry…"} & set(message.labels), kind
    for kind in ("result", "status"):  # the card may point to the result already
        assert WORDS in seen[kind].text
        assert "scripted changed nothing in the repository." in seen[kind].text
        assert "Run again…" in seen[kind].labels
    assert WORDS in story.text
    assert "**Finished · no changes**" in listed.text
    assert await harness.kinds_in(thread) == ["card 1", "result"]
    assert await harness.pinged() == [[mo.id]]
    assert harness.checks.ran == []
