"""Opens the page in Debian's Chromium over its double: what every browser test of the page begins with.

Counterpart: the fixtures of tests/e2e/conftest.py.
"""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.support.page_double import DoubleServer, PageDouble, double_server
from tests.support.patience import patient

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
WHY_NOT = "no Chromium found: chromium, chromium-browser and google-chrome are not on PATH"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AS_THE_BROWSER = """
const key = "ompycord-playground-theme";
localStorage.getItem(key) ?? localStorage.setItem(key, "system");
"""
"""The page is dark until one chooses; a test chooses by the browser's scheme."""
Scheme = Literal["dark", "light"]


@dataclass(frozen=True)
class Visit:
    """One open page, the server behind it, and what went wrong in the console."""

    page: Page
    double: PageDouble
    problems: list[str] = field(default_factory=list[str])

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def message(self, message_id: str) -> Locator:
        return self.page.locator(f'[data-message-id="{message_id}"]')

    def control(self, custom_id: str) -> Locator:
        return self.page.locator(f'#message-list [data-custom-id="{custom_id}"]').first

    async def go(self, channel: str) -> None:
        await self.page.goto(f"{self.double.address}#/channels/{channel}")
        await self.page.locator(f'[data-channel-id="{channel}"][aria-current="page"]').wait_for(state="attached")
        await self.page.locator("#message-list .message, #message-list .beginning").first.wait_for()

    async def focused(self, attribute: str) -> str | None:
        found: str | None = await self.page.evaluate("name => document.activeElement?.getAttribute(name)", attribute)
        return found


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """A headless browser; call it only where CHROMIUM is found."""
    assert CHROMIUM is not None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Stage:
    """One browser and one address for all tests of a worker: contexts and the page's files are kept between them."""

    def __init__(self, *, browser: Browser, server: DoubleServer) -> None:
        self.browser = browser
        self._server = server
        self._contexts: dict[tuple[int, int, Scheme, bool], BrowserContext] = {}

    @asynccontextmanager
    async def visit(
        self, channel: str, *, width: int = 1280, height: int = 860, scheme: Scheme = "dark", is_touch: bool = False
    ) -> AsyncGenerator[Visit]:
        """A fresh double and a fresh tab, standing in `channel`; any page error or refused load fails the test."""
        context = await self._context(width, height, scheme, is_touch=is_touch)
        page = await context.new_page()
        page.set_default_timeout(patient(8000))
        expect.set_options(timeout=patient(5000))
        opened = Visit(page, self._server.renew())
        page.on("pageerror", lambda error: opened.problems.append(str(error)))
        page.on(
            "console",
            lambda said: opened.problems.append(said.text) if "Content Security Policy" in said.text else None,
        )
        await page.add_init_script(AS_THE_BROWSER)
        try:
            await opened.go(channel)
            yield opened
            await page.evaluate("localStorage.clear()")
        except BaseException:
            await self._forget(context)
            raise
        finally:
            await page.close()
        assert opened.problems == []

    async def _context(self, width: int, height: int, scheme: Scheme, *, is_touch: bool) -> BrowserContext:
        shape = (width, height, scheme, is_touch)
        if shape not in self._contexts:
            self._contexts[shape] = await self.browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                locale="en-GB",
                reduced_motion="reduce",
                has_touch=is_touch,
            )
        return self._contexts[shape]

    async def _forget(self, failed: BrowserContext) -> None:
        """What a failed test left in its context must not fail the next."""
        self._contexts = {shape: kept for shape, kept in self._contexts.items() if kept is not failed}
        await failed.close()


@asynccontextmanager
async def stage_on(browser: Browser) -> AsyncGenerator[Stage]:
    """A stage for as long as its tests run."""
    async with double_server() as server:
        yield Stage(browser=browser, server=server)
