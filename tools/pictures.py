"""Takes the pictures of README and docs from the real product on its page: `python -m tools.pictures`, needs Chromium.

Emoji want a font (Debian's fonts-noto-color-emoji). The files get a palette: a third of the size. Counterpart:
docs/images; its charts are drawn by `tools/chart_pictures.py`.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from tests.support.page_browser import CHROMIUM, WHY_NOT, chromium
from tests.support.playground_person import Person
from tests.support.product import PULL_REQUESTS, running_product

FOLDER = Path("docs/images")
PROMPT = "The discount ignores the quantity of a line. Please ask before you fix it, and add a test."
DESKTOP: ViewportSize = {"width": 1120, "height": 720}
TALL: ViewportSize = {"width": 1120, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 780}
COLOURS = 256
TWICE = "The discount ignores the quantity of a line. Fix it twice."
SEED = "4711"


async def main() -> int:
    """Write all pictures; with the word `plan` only those of mode full, with `pull` those of a pull request."""
    if CHROMIUM is None:
        sys.stderr.write(f"{WHY_NOT}\n")
        return 69
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=60_000)
    with tempfile.TemporaryDirectory() as folder:
        running = running_product(Path(folder), environ=PULL_REQUESTS if sys.argv[1:] == ["pull"] else None)
        async with running as product, chromium() as browser:
            page = await browser.new_page(viewport=DESKTOP, color_scheme="dark", device_scale_factor=2)
            page.set_default_timeout(60_000)
            await page.goto(product.address)
            await page.get_by_test_id("channel-link").filter(has_text="tasks").first.click()
            if sys.argv[1:] == ["plan"]:
                await page.set_viewport_size(TALL)
                await _plan(page, product.playground.ada)
                return 0
            if sys.argv[1:] == ["pull"]:
                await _pull_request(page, product.playground.ada)
                return 0
            await _form(page)
            await page.get_by_test_id("thread-chip").last.click()
            await page.get_by_test_id("thread-full").click()
            await _question(page)
            await page.set_viewport_size(PHONE)
            await _take(page, "phone")
            await page.set_viewport_size(TALL)
            await _faults(page)
            await page.get_by_test_id("wire-button").click()
            await page.get_by_test_id("channel-link").filter(has_text="tasks").first.click()
            await _plan(page, product.playground.ada)
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


async def _question(page: Page) -> None:
    messages = page.get_by_test_id("message")
    question = messages.filter(has_text="· question")
    await expect(question).to_have_count(1)
    await _take(page, "question")
    await question.get_by_role("button").first.click()
    await expect(messages.filter(has_text="· result")).to_have_count(1)
    await expect(messages.filter(has_text="· card 1")).to_contain_text("Done · checks passed")
    await page.evaluate("document.activeElement.blur()")
    await _take(page, "done")


async def _plan(page: Page, ada: Person) -> None:
    """`plan.png`: what a person decides on in mode full; `evidence.png`: what stands behind the mark at its end."""
    threads = await page.get_by_test_id("thread-chip").count()
    await ada.start_command("omp new", "tasks", prompt=TWICE, mode="full")
    await expect(page.get_by_test_id("thread-chip")).to_have_count(threads + 1)
    await page.get_by_test_id("thread-chip").last.click()
    await page.get_by_test_id("thread-full").click()
    messages = page.get_by_test_id("message")
    plan = messages.filter(has_text="Plan of rehearsal")
    await expect(plan.get_by_role("button", name="Approve")).to_be_visible()
    await _take(page, "plan")
    await plan.get_by_role("button", name="Approve").click()
    await expect(messages.filter(has_text="· result")).to_have_count(1)
    await expect(messages.filter(has_text="· card 1")).to_contain_text("Done · checks passed")
    await page.evaluate("document.activeElement.blur()")
    await _take(page, "evidence")


async def _pull_request(page: Page, ada: Person) -> None:
    """`pull-request.png`: its evidence and a review; `pull-request-files.png`: its diff with a conversation."""
    await ada.start_command("omp new", "tasks", prompt="The discount ignores the quantity of a line. Fix it.")
    await page.get_by_test_id("thread-chip").last.click()
    link = page.get_by_test_id("component-link").filter(has_text="Open PR").first
    await link.wait_for()
    await page.set_viewport_size(TALL)
    await page.goto(str(await link.get_attribute("href")))
    await page.get_by_test_id("pull-title").wait_for()
    await page.get_by_role("button", name="CI passes").click()
    await expect(page.get_by_test_id("check-row").filter(has_text="test")).to_have_count(1)
    await page.evaluate("scrollTo(0, 0)")
    await _take(page, "pull-request")
    line = page.get_by_role("button", name="Comment on line 30 of cart/total.py")
    await line.press("Enter")
    await page.get_by_test_id("line-text").fill("Is this rounded anywhere?")
    await page.locator(".line-form").get_by_role("button", name="Comment").click()
    await expect(page.get_by_test_id("line-thread")).to_have_count(1)
    await page.get_by_role("heading", name="Commits").scroll_into_view_if_needed()
    await page.evaluate("document.querySelectorAll('h2')[2].scrollIntoView()")
    await _take(page, "pull-request-files")


async def _faults(page: Page) -> None:
    """The drawer after the network was cut and the disk filled."""
    await page.get_by_test_id("wire-button").click()
    await page.get_by_test_id("tab-faults").click()
    for fault in ("fault-cut", "fault-fill"):
        await page.get_by_test_id("fault-seed").fill(SEED)
        await page.get_by_test_id(fault).click()
        await expect(page.get_by_test_id("fault-row").filter(has_text="In force").first).to_be_visible()
    await expect(page.get_by_test_id("notice")).to_be_hidden()
    await _take(page, "faults")


async def _take(page: Page, name: str) -> None:
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(600)
    path = FOLDER / f"{name}.png"
    await page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, kmeans=COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
