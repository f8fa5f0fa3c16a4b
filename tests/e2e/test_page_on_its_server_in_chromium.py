"""The page in a real browser on the playground's own server, where its double could have agreed to too much."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Response, expect

from tests.support.page_browser import CHROMIUM, WHY_NOT
from tests.support.playground import running_playground
from tests.support.playground_bot import raw_bot

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_file_a_slow_command_the_wire_and_a_quick_reload(tmp_path: Path, browser: Browser) -> None:
    async with running_playground(tmp_path / "playground") as playground, await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{playground.port}/?token={playground.token}")
        at = page.get_by_test_id
        async with raw_bot(playground) as bot:
            await bot.sync([{"name": "slow", "description": "d"}])
            await expect(at("composer")).to_be_visible()
            note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"the note"}
            await page.locator("#composer-file").set_input_files(files=[note])  # pyright: ignore[reportArgumentType]  # a FilePayload
            await at("composer").press("Enter")
            await expect(at("message").last).to_contain_text("note.txt")

            await at("composer").fill("/slow ")
            await page.keyboard.press("Enter")
            got = await bot.event("INTERACTION_CREATE")
            await expect(at("interaction-pending")).to_have_text("Sending command…")
            await bot.answer(got, 5)
            await expect(at("thinking").first).to_contain_text("is thinking…")
            await expect(at("interaction-pending")).to_have_count(0)
            await bot.follow_up(got, {"content": "thought about it"})
            await expect(at("message").last).to_contain_text("thought about it")

            await at("wire-button").click()
            await expect(at("wire-row").first).to_contain_text("/webhooks/{webhook_id}/{webhook_token}")
            await playground.rest(
                "POST", f"/channels/{playground.channel('general')}/messages", {"content": "x" * 2001}
            )
            await at("tab-refused").click()
            await expect(at("refused-row")).to_contain_text("content: Must be 2000 or fewer in length.")
            await at("tab-buckets").click()
            await expect(at("bucket-row").filter(has_text="create-message")).to_contain_text("#general")
            await at("tab-faults").click()
            await at("fault-cut").click()
            await expect(at("fault-row")).to_contain_text("no connection for")
            await expect(at("bot-state")).to_contain_text("is offline")
            await at("fault-cut").click()
            await expect(at("fault-row")).to_contain_text("ended on the page; 0 lost")
        scripts: list[int] = []

        def note_script(response: Response) -> None:
            if response.url.endswith(".js"):
                scripts.append(response.status)

        page.on("response", note_script)
        await page.reload()
        await expect(at("composer")).to_be_visible()
        assert len(scripts) > 20
        assert set(scripts) == {304}


async def test_what_is_ticked_in_a_form_arrives_and_unknown_requests_are_shown(
    tmp_path: Path, browser: Browser
) -> None:
    options = [{"label": name.title(), "value": name} for name in ("now", "later")]
    inputs = [
        ("When?", {"type": 21, "custom_id": "when", "options": options}),
        ("Which days?", {"type": 22, "custom_id": "days", "options": options}),
        ("Quietly?", {"type": 23, "custom_id": "quiet"}),
    ]
    form = {
        "custom_id": "ask",
        "title": "Ask",
        "components": [{"type": 18, "label": label, "component": item} for label, item in inputs],
    }
    async with running_playground(tmp_path / "playground") as playground, await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{playground.port}/?token={playground.token}")
        at = page.get_by_test_id
        async with raw_bot(playground) as bot:
            await bot.sync([{"name": "ask", "description": "d"}])
            await at("composer").fill("/ask ")
            await page.keyboard.press("Enter")
            await bot.answer(await bot.event("INTERACTION_CREATE"), 9, form)
            await at("modal-submit").click()
            await expect(at("field-error").first).to_have_text("Choose one.")
            await at("modal").get_by_role("radiogroup", name="When?").get_by_label("Later").check()
            await at("modal").get_by_role("group", name="Which days?").get_by_label("Now").check()
            await at("modal").get_by_label("Quietly?").check()
            await at("modal-submit").click()
            got = await bot.event("INTERACTION_CREATE")
            sent = [item["component"] for item in got["data"]["components"]]
            assert [item.get("value", item.get("values")) for item in sent] == ["later", ["now"], True]
            await bot.answer(got, 4, {"content": "asked"})
            await expect(at("modal")).to_have_count(0)
        await playground.rest("GET", "/guilds/1/nothing")
        await at("wire-button").click()
        await at("tab-refused").click()
        await expect(at("refused-row").first).to_contain_text("GET /api/v10/guilds/1/nothing")


async def test_layouts_forwards_and_polls_are_drawn(tmp_path: Path, browser: Browser) -> None:
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "**Build** 7"}],
        "accessory": {"type": 2, "style": 1, "label": "Retry", "custom_id": "retry"},
    }
    container = {"type": 17, "accent_color": 255, "components": [section, {"type": 14}, {"type": 10, "content": "end"}]}
    answers = [{"poll_media": {"text": name}} for name in ("Yes", "No")]
    async with running_playground(tmp_path / "playground") as playground, await browser.new_context() as context:
        path = f"/channels/{playground.channel('tasks')}/messages"
        told = (await playground.rest("POST", path, {"content": "told *once*"})).body
        reference = {"type": 1, "message_id": told["id"], "channel_id": told["channel_id"]}
        for body in (
            {"message_reference": reference},
            {"poll": {"question": {"text": "Ready?"}, "answers": answers}},
            {"flags": 1 << 15, "components": [container]},
        ):
            assert (await playground.rest("POST", path, body)).status == 200
        await playground.rest("POST", f"/guilds/{playground.guild_id}/channels", {"name": "Talk", "type": 2})
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{playground.port}/?token={playground.token}")
        at = page.get_by_test_id
        await expect(at("forwarded")).to_contain_text("told once")
        await expect(at("poll")).to_contain_text("Ready?")
        await expect(at("poll").get_by_role("listitem")).to_have_text(["Yes", "No"])
        last = at("message").last
        await expect(last).to_contain_text("Build 7")
        await expect(last.get_by_role("button", name="Retry")).to_be_visible()
        await expect(page.get_by_text("The playground does not show")).to_have_count(0)
        await expect(at("channel-link").filter(has_text="Talk")).to_have_count(1)
