"""The playground's page for everybody: keyboard, names, contrast, focus, small and light screens, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Scheme, Visit, chromium, visit

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("page-access"),  # one browser serves the whole file
]

WCAG_AA = 4.5

AUDIT = (Path(__file__).resolve().parents[1] / "support" / "page_audit.js").read_text("utf-8")

AUDIT_OBJECT = AUDIT.split("\n", 1)[1].rstrip("; \n")


async def audit(opened: Visit, check: str) -> list[str]:
    found: list[str] = await opened.page.evaluate(f"{AUDIT_OBJECT}.{check}")
    return found


async def low_contrast(opened: Visit) -> list[str]:
    return await audit(opened, f"lowContrast({WCAG_AA})")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def work(browser: Browser) -> AsyncIterator[Visit]:
    async with visit(browser, channel=world.WORK) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Browser) -> AsyncIterator[Visit]:
    async with visit(browser, channel=world.WORK, is_touch=True, width=390, height=780) as opened:
        yield opened


async def assert_sound(opened: Visit) -> None:
    assert await audit(opened, "nameless()") == []
    assert await audit(opened, "duplicateIds()") == []
    assert await audit(opened, "dangling()") == []


async def test_every_view_has_names_single_ids_and_kept_references(work: Visit) -> None:
    await assert_sound(work)
    await work.at("wire-button").click()
    await assert_sound(work)
    await work.at("composer").fill("/")
    await expect(work.at("completion-item").first).to_be_visible()
    await assert_sound(work)
    await work.at("composer").fill("/omp new ")
    await work.at("option-more").fill("mode:")
    await expect(work.at("completion-item").first).to_be_visible()
    await assert_sound(work)
    await work.control("who").click()
    await assert_sound(work)
    await work.page.keyboard.press("Escape")
    await work.message(world.CARD).get_by_role("button", name="More actions").click()
    await assert_sound(work)
    await work.page.keyboard.press("Escape")
    await work.control("say").click()
    await expect(work.at("modal")).to_be_visible()
    await assert_sound(work)


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_text_reaches_aa_contrast(browser: Browser, scheme: Scheme) -> None:
    async with visit(browser, channel=world.WORK, scheme=scheme) as opened:
        opened.double.add_wire("PATCH", "/channels/:id", 429)
        opened.double.add_wire("PATCH", "/channels/:id", 500)
        await opened.at("wire-button").click()
        await expect(opened.at("wire-row")).to_have_count(2)
        await opened.control("silent").click()
        await expect(opened.at("interaction-failure")).to_be_visible()
        await opened.at("bot-kill").click()
        await expect(opened.at("bot-start")).to_be_visible()
        await opened.at("composer").fill("/")
        await expect(opened.at("completion-item").first).to_be_visible()
        assert await low_contrast(opened) == []
        await opened.go(world.GENERAL)
        assert await low_contrast(opened) == []
        await opened.go(world.WORK)
        await opened.control("say").click()
        await opened.at("modal-submit").click()
        await expect(opened.at("field-error").first).to_be_visible()
        assert await low_contrast(opened) == []


async def test_the_contrast_check_sees_pale_text(work: Visit) -> None:
    await work.page.evaluate("document.querySelector('.message-content').style.color = '#555'")
    assert await low_contrast(work) != []


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
