"""Takes the pictures of the README from the real product on its page: `python -m tools.pictures`, needs Chromium.

Emoji want a font (Debian's fonts-noto-color-emoji). Counterpart: docs/images.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, expect

from tests.support.page_browser import CHROMIUM, WHY_NOT, chromium
from tests.support.product import running_product

FOLDER = Path("docs/images")
PROMPT = "The discount ignores the quantity of a line. Please ask before you fix it, and add a test."
SIZE = {"width": 1180, "height": 860}


async def main() -> int:
    """Write `form.png`, `question.png`, `done.png` and `phone.png`."""
    if CHROMIUM is None:
        sys.stderr.write(f"{WHY_NOT}\n")
        return 69
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with running_product(Path(folder)) as product, chromium() as browser:
            page = await browser.new_page(viewport=SIZE, color_scheme="dark", device_scale_factor=1.5)  # pyright: ignore[reportArgumentType]  # its stub wants its own dict type
            page.set_default_timeout(30_000)
            await page.goto(product.address)
            await page.get_by_test_id("channel-link").filter(has_text="tasks").first.click()
            await _form(page)
            await page.get_by_test_id("thread-chip").last.click()
            messages = page.get_by_test_id("message")
            question = messages.filter(has_text="· question")
            await expect(question).to_have_count(1)
            await _take(page, "question")
            await question.get_by_role("button").first.click()
            await expect(messages.filter(has_text="· result")).to_have_count(1, timeout=60_000)
            await expect(messages.filter(has_text="· card 1")).to_contain_text("Done, checked", timeout=60_000)
            await _take(page, "done")
            await page.set_viewport_size({"width": 390, "height": 844})
            await _take(page, "phone")
    return 0


async def _form(page: Page) -> None:
    await page.get_by_test_id("composer").fill("/omp new")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    form = page.get_by_test_id("modal")
    await form.get_by_test_id("modal-input").first.fill(PROMPT)
    await _take(page, "form")
    await page.get_by_test_id("modal-submit").click()
    await expect(form).to_have_count(0)


async def _take(page: Page, name: str) -> None:
    await page.wait_for_timeout(600)
    await page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
