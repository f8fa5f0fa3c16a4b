"""The playground's page for everybody: keyboard, focus, small and light screens, in a real browser.

Counterpart: `test_page_audit_in_chromium.py`, which looks at every view.
"""

import pytest
from playwright.async_api import expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Visit

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_the_theme_can_be_chosen_and_is_kept(work: Visit) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = await work.page.evaluate(colour)
    await work.at("theme-button").click()
    await work.at("theme-button").click()
    await expect(work.at("theme-button")).to_have_attribute("aria-label", "Theme: light")
    light = await work.page.evaluate(colour)
    assert light != dark
    await work.page.reload()
    await work.at("message").first.wait_for()
    assert await work.page.evaluate(colour) == light


async def test_a_dialog_keeps_the_focus_and_gives_it_back(work: Visit) -> None:
    await work.control("say").focus()
    await work.page.keyboard.press("Enter")
    await expect(work.at("modal")).to_be_visible()
    inside = "document.activeElement.closest('dialog') !== null"
    seen: set[str | None] = set()
    for _ in range(12):
        await work.page.keyboard.press("Tab")
        assert await work.page.evaluate(inside)
        seen.add(await work.focused("data-testid"))
    assert {"modal-input", "modal-submit", "modal-cancel", "modal-file"} <= seen
    await work.page.keyboard.press("Shift+Tab")
    assert await work.page.evaluate(inside)
    await work.page.keyboard.press("Escape")
    await expect(work.at("modal")).to_have_count(0)
    assert await work.focused("data-custom-id") == "say"


async def test_escape_in_a_list_of_a_dialog_closes_the_list_only(work: Visit) -> None:
    await work.control("say").click()
    await work.at("modal").locator('button[data-custom-id="agent"]').click()
    await work.page.keyboard.press("Escape")
    await expect(work.page.get_by_role("listbox")).to_have_count(0)
    await expect(work.at("modal")).to_be_visible()


async def test_a_whole_journey_by_keyboard(work: Visit) -> None:
    keyboard = work.page.keyboard
    await expect(work.at("composer")).to_be_focused()
    await keyboard.press("Control+k")
    await keyboard.type("gen")
    await keyboard.press("Enter")
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("general")
    await keyboard.press("Control+k")
    await keyboard.type("work")
    await keyboard.press("Enter")
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("work")
    await work.at("composer").focus()
    await keyboard.type("/omp new")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(work.at("modal").locator("textarea")).to_be_focused()
    await keyboard.type("Fix the discount by keyboard")
    await keyboard.press("Tab")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    for _ in range(4):
        await keyboard.press("Tab")
    assert await work.focused("data-testid") == "modal-submit"
    await keyboard.press("Enter")
    await expect(work.at("message").last).to_contain_text("Task: Fix the discount by keyboard")
    await work.page.locator('.message[tabindex="0"]').focus()
    await keyboard.press("ArrowUp")
    await keyboard.press("ArrowUp")
    reached = await work.focused("data-message-id")
    await keyboard.press("Tab")
    focused = await work.page.evaluate("document.activeElement.closest('.message').dataset.messageId")
    assert focused == reached


async def test_an_edit_of_the_card_leaves_the_focus_on_its_button(work: Visit) -> None:
    await work.control("details").focus()
    work.double.edit(world.WORK, world.CARD, embeds=[world.card("Verifying")])
    await expect(work.message(world.CARD)).to_contain_text("Verifying")
    assert await work.focused("data-custom-id") == "details"


async def test_new_messages_are_announced(work: Visit) -> None:
    work.double.post(world.WORK, world.MO, "Lunch?")
    await expect(work.at("live")).to_have_text("Mo: Lunch?")


async def test_the_page_says_that_it_is_not_discord(work: Visit) -> None:
    await expect(work.at("playground-label")).to_contain_text("a simulation that ships with Ompycord, not Discord")


async def test_a_phone_shows_one_pane_and_nothing_runs_over(phone: Visit) -> None:
    await expect(phone.at("channel-list")).to_be_hidden()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await phone.page.evaluate(overflow) == 0
    right_ends = "items => Math.max(...items.map(item => item.getBoundingClientRect().right)) - innerWidth"
    assert await phone.page.locator("#message-list *").evaluate_all(right_ends) <= 0
    await phone.page.get_by_role("button", name="Channels").click()
    await expect(phone.at("channel-list")).to_be_visible()
    await phone.page.locator(f'[data-channel-id="{world.GENERAL}"]').click()
    await expect(phone.at("channel-list")).to_be_hidden()
    await expect(phone.page.get_by_role("heading", level=1)).to_contain_text("general")
    assert await phone.page.evaluate(overflow) == 0


async def test_a_phone_can_run_a_command_and_fill_a_form(phone: Visit) -> None:
    await phone.at("composer").fill("/omp new")
    await phone.at("completion-item").first.tap()
    await phone.at("send").tap()
    await phone.at("modal").locator("textarea").fill("Fix the discount on a phone")
    await phone.at("modal").locator('button[data-custom-id="agent"]').tap()
    await phone.page.get_by_role("option", name="omp · fast").tap()
    await phone.at("modal-submit").tap()
    await expect(phone.at("message").last).to_contain_text("Fix the discount on a phone")


async def test_motion_rests_where_it_is_unwanted(work: Visit) -> None:
    running = "document.getAnimations().filter(a => a.playState === 'running').length"
    assert await work.page.evaluate(running) == 0
