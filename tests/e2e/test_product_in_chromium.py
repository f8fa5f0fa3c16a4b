"""A person's first task in the real product, on its page, in a real browser: command, form, card, finished, new message."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.page_browser import CHROMIUM, WHY_NOT, chromium
from tests.support.product import running_product

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
]

CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0.1"}}
"""
PROMPT = "The discount ignores the quantity. Fix it and add a test."


async def open_channel(page: Page, address: str, name: str) -> None:
    await page.goto(address)
    await page.get_by_test_id("channel-link").filter(has_text=name).first.click()


async def start_with_the_form(page: Page) -> None:
    """`/omp new` without a prompt opens the form."""
    await page.get_by_test_id("composer").fill("/omp new")
    await expect(page.get_by_test_id("completion-item").first).to_contain_text("/omp new")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    form = page.get_by_test_id("modal")
    await expect(form).to_contain_text("What shall be done?")
    await form.get_by_test_id("modal-input").first.fill(PROMPT)
    await page.get_by_test_id("modal-submit").click()
    await expect(form).to_have_count(0)


async def test_command_form_card_finished_new_message(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=CONFIG) as product, chromium() as browser:
        page = await browser.new_page()
        page.set_default_timeout(20_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await open_channel(page, product.address, "tasks")
        await start_with_the_form(page)
        messages = page.get_by_test_id("message")
        await expect(messages.filter(has_text=re.compile("Only you can see this"))).to_have_count(1)
        await page.get_by_test_id("thread-chip").last.click()
        card = messages.filter(has_text="· card 1")
        await expect(card).to_contain_text("The discount ignores the quantity")
        await expect(card).to_contain_text("Done, checked", timeout=60_000)
        await expect(card).to_contain_text("unittest 5 passed")
        result = messages.filter(has_text="· result")
        await expect(result).to_have_count(1)
        await expect(result).to_contain_text("@Ada")
        assert problems == []


async def test_the_outsider_sees_a_refusal_and_nothing_starts(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=CONFIG) as product, chromium() as browser:
        page = await browser.new_page()
        await open_channel(page, product.address, "tasks")
        await page.get_by_test_id("person-switcher").click()
        await page.get_by_test_id("person-outsider").click()
        await page.get_by_test_id("composer").fill("/omp new ")
        await page.get_by_test_id("option-more").fill("prompt:")
        await page.keyboard.type("Fix it")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("message").last).to_contain_text("You have no role here")
        assert await product.playground.ada.history("tasks") == []


async def test_the_bot_is_killed_and_started_on_the_page_and_its_card_comes_true(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=CONFIG.replace("0.1", "1")) as product, chromium() as browser:
        page = await browser.new_page()
        page.set_default_timeout(20_000)
        await open_channel(page, product.address, "tasks")
        await start_with_the_form(page)
        await page.get_by_test_id("thread-chip").last.click()
        card = page.get_by_test_id("message").filter(has_text="· card 1")
        await expect(card).to_contain_text("Building")
        await page.get_by_test_id("bot-kill").click()
        assert await product.gone() == -9
        await page.get_by_test_id("bot-start").click()
        await expect(card).to_contain_text("Done, checked", timeout=60_000)
        await expect(page.get_by_test_id("message").filter(has_text="· result")).to_have_count(1)
