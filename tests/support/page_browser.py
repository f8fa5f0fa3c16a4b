"""Opens the page in Debian's Chromium over its double: what every browser test of the page begins with."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, Locator, Page, async_playwright

from tests.support.page_double import PageDouble, page_double

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


@asynccontextmanager
async def visit(
    browser: Browser,
    *,
    channel: str,
    width: int = 1280,
    height: int = 860,
    scheme: Scheme = "dark",
    is_touch: bool = False,
) -> AsyncGenerator[Visit]:
    """A fresh double and a fresh profile, standing in `channel`; any page error or refused load fails the test."""
    async with page_double() as double:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="en-GB",
            reduced_motion="reduce",
            has_touch=is_touch,
        )
        page = await context.new_page()
        page.set_default_timeout(8000)
        opened = Visit(page, double)
        page.on("pageerror", lambda error: opened.problems.append(str(error)))
        page.on(
            "console",
            lambda said: opened.problems.append(said.text) if "Content Security Policy" in said.text else None,
        )
        try:
            await opened.go(channel)
            yield opened
        finally:
            await context.close()
        assert opened.problems == []
