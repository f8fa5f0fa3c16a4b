"""Takes the moving picture of the README from the real product on its page: `python -m tools.moving_picture`.

A run is killed with -9 in the middle of its work, by the page's own button, and started again: the same card continues.
Needs Chromium. Counterpart: docs/images/kill.gif.
"""

import asyncio
import io
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from tests.support.page_browser import CHROMIUM, WHY_NOT, chromium
from tests.support.product import running_product

TARGET: Final = Path("docs/images/kill.gif")
PROMPT: Final = "The discount ignores the quantity of a line. Ask before you fix it, and add a test."
SIZE: Final[ViewportSize] = {"width": 1120, "height": 680}
COLOURS: Final = 128
SHORT_MS: Final = 350
LONG_MS: Final = 2200
PATIENCE_MS: Final = 60_000
CAPTION: Final = """
(words) => {
  document.getElementById("caption")?.remove();
  const caption = document.createElement("div");
  caption.id = "caption";
  caption.textContent = words;
  caption.style.cssText = `position: fixed; left: 8px; bottom: 8px; width: 204px; height: 132px; z-index: 9999;
    display: grid; place-items: center; padding: 10px 14px; text-align: center;
    border-radius: 8px; background: #f5c542; color: #15161a; box-shadow: 0 2px 12px #0009;
    font: 600 19px/1.3 system-ui, sans-serif`;
  document.body.append(caption);
}
"""


@dataclass
class _Film:
    """The frames so far: what was seen, and for how long, in milliseconds."""

    page: Page
    frames: list[tuple[bytes, int]] = field(default_factory=list[tuple[bytes, int]])

    async def take(self, ms: int = SHORT_MS) -> None:
        picture = await self.page.screenshot()
        if self.frames and self.frames[-1][0] == picture:
            picture, before = self.frames.pop()
            ms += before
        self.frames.append((picture, ms))

    async def say(self, words: str, *, ms: int = LONG_MS) -> None:
        """Write a caption over the page and show it."""
        await self.page.evaluate(CAPTION, words)
        await self.take(ms)

    async def watch(self, frames: int) -> None:
        """So many looks, as far apart as they are shown."""
        for _ in range(frames):
            await self.take()
            await self.page.wait_for_timeout(SHORT_MS)


async def main() -> int:
    """Write the picture; 69 where Chromium is missing."""
    if CHROMIUM is None:
        sys.stderr.write(f"{WHY_NOT}\n")
        return 69
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory() as folder:
        async with running_product(Path(folder)) as product, chromium() as browser:
            page = await browser.new_page(viewport=SIZE, color_scheme="dark")
            page.set_default_timeout(PATIENCE_MS)
            await page.goto(product.address)
            film = _Film(page)
            await _play(page, film)
    _write(film.frames)
    return 0


async def _play(page: Page, film: _Film) -> None:
    await page.get_by_test_id("channel-link").filter(has_text="tasks").first.click()
    await page.get_by_test_id("composer").fill("/omp new")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    form = page.get_by_test_id("modal")
    await form.get_by_test_id("modal-input").first.fill(PROMPT)
    await film.say("/omp new: say what should be done")
    await page.get_by_test_id("modal-submit").click()
    await expect(form).to_have_count(0)
    await page.get_by_test_id("thread-chip").last.click()
    messages = page.get_by_test_id("message")
    card, question = messages.filter(has_text="· card 1"), messages.filter(has_text="· question")
    await expect(card).to_have_count(1)
    await film.say("An agent is at work (here the simulated one)")
    await film.watch(4)
    await expect(question).to_have_count(1)
    await film.say("It asks. The run waits for a person")
    await page.get_by_test_id("bot-kill").click()
    await expect(page.get_by_test_id("bot-start")).to_be_visible()
    await film.say("kill -9: bot and agent are gone")
    await page.get_by_test_id("bot-start").click()
    await expect(page.get_by_text("playground-bot is online")).to_be_visible()
    await film.watch(3)
    await film.say("Started again: the same card, the same question")
    await question.get_by_role("button").first.click()
    await film.say("The answer arrives")
    await film.watch(6)
    await expect(messages.filter(has_text="· result")).to_have_count(1)
    await expect(card).to_contain_text("Done · checks passed")
    await page.evaluate("document.activeElement.blur()")
    await film.say("Done · checks passed. Nothing lost, nothing twice", ms=2 * LONG_MS)


def _write(frames: list[tuple[bytes, int]]) -> None:
    """One palette for all frames, so that what does not change costs nothing."""
    pictures = [Image.open(io.BytesIO(frame)).convert("RGB") for frame, _ in frames]
    palette = pictures[-1].quantize(COLOURS, dither=Image.Dither.NONE)
    reduced = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    durations = [ms for _, ms in frames]
    reduced[0].save(TARGET, save_all=True, append_images=reduced[1:], duration=durations, loop=0, optimize=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
