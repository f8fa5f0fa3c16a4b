"""People's journeys in the real product, on its page, in a real browser; one `ompycord up` serves them all."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.e2e.conftest import shown
from tests.support.page_browser import CHROMIUM, WHY_NOT
from tests.support.patience import patient
from tests.support.product import Product, running_product

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("product-in-chromium"),  # one product serves the whole file
]

CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0.1"}}
"""
PROMPT = "The discount ignores the quantity. Fix it and add a test."
SLOWLY = "Take it slow: the discount ignores the quantity."
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
LONG_MS = 60_000
NEEDS_PRLIMIT = pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="needs prlimit (Linux)")


@dataclass(frozen=True)
class Seat:
    """One person's browser before the product."""

    page: Page
    product: Product
    rang_before: int

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def button(self, label: str) -> Locator:
        return self.page.locator("#message-list").get_by_role("button", name=label, exact=True)

    @property
    def card(self) -> Locator:
        return self.at("message").filter(has_text="· card 1")

    @property
    def result(self) -> Locator:
        return self.at("message").filter(has_text="· result")

    async def run(self) -> str:
        """The short id in the footer of the open thread's card."""
        card = await self.at("message").filter(has_text="· card 1").first.inner_text()
        found = re.search(r"(\w{6}) · card 1", card)
        assert found, card
        return found[1]

    async def become(self, kind: str) -> None:
        async with self.page.expect_response("**/app/events*"):  # the page has the new person's state by then
            await self.at(f"person-{kind}").check()

    async def in_channel(self) -> None:
        """The channel is shown, with all there is."""
        await expect(self.page.locator("#channel-title")).to_have_text(re.compile(r"^\W*tasks$"))
        await self.page.locator("#message-list .beginning").filter(has_text="#tasks").wait_for(state="attached")

    async def back_to_channel(self) -> None:
        await self.at("parent-link").click()
        await self.in_channel()

    async def start_with_the_form(self, prompt: str) -> None:
        """`/omp new` without a prompt opens the form; then go to the run's thread."""
        threads = await self.at("thread-chip").count()
        await self.at("composer").fill("/omp new")
        await expect(self.at("completion-item").first).to_contain_text("/omp new")
        await self.page.keyboard.press("Enter")
        await self.page.keyboard.press("Enter")
        form = self.at("modal")
        await expect(form).to_contain_text("What should be done?")
        await form.get_by_test_id("modal-input").first.fill(prompt)
        await self.at("modal-submit").click()
        await expect(form).to_have_count(0)
        await expect(self.at("thread-chip")).to_have_count(threads + 1)

    async def open_thread(self) -> None:
        await self.open_in_full(self.at("thread-chip").last)

    async def open_in_full(self, chip: Locator) -> None:
        """From the channel a thread opens at the right; beside the developer tools there is no room for that."""
        await chip.click()
        await self.page.locator("[data-testid=parent-link]:visible, [data-testid=thread-full]:visible").first.wait_for()
        if await self.at("thread-full").is_visible():
            await self.at("thread-full").click()
        await expect(self.at("parent-link")).to_contain_text("tasks")

    async def rang(self) -> list[list[str]]:
        """Who was pinged since the seat was taken, one entry a message."""
        heard = (await self.product.playground.pings())[self.rang_before :]
        return [entry["users"] for entry in heard if entry["users"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def product(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with running_product(tmp_path_factory.mktemp("product"), config=CONFIG) as running:
        yield running


@asynccontextmanager
async def seated(browser: Browser, product: Product, size: ViewportSize) -> AsyncGenerator[Seat]:
    is_phone = size is PHONE
    rang_before = len(await product.playground.pings())
    async with await browser.new_context(viewport=size, has_touch=is_phone, color_scheme="dark") as context:
        page = await context.new_page()
        page.set_default_timeout(patient(20_000))
        expect.set_options(timeout=patient(5000))
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        seat = Seat(page, product, rang_before)
        await page.goto(product.address)
        if is_phone:
            await page.get_by_role("button", name="Channels").tap()
        await seat.at("channel-link").filter(has_text="tasks").first.click()
        await seat.in_channel()
        yield seat
        assert problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def seat(browser: Browser, product: Product) -> AsyncIterator[Seat]:
    async with seated(browser, product, DESKTOP) as taken:
        yield taken


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, product: Product) -> AsyncIterator[Seat]:
    async with seated(browser, product, PHONE) as taken:
        yield taken


async def test_command_form_card_finished_and_one_new_message(seat: Seat) -> None:
    await seat.start_with_the_form(PROMPT)
    await expect(seat.at("message").filter(has_text="Only you can see this").last).to_be_visible()
    await seat.open_thread()
    await expect(seat.card).to_contain_text("The discount ignores the quantity")
    await expect(seat.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))
    await expect(seat.result).to_have_count(1)
    await expect(seat.result).to_contain_text("unittest 5 passed")
    await expect(seat.card).to_contain_text("Go to the result")
    await expect(seat.result).to_contain_text("@Ada")
    assert await seat.rang() == [[seat.product.playground.ada.id]]


async def test_a_question_is_answered_by_who_may_and_the_agent_gets_it(seat: Seat) -> None:
    await seat.start_with_the_form(f"{PROMPT} Please ask before you do.")
    await seat.open_thread()
    await expect(seat.card).to_contain_text("Waiting for", timeout=patient(LONG_MS))
    question = seat.at("message").filter(has_text="· question")
    await expect(question).to_contain_text("@Ada")
    await seat.become("member")
    await seat.button("Yes").click()
    refusal = seat.at("message").filter(has_text="Only you can see this").last
    await expect(refusal).to_contain_text("Only")
    await seat.become("admin")
    await seat.button("Yes").click()
    await expect(seat.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))
    await expect(seat.result).to_contain_text("NOTES.md")
    await expect(question).to_contain_text("Yes")
    await expect(seat.button("Yes")).to_have_count(0)
    ada = seat.product.playground.ada.id
    assert await seat.rang() == [[ada], [ada]]


