"""A task is spoken in the real product, on its page, in a real browser: uploaded, drafted, edited, done."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.test_product_in_chromium import CONFIG, DESKTOP, LONG_MS, Seat, seated
from tests.support.page_browser import CHROMIUM, WHY_NOT
from tests.support.patience import patient
from tests.support.product import Product, running_product
from tests.support.recordings import sent_form, text_reply, wav
from tests.support.stub_provider import StubProvider, stub_provider

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("spoken-in-chromium"),
]
SPOKEN = "The discount ignores the quantity."


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[StubProvider]:
    async with stub_provider() as running:
        running.replies = [text_reply(SPOKEN)]
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def product(tmp_path: Path, provider: StubProvider) -> AsyncIterator[Product]:
    voice = f'voice:\n  options: {{address: "{provider.url}/v1", model: whisper-1, minute_usd: 0}}\n'
    async with running_product(tmp_path, config=CONFIG + voice) as running:
        yield running


async def test_a_recording_is_a_draft_that_is_edited_and_done(
    browser: Browser, product: Product, provider: StubProvider
) -> None:
    async with seated(browser, product, DESKTOP) as seat:
        recording = wav(1)
        file = {"name": "memo.wav", "mimeType": "audio/wav", "buffer": recording}
        await seat.page.locator("#composer-file").set_input_files(files=[file])  # pyright: ignore[reportArgumentType]  # a FilePayload
        await seat.at("send").click()
        await draft(seat)
        shown = seat.at("message").filter(has_text="Only you can see this").last
        await expect(shown).to_contain_text(SPOKEN)
        assert sent_form(provider.asked[0]).content == recording
        threads = await seat.at("thread-chip").count()
        await shown.get_by_role("button", name="Edit").click()
        form = seat.at("modal")
        prompt = form.get_by_test_id("modal-input").first
        await expect(prompt).to_have_value(SPOKEN)
        await prompt.fill(f"{SPOKEN} Fix it and add a test.")
        await seat.at("modal-submit").click()
        await expect(seat.at("thread-chip")).to_have_count(threads + 1)
        await seat.open_thread()
        await expect(seat.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))


async def draft(seat: Seat) -> None:
    """*Draft a task from this* of the recording's message."""
    message = seat.at("message").filter(has_text="memo.wav").first
    await message.click(button="right", position={"x": 200, "y": 10})
    await seat.at("message-menu").get_by_role("menuitem", name="Draft a task from this").click()
