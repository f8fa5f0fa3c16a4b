"""The page on which a secret is given, in a real browser: its form is one of this page, and nothing of it is kept."""

import asyncio

import pytest
from playwright.async_api import Browser, Error, expect
from pydantic import SecretStr

from ompycord.conductor.secret_requests import SecretLink, SecretLinks
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.http import bind, serve
from ompycord.testing import FakeClock, SequentialIds
from ompycord.webhook.secret_page import secret_page
from tests.support.page_browser import CHROMIUM, WHY_NOT

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.long,
    pytest.mark.posix,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("chromium"),
]

VALUE = "line one of it\nline two <of> it & more"


async def test_a_browser_gives_it_with_its_own_form_and_a_form_elsewhere_does_not(browser: Browser) -> None:
    clock = FakeClock()
    links = SecretLinks(clock=clock, ids=SequentialIds(clock))
    given: list[str] = []

    async def give(link: SecretLink, value: SecretStr, host: str | None) -> Committed:
        if len(value.get_secret_value()) < 8:
            raise Refused(RefusalCode.VALUE_UNFIT, why="It is shorter than 8 characters.")
        given.append(value.get_secret_value())
        return Committed()

    sock = bind("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{sock.getsockname()[1]}"
    person = Person(id="1", name="Ap", role=Role.APPROVER)
    token = links.mint(
        SecretLink(
            run=RunId("01JD0000000000000000000001"), question="q", name="NPM_TOKEN", text="It needs it.", title="T",
            person=person, until=links.until,
        )
    )  # fmt: skip
    stop, serving = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(secret_page(links, give, origin=origin), stop=stop, sock=sock, serving=serving))
        await serving.wait()
        context = await browser.new_context()
        try:
            page = await context.new_page()
            address = f"{origin}/{token}"
            problems: list[str] = []
            page.on("console", lambda message: problems.append(message.text))
            await page.set_content(
                f'<form method="post" action="{address}"><input name="value" value="of another page"><button>x</button>'
            )
            await page.click("button")
            await expect(page.locator("h1")).to_have_text("Refused")
            assert given == []

            await page.goto(address)
            await expect(page.get_by_label("NPM_TOKEN")).to_be_focused()
            problems.clear()
            await page.get_by_label("NPM_TOKEN").fill("short")
            await page.get_by_role("button", name="Give it").click()
            await expect(page.locator("h1")).to_have_text("Not given")
            await page.get_by_label("NPM_TOKEN").fill(VALUE)
            await page.get_by_role("button", name="Give it").click()
            await expect(page.locator("h1")).to_have_text("Given")
            assert given == [VALUE]
            with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the page before is not kept
                await page.go_back()
            again = await context.new_page()
            await again.goto(address)
            await expect(again.locator("h1")).to_have_text("No such link")
            assert not [one for one in problems if "Content Security Policy" in one]
        finally:
            await context.close()
            stop.set()