async def test_a_run_is_cancelled_for_good_after_a_second_look(seat: Seat) -> None:
    await seat.start_with_the_form(SLOWLY)
    await seat.open_thread()
    await expect(seat.card).to_contain_text("Working")
    await seat.card.get_by_role("button", name="Cancel run").click()
    sure = seat.at("message").filter(has_text="Only you can see this").last
    await sure.get_by_role("button", name="Yes, cancel it").click()
    await expect(seat.card).to_contain_text("Cancelled", timeout=patient(LONG_MS))
    await expect(seat.card.get_by_role("button", name="Stop")).to_have_count(0)
    await expect(seat.result).to_have_count(0)
    assert await seat.rang() == []  # who cancels knows


async def test_the_outsider_sees_a_refusal_and_nothing_starts(seat: Seat) -> None:
    ada = seat.product.playground.ada
    before = [message.id for message in await ada.history("tasks")]
    await seat.become("outsider")
    await seat.at("composer").fill("/omp new ")
    await seat.at("option-more").fill("prompt:")
    await seat.page.keyboard.type("Fix it")
    await seat.page.keyboard.press("Enter")
    await expect(seat.at("message").last).to_contain_text("You don't have access yet")
    assert [message.id for message in await ada.history("tasks")] == before
    assert await seat.rang() == []


async def test_a_first_task_on_a_phone(phone: Seat) -> None:
    runs_over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    threads = await phone.at("thread-chip").count()
    await phone.at("composer").fill("/omp new")
    await phone.at("completion-item").first.tap()
    await phone.at("send").tap()
    form = phone.at("modal")
    await form.get_by_test_id("modal-input").first.fill(PROMPT)
    right = (
        "form => Math.max(...[...form.querySelectorAll('*')].map(e => e.getBoundingClientRect().right)) - innerWidth"
    )
    assert await form.evaluate(right) <= 0
    await phone.at("modal-submit").tap()
    await expect(phone.at("thread-chip")).to_have_count(threads + 1)
    await phone.at("thread-chip").last.tap()
    await expect(phone.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))
    await expect(phone.result).to_contain_text("@Ada")
    assert await phone.page.evaluate(runs_over) == 0
    assert await phone.rang() == [[phone.product.playground.ada.id]]


async def test_the_bot_is_killed_and_started_on_the_page_and_every_card_comes_true(seat: Seat) -> None:
    runs: list[str] = []
    for _ in range(2):
        await seat.start_with_the_form(SLOWLY)
        await seat.open_thread()
        await expect(seat.card).to_contain_text("Working")
        runs.append(await seat.run())
        await seat.back_to_channel()
    await seat.at("bot-kill").click()
    await expect(seat.at("bot-state")).to_contain_text("is offline")
    await seat.at("bot-start").click()
    await expect(seat.at("bot-state")).to_contain_text("is online", timeout=patient(LONG_MS))
    for run in runs:
        (thread,) = (await shown(seat.product.playground, run)).threads
        await seat.page.evaluate("(place) => { location.hash = place; }", f"#/channels/{thread['id']}")
        await expect(seat.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))
        await expect(seat.result).to_have_count(1)
        seen = await shown(seat.product.playground, run)
        assert (len(seen.mirrors), len(seen.threads), len(seen.cards), len(seen.results)) == (1, 1, 1, 1)
        await seat.back_to_channel()
    ada = seat.product.playground.ada.id
    assert await seat.rang() == [[ada], [ada]]


async def press(seat: Seat, fault: str, seed: int) -> None:
    """One of the drawer's fault buttons, with a seed; leaves the drawer open."""
    await seat.at("wire-button").click()
    await seat.at("tab-faults").click()
    await seat.at("fault-seed").fill(str(seed))
    await seat.at(fault).click()
    await expect(seat.at("fault-row").first).to_contain_text(f"seed {seed}:")


@NEEDS_PRLIMIT
async def test_what_is_asked_while_the_disk_is_full_is_done_once_when_it_is_freed(seat: Seat) -> None:
    await press(seat, "fault-fill", 3)
    await expect(seat.at("fault-fill")).to_have_text("Free the disk")
    threads = await seat.at("thread-chip").count()
    await seat.at("composer").fill("/omp new ")
    await seat.at("option-more").fill("prompt:")
    await seat.page.keyboard.type(PROMPT)
    await seat.page.keyboard.press("Enter")
    await expect(seat.at("thinking").last).to_be_visible()
    await expect(seat.at("thread-chip")).to_have_count(threads)
    await seat.at("fault-fill").click()
    await expect(seat.at("fault-row").first).to_contain_text("ended on the page")
    await expect(seat.at("thread-chip")).to_have_count(threads + 1, timeout=patient(LONG_MS))
    await seat.open_thread()
    await expect(seat.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))
    await expect(seat.result).to_have_count(1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_card_comes_true_after_the_network_was_cut(seat: Seat, seed: int) -> None:
    await seat.start_with_the_form(SLOWLY)
    await seat.open_thread()
    await expect(seat.card).to_contain_text("Working")
    await press(seat, "fault-cut", seed)
    await expect(seat.at("bot-state")).to_contain_text("is offline")
    await expect(seat.at("bot-state")).to_contain_text("is online", timeout=patient(LONG_MS))
    await expect(seat.card).to_contain_text("Done · checks passed", timeout=patient(LONG_MS))
    await expect(seat.result).to_have_count(1, timeout=patient(LONG_MS))
    await seat.product.playground.end_fault("cut")
