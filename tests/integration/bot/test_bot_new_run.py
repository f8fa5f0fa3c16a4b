"""`/omp new` from prompt, form and file to card and final answer, in a real playground."""

from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter
from ompycord.playground.client import File
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of


async def test_a_prompt_becomes_mirror_thread_card_and_one_answer_that_pings_its_requester(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "result" and "Done · checks passed" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "mirror" and "Done · checks passed" in m.text)
        await harness.nothing_owed()
    (mirror,) = [m for m in await mo.history("tasks") if kind_of(m) == "mirror"]
    (reply,) = [m for m in mo.messages.values() if "Queued: http" in m.text]
    assert reply.is_ephemeral
    assert mirror.id in reply.text
    thread = await harness.thread_of(record.id)
    assert thread == mirror.id
    assert await harness.kinds_in(thread) == ["card 1", "result"]
    assert await harness.pinged() == [[mo.id]]


async def test_without_a_prompt_a_form_opens_and_its_submission_becomes_the_run(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp new", "tasks", branch="develop", budget=2)
        assert opened.modal is not None
        assert opened.modal.title == "New task in #tasks"
        assert list(opened.modal.labels) == [
            "What should be done?",
            "Repository",
            "Agent and mode",
            "Acceptance criteria (optional)",
            "Files",
        ]
        brief = File("hints.txt", b"Coupons are in cart/total.py.")
        await mo.submit_labels(
            opened,
            {
                "What should be done?": "Fix the total.",
                "Repository": ["shop"],
                "Agent and mode": ["scripted|fast"],
                "Acceptance criteria (optional)": "coupons count",
                "Files": [brief],
            },
        )
        await mo.wait_message(lambda m: "Queued: http" in m.text)
        record = await harness.only_run()
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    task = await harness.store.task(record.task or "")
    assert task is not None
    assert task.prompt == "Fix the total.\n\n--- hints.txt ---\nCoupons are in cart/total.py."
    assert (task.mode, task.branch, task.budget_usd, task.done_when) == ("fast", "develop", 2, "coupons count")


async def test_a_form_that_was_open_across_a_restart_still_becomes_its_run(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp new", "tasks")
    later = harness.restart()
    async with later.running():
        values = {"What should be done?": "Fix it.", "Repository": ["shop"], "Agent and mode": ["scripted|fast"]}
        await mo.submit_labels(opened, values)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await later.nothing_owed()
    assert (await later.only_run()).requester == mo.id


async def test_a_text_file_is_the_prompt_and_other_files_lie_beside_the_clone(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        await mo.command("omp new", "tasks", file=File("task.md", b"x" * 20_000))
        await mo.wait_message(lambda m: "Queued" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        first = await harness.only_run()
        harness.agent.hold()
        harness.agent.began.clear()
        shot = File("shot.png", b"\x89PNG\xff\x00")
        ran = await mo.command("omp new", "tasks", prompt="Look at this", file=shot)
        told = await mo.wait_message(lambda m: is_answer(m, ran.id) and "Queued" in m.text)
        await harness.agent.began.wait()
        job = harness.agent.jobs[-1]
        assert job.files is not None
        (file,) = job.files.iterdir()
        assert (file.name, file.read_bytes()) == ("shot.png", b"\x89PNG\xff\x00")
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "result" and "Look at this" in m.text)
        alone = await mo.command("omp new", "tasks", file=File("shot.png", b"\x89PNG\xff\x00"))
        refused = await mo.wait_message(lambda m: is_answer(m, alone.id) and "is empty" in m.text)
    task = await harness.store.task(first.task or "")
    assert task is not None
    assert task.prompt == "x" * 20_000
    assert "Left out" not in told.text
    assert "Say what to do with the files" in refused.text
    assert job.prompt.startswith("Look at this")
    assert f"Files that came with the task, to read, outside of the repository:\n- {file} (6 bytes)" in job.prompt


async def test_bad_input_is_refused_at_once_and_the_text_comes_back(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        ran = await mo.command("omp new", "tasks", prompt="Fix the total", repository="nowhere")
        told = await mo.wait_message(lambda m: is_answer(m, ran.id))
        branch = await mo.command("omp new", "tasks", prompt="Fix the total", branch="--force")
        refused = await mo.wait_message(lambda m: is_answer(m, branch.id))
    assert "Repository 'nowhere' not found. Known: shop, bare, vault." in told.text
    assert [file["filename"] for file in told.raw["attachments"]] == ["your-text.txt"]
    assert "*branch*" in refused.text
    assert await harness.store.runs(RunFilter()) == []


async def test_a_prompt_from_an_unbound_channel_opens_the_form_with_the_text_in_it(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp new", "general", prompt="Fix the total")
        assert opened.modal is not None
        task = opened.modal.raw["components"][0]["component"]
        assert task["value"] == "Fix the total"
        values = {"What should be done?": "Fix it.", "Repository": ["bare"], "Agent and mode": ["scripted|fast"]}
        await mo.submit_labels(opened, values)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert await harness.kinds_in("general") == []
    assert await harness.kinds_in("tasks") == ["mirror"]


async def test_names_are_completed(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record = await harness.start(mo)
        repositories = await mo.complete("omp new", "repository", "ba", "tasks")
        agents = await mo.complete("omp new", "agent", "", "tasks", repository="shop")
        runs = await mo.complete("omp status", "run", "total", "tasks")
        none = await harness.playground.olu.complete("omp status", "run", "", "tasks")
    assert [choice["value"] for choice in repositories] == ["bare"]
    assert [choice["value"] for choice in agents] == ["scripted"]
    assert [choice["value"] for choice in runs] == [record.id]
    assert short_id(RunId(record.id)) in runs[0]["name"]
    assert none == []
