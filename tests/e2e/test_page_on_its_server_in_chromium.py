"""The page in a real browser on the playground's own server, where its double could have agreed to too much."""

from pathlib import Path

import pytest
from playwright.async_api import Response, expect

from tests.support.page_browser import CHROMIUM, WHY_NOT, chromium
from tests.support.playground import running_playground
from tests.support.playground_bot import raw_bot

pytestmark = [pytest.mark.chromium, pytest.mark.e2e, pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)]


async def test_a_file_a_slow_command_the_wire_and_a_quick_reload(tmp_path: Path) -> None:
    async with running_playground(tmp_path / "playground") as playground, chromium() as browser:
        page = await browser.new_page()
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
        scripts: list[int] = []

        def note_script(response: Response) -> None:
            if response.url.endswith(".js"):
                scripts.append(response.status)

        page.on("response", note_script)
        await page.reload()
        await expect(at("composer")).to_be_visible()
        assert len(scripts) > 20
        assert set(scripts) == {304}
