"""Where the page does as Discord does: focus, threads, replies, pins, what is new; in a real browser on its double."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Stage, Visit
from tests.support.patience import until, within

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
]


PATIENCE_S = 10.0


async def choose_in_menu(opened: Visit, message_id: str, item: str) -> None:
    await opened.message(message_id).get_by_role("button", name="More actions").press("Enter")
    await opened.page.get_by_role("menuitem", name=item, exact=True).click()


async def test_opening_a_channel_and_typing_anywhere_lead_into_its_message_box(work: Visit) -> None:
    keyboard = work.page.keyboard
    general = work.page.locator(f'[data-channel-id="{world.GENERAL}"]').first
    for _ in range(2):  # an open channel too
        await general.click()
        await expect(work.at("composer")).to_be_focused()
    await keyboard.press("Control+k")
    await keyboard.type("work")
    await keyboard.press("Enter")
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("work")
    await expect(work.at("composer")).to_be_focused()
    await work.message(world.CARD).focus()
    await keyboard.type("Hello")
    await expect(work.at("composer")).to_have_value("Hello")
    await work.at("composer").fill("")
    await work.control("details").focus()
    await keyboard.press("Space")
    await work.double.wait_for("/app/interactions/component")
    await expect(work.at("composer")).to_have_value("")
    await work.at("wire-button").click()
    await work.at("tab-faults").click()
    await keyboard.type("x")
    await expect(work.at("composer")).to_have_value("")


async def test_alt_and_an_arrow_go_to_the_next_channel(work: Visit) -> None:
    await work.page.keyboard.press("Alt+ArrowUp")
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("general")
    work.double.post(world.OPS, world.BOT, "Look")
    await expect(work.page.locator(f'[data-channel-id="{world.OPS}"]')).to_have_class(re.compile("is-unread"))
    await work.page.keyboard.press("Alt+Shift+ArrowDown")
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("ops")
    await expect(work.page).to_have_title("#ops · Ompycord playground")
    await work.go(world.THREAD)
    await expect(work.page).to_have_title("Cart ignores discount · Ompycord playground")


async def test_a_thread_opens_at_the_right_of_its_channel_and_closes(work: Visit) -> None:
    await work.at("thread-chip").click()
    pane = work.at("thread-pane")
    await expect(pane.get_by_role("heading", level=2).first).to_have_text("Cart ignores discount")
    await expect(pane.get_by_test_id("message").last).to_contain_text("Watching.")
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("work")
    await expect(work.at("thread-composer")).to_be_focused()
    await work.page.keyboard.type("Thanks @Mo")
    await expect(work.at("thread-completion")).to_be_visible()
    await work.page.keyboard.press("Escape")
    await expect(pane).to_be_visible()  # Escape closed the list of people first
    await work.page.keyboard.press("Enter")
    sent = await work.double.wait_for("/app/messages")
    assert sent == {"user": world.ADA, "channel": world.THREAD, "content": f"Thanks <@{world.MO}>"}
    await expect(pane.get_by_test_id("message").last).to_contain_text("Thanks @Mo")
    await expect(work.page).to_have_url(re.compile(f"#/channels/{world.WORK}/threads/{world.THREAD}$"))
    await work.page.reload()
    await expect(pane.get_by_test_id("message").last).to_contain_text("Thanks @Mo")
    await work.at("thread-close").click()
    await expect(pane).to_be_hidden()
    await expect(work.at("composer")).to_be_focused()


async def test_back_and_forward_lead_through_channels_and_threads(work: Visit) -> None:
    pane, title = work.at("thread-pane"), work.page.get_by_role("heading", level=1)
    await work.at("thread-chip").click()
    await expect(pane).to_be_visible()
    await work.page.locator(f'[data-channel-id="{world.OPS}"]').click()
    await expect(title).to_contain_text("ops")
    await work.page.go_back()
    await expect(pane).to_be_visible()
    await expect(title).to_contain_text("work")
    await work.page.go_back()
    await expect(pane).to_be_hidden()
    await expect(title).to_contain_text("work")
    await work.page.go_forward()
    await expect(pane).to_be_visible()
    await work.page.go_forward()
    await expect(title).to_contain_text("ops")


async def test_a_thread_stands_in_the_list_of_those_who_joined_it_only(work: Visit) -> None:
    link = work.page.locator(f'#channel-list [data-channel-id="{world.THREAD}"]')
    await expect(link).to_have_count(1)
    await work.at("person-outsider").check()
    await expect(link).to_have_count(0)
    await work.at("threads-button").click()
    await work.at("thread-row").click()
    await work.at("thread-full").click()
    await work.page.get_by_role("button", name="Join thread").click()
    joined = await work.double.wait_for("/app/threads/join")
    assert joined == {"user": world.OLU, "thread": world.THREAD}
    await expect(work.at("thread-join")).to_have_accessible_name("Leave thread")
    await work.at("parent-link").click()
    await expect(link).to_have_count(1)
    await link.click()
    await work.at("thread-join").click()
    await expect(work.at("thread-join")).to_have_accessible_name("Join thread")
    await work.at("parent-link").click()
    await expect(link).to_have_count(0)


async def test_the_chip_of_a_thread_counts_and_shows_its_last_message(work: Visit) -> None:
    chip = work.at("thread-chip")
    await expect(chip).to_contain_text("2 messages")
    await expect(chip).to_contain_text("Watching.")
    posted = work.double.post(world.THREAD, world.BOT, "The test fails as it should.")
    await expect(chip).to_contain_text("3 messages")
    await expect(chip).to_contain_text("The test fails as it should.")
    work.double.post(world.THREAD, world.BOT, "Only for you.", flags=64, ephemeral_for=world.ADA)
    work.double.edit(world.THREAD, posted["id"], content=f"<@{world.ADA}> The **test** passes now.")
    await expect(chip).to_contain_text("@Ada The test passes now.")
    await expect(chip).to_contain_text("3 messages")
    work.double.dispatch("MESSAGE_DELETE", {"id": posted["id"], "channel_id": world.THREAD})
    await expect(chip).to_contain_text("2 messages")


async def test_a_message_is_answered_with_and_without_a_ping(general: Visit) -> None:
    await general.message(world.HOSTILE).hover()
    await general.message(world.HOSTILE).get_by_role("button", name="Reply").click()
    await expect(general.at("reply-bar")).to_contain_text("Replying to Olu")
    await expect(general.at("composer")).to_be_focused()
    await general.at("reply-ping").click()
    await general.page.keyboard.type("Not here, please.")
    await general.page.keyboard.press("Enter")
    sent = await general.double.wait_for("/app/messages")
    assert sent["reply"] == {"message": world.HOSTILE, "pings": False}
    await expect(general.at("reply-bar")).to_be_hidden()
    answer = general.at("message").last
    await expect(answer.get_by_test_id("replied")).to_contain_text("<script>window.hacked = 1</script>")
    await answer.get_by_test_id("replied").click()
    await expect(general.message(world.HOSTILE)).to_be_focused()
    general.double.dispatch("MESSAGE_DELETE", {"id": world.HOSTILE, "channel_id": world.GENERAL})
    await expect(answer).to_contain_text("Original message was deleted")
    await general.message(world.PINNED).get_by_role("button", name="Reply").press("Enter")
    await expect(general.at("reply-bar")).to_contain_text("Replying to Ada")
    await general.page.keyboard.press("Escape")
    await expect(general.at("reply-bar")).to_be_hidden()


async def test_a_message_is_deleted_and_pinned_by_who_may(general: Visit) -> None:
    double = general.double
    await choose_in_menu(general, world.HOSTILE, "Delete message")
    await expect(general.at("confirm-dialog")).to_contain_text("Are you sure you want to delete this message?")
    await general.page.keyboard.press("Escape")
    assert double.received == []
    await choose_in_menu(general, world.HOSTILE, "Delete message")
    await general.at("confirm").click()
    assert (await double.wait_for("/app/messages/delete"))["message"] == world.HOSTILE
    await expect(general.message(world.HOSTILE)).to_have_count(0)
    await choose_in_menu(general, world.PINNED, "Unpin message")
    assert (await double.wait_for("/app/messages/unpin"))["message"] == world.PINNED
    await expect(general.message(world.PINNED).locator(".pin-mark")).to_have_count(0)  # the page knows of it
    await choose_in_menu(general, world.PINNED, "Pin message")
    assert (await double.wait_for("/app/messages/pin"))["user"] == world.ADA
    await general.at("person-outsider").check()
    await expect(general.at("notice")).to_have_text("Switched to Olu")
    await general.message(world.PINNED).get_by_role("button", name="More actions").press("Enter")
    await expect(general.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    for item in ("Pin message", "Unpin message", "Delete message", "Edit message"):
        await expect(general.page.get_by_role("menuitem", name=item)).to_have_count(0)


async def test_a_channel_that_is_marked_unread_stays_so_until_it_is_opened_again(general: Visit) -> None:
    link = general.page.locator(f'[data-channel-id="{world.GENERAL}"]').first
    await choose_in_menu(general, "300000000000000003", "Mark unread")
    await expect(general.at("divider-new")).to_be_visible()
    await general.page.locator("#messages").evaluate("pane => pane.scrollTop = pane.scrollHeight")
    general.double.post(world.GENERAL, world.MO, "Read to the end")
    await expect(general.at("message").last).to_contain_text("Read to the end")
    await expect(link).to_have_class(re.compile("is-unread"))
    await general.page.locator(f'[data-channel-id="{world.OPS}"]').click()
    await expect(general.page.get_by_role("heading", level=1)).to_contain_text("ops")
    await expect(link).to_have_class(re.compile("is-unread"))
    await link.click()
    await expect(link).not_to_have_class(re.compile("is-unread"))


async def test_a_thread_is_made_of_a_message(general: Visit) -> None:
    await choose_in_menu(general, world.HOSTILE, "Create thread")
    await general.at("thread-name").fill("About markup")
    await general.page.keyboard.press("Enter")
    sent = await general.double.wait_for("/app/threads")
    assert (sent["name"], sent["message"], sent["channel"]) == ("About markup", world.HOSTILE, world.GENERAL)
    await expect(general.at("thread-pane")).to_contain_text("About markup")


async def test_nothing_that_arrives_before_ones_eyes_is_called_new(work: Visit) -> None:
    work.double.post(world.WORK, world.MO, "Seen at once")
    await expect(work.at("message").last).to_contain_text("Seen at once")
    work.double.post(world.WORK, world.BOT, "Only you see this", flags=64, ephemeral_for=world.ADA)
    await expect(work.at("message").last).to_contain_text("Only you see this")
    await expect(work.at("divider-new")).to_have_count(0)
    await work.page.evaluate("document.hasFocus = () => false")
    work.double.post(world.WORK, world.MO, "While one was away")
    await expect(work.at("message").last).to_contain_text("While one was away")
    await expect(work.at("divider-new")).to_have_count(1)


async def test_enter_takes_the_first_choice_that_an_application_offers(work: Visit) -> None:
    await work.at("composer").fill("/omp new ")
    await expect(work.at("option-more")).to_have_attribute("placeholder", "+6 more")
    await work.at("option-more").fill("repository:")
    await expect(work.at("option-more")).to_have_attribute("placeholder", "+5 more")
    await work.page.keyboard.type("sh")
    await work.page.keyboard.press("Enter")  # before the choices are there
    await expect(work.at("option-repository")).to_have_value("shop (repository)")
    await work.page.keyboard.press("Enter")
    sent = await work.double.wait_for("/app/interactions/command")
    assert sent["options"][0]["options"] == [{"name": "repository", "type": 3, "value": "shop"}]


async def test_a_pressed_button_shows_that_it_waits_and_the_others_wait_too(work: Visit) -> None:
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        async with within(PATIENCE_S):
            await held.wait()
        await route.continue_()

    await work.page.route("**/app/interactions/component", hold)
    await work.control("details").click()
    await expect(work.control("details")).to_have_attribute("aria-busy", "true")
    await expect(work.control("details").locator(".dots")).to_be_visible()
    await expect(work.control("details")).to_have_accessible_name("Details")
    await expect(work.control("stop")).to_have_attribute("aria-disabled", "true")
    await work.control("stop").click(force=True)
    held.set()
    await expect(work.at("ephemeral-note")).to_have_count(1)
    await expect(work.control("stop")).not_to_have_attribute("aria-disabled", "true")
    pressed = [body["custom_id"] for path, body in work.double.received if path.endswith("/component")]
    assert pressed == ["details"]


async def test_why_a_press_failed_goes_when_the_channel_is_left(work: Visit) -> None:
    await work.control("silent").click()
    await expect(work.at("interaction-failure")).to_be_visible()
    await work.go(world.OPS)
    await work.go(world.WORK)
    await expect(work.at("interaction-failure")).to_have_count(0)


async def test_code_has_its_language_its_colours_and_can_be_copied(general: Visit) -> None:
    block = general.message("300000000000000003").locator(".code-block").first
    await expect(block.locator(".code-language")).to_have_text("python")
    assert await block.locator(".code-keyword").all_inner_texts() == ["def", "return", "for", "in"]
    await expect(block.locator(".code-comment")).to_have_text("# <b>not markup</b>")
    await general.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await block.hover()
    await block.get_by_role("button", name="Copy code").click()
    copied = await general.page.evaluate("navigator.clipboard.readText()")
    assert copied == "def total(cart):\n    return sum(item.price for item in cart)  # <b>not markup</b>"


async def test_bullets_and_numbers_are_lists_of_their_own(general: Visit) -> None:
    general.double.post(
        general.double.channels[0]["id"], world.BOT, "- one\n  1. inner\n  - dot\n- two\n1. first\n2. second"
    )
    message = general.at("message").last
    await expect(message.locator(".message-content > ul > li")).to_have_count(2)
    assert await message.locator(".message-content > ol > li").all_inner_texts() == ["first", "second"]
    assert await message.locator("ul > li > ol > li").all_inner_texts() == ["inner"]
    assert await message.locator("ul > li > ul > li").all_inner_texts() == ["dot"]


async def test_names_of_emoji_become_emoji_when_a_message_is_sent(general: Visit) -> None:
    await general.at("composer").fill("Off we go :rocket: at 12:30:45 <:omp:777> :nothing:")
    await general.page.keyboard.press("Enter")
    sent = await general.double.wait_for("/app/messages")
    assert sent["content"] == "Off we go 🚀 at 12:30:45 <:omp:777> :nothing:"


async def test_a_long_channel_name_wraps_with_its_sentence(general: Visit) -> None:
    general.double.find_channel(world.WORK)["name"] = "a-very-long-name-" * 8
    await general.page.reload()
    await general.at("message").first.wait_for()
    general.double.post(world.GENERAL, world.BOT, f"See <#{world.WORK}> for more.")
    mention = general.at("message").last.get_by_role("link")
    assert await mention.evaluate("node => getComputedStyle(node).display") == "inline"
    await mention.press("Enter")
    await expect(general.page.get_by_role("heading", level=1)).to_contain_text("a-very-long-name")


async def test_people_are_listed_by_role_and_who_is_not_there_is_away(general: Visit) -> None:
    members = general.page.get_by_label("Members", exact=True)
    assert await members.locator("h2").all_inner_texts() == ["Online — 2", "Offline — 1", "Apps — 1"]
    general.double.roles = [role | {"hoist": role["id"] == world.RUNNER_ROLE} for role in world.ROLES]
    await general.at("person-outsider").check()
    await expect(members.locator("h2")).to_have_text(["runner — 1", "Online — 2", "Apps — 1"])


async def test_an_empty_channel_tells_how_to_begin_and_begins(stage: Stage) -> None:
    async with stage.visit(world.GENERAL) as opened:
        await expect(opened.at("welcome")).to_have_count(0)
        opened.double.messages[world.GENERAL].clear()
        await opened.page.reload()
        welcome = opened.at("welcome")
        await expect(welcome).to_contain_text("Type /omp new and press Enter twice")
        assert await welcome.locator("li strong").all_inner_texts() == ["ask", "approval", "fail", "slow"]
        await opened.at("try-it").click()
        sent = await opened.double.wait_for("/app/interactions/command")
        (prompt,) = sent["options"][0]["options"]
        assert (sent["options"][0]["name"], prompt["name"]) == ("new", "prompt")
        assert "ask me first" in prompt["value"]
        await expect(welcome).to_have_count(0)


async def test_the_page_opens_where_work_is_given(stage: Stage) -> None:
    async with stage.visit(world.GENERAL) as opened:
        opened.double.find_channel(world.OPS)["name"] = "tasks"
        await opened.page.goto(opened.double.address)
        await expect(opened.page.get_by_role("heading", level=1)).to_contain_text("tasks")
        await expect(opened.at("composer")).to_be_focused()


async def test_quit_asks_ends_everything_and_says_how_to_begin_again(general: Visit) -> None:
    await general.at("quit").click()
    await expect(general.at("confirm-dialog")).to_contain_text("This ends the bot and the playground")
    await general.page.keyboard.press("Escape")
    assert general.double.received == []
    await general.at("quit").click()
    await general.at("confirm").click()
    assert await general.double.wait_for("/control/shutdown") == {"everything": True}
    await expect(general.at("bot-state")).to_have_text("ompycord is offline")
    await expect(general.at("connection-lost")).to_contain_text("Start them again with ompycord up.")
    await expect(general.page.get_by_role("button", name="Try now")).to_be_hidden()


async def test_the_tools_stand_beside_the_channel_and_below_it_on_a_phone(work: Visit, phone: Visit) -> None:
    for opened in (work, phone):
        await opened.at("wire-button").click()
    right = await work.page.evaluate(RIGHT_OF_MAIN)
    assert right
    assert not await phone.page.evaluate(RIGHT_OF_MAIN)


RIGHT_OF_MAIN = """(() => {
  const [main, tools] = ["main", "wire"].map(id => document.getElementById(id).getBoundingClientRect());
  return tools.left >= main.right - 1 && tools.height > 400;
})()"""


async def test_a_finger_that_rests_on_a_message_opens_its_menu(phone: Visit) -> None:
    message = phone.message(world.THREAD_PARENT_MESSAGE)
    await message.dispatch_event(
        "pointerdown", {"pointerType": "touch", "clientX": 80, "clientY": 300, "bubbles": True}
    )
    await expect(phone.at("message-menu")).to_be_visible()
    toolbar = await message.locator(".message-toolbar").evaluate("node => getComputedStyle(node).opacity")
    assert toolbar == "0"


async def test_fields_stand_beneath_each_other_on_a_phone(phone: Visit) -> None:
    lefts = "fields => new Set(fields.map(field => Math.round(field.getBoundingClientRect().left))).size"
    assert await phone.message(world.CARD).locator(".embed-field").evaluate_all(lefts) == 1
    one_line = "node => node.getClientRects().length === 1 && node.offsetHeight < 24"
    assert await phone.page.locator(".thread-count").evaluate(one_line)


AT_END = """(() => {
  const pane = document.getElementById("messages");
  return pane.scrollHeight - pane.scrollTop - pane.clientHeight < 2;
})()"""


async def test_a_late_picture_leaves_the_reader_at_the_end(work: Visit) -> None:
    await expect(work.at("message").last).to_be_in_viewport()
    await work.message(world.CARD).evaluate("node => (node.style.minHeight = '2000px')")
    await until(lambda: work.page.evaluate(AT_END))  # the page allows no text as a script, so it is not asked by one


async def test_the_page_is_dark_until_one_chooses(stage: Stage) -> None:
    async with await stage.browser.new_context(color_scheme="light") as context, stage.visit(world.GENERAL) as opened:
        page = await context.new_page()
        await page.goto(opened.double.address)
        await expect(page.get_by_test_id("theme-button")).to_have_attribute("aria-label", "Theme: dark")


async def test_a_long_name_does_not_make_the_switcher_scroll_sideways(work: Visit) -> None:
    work.double.find_channel(world.THREAD)["name"] = "The discount ignores the quantity of a line of the cart " * 2
    await work.page.reload()
    await work.at("message").first.wait_for()
    await work.page.keyboard.press("Control+k")
    fits = "list => list.scrollWidth <= list.clientWidth"
    assert await work.at("switcher").locator(".completion-list").evaluate(fits)


async def test_the_member_list_leaves_when_the_window_gets_narrow(work: Visit) -> None:
    members = work.page.get_by_label("Members", exact=True)
    await expect(members).to_be_visible()
    await work.page.set_viewport_size({"width": 1000, "height": 860})
    await expect(members).to_be_hidden()
    await work.page.set_viewport_size({"width": 1280, "height": 860})
    await expect(members).to_be_visible()


async def test_a_preview_of_long_lines_stays_within_a_phone(phone: Visit) -> None:
    phone.double.uploads["/cdn/change.diff"] = b"+" + b"long " * 200
    await phone.at("attachment").get_by_text("Preview change.diff").click()
    text = phone.at("attachment").locator("pre")
    await expect(text).to_contain_text("long")
    right = "node => node.getBoundingClientRect().right - innerWidth"
    assert await text.evaluate(right) <= 0
    assert await phone.at("attachment").evaluate(right) <= 0


COLOURED = """async points => {
  await document.fonts.load('24px "Playground Emoji"', "✅");
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.font = '24px "Playground Emoji"';
  return points.map(point => {
    canvas.clearRect(0, 0, 60, 60);
    canvas.fillText(String.fromCodePoint(point), 5, 35);
    const { data } = canvas.getImageData(0, 0, 60, 60);
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] === 255 && data[at] + data[at + 1] + data[at + 2] > 0) return true;
    return false;
  });
}"""
COVERED = """[...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
  .find(rule => rule.type === 5 && rule.cssText.includes("Playground Emoji")).cssText"""


async def test_every_state_has_a_glyph_without_an_emoji_font(general: Visit) -> None:
    """Drawn with the page's own font alone, each of its signs is a picture in colour, and no box."""
    shipped = {int(found, 16) for found in re.findall(r"U\+([0-9A-Fa-f]+)", await general.page.evaluate(COVERED))}
    used = {ord(sign) for sign in "▶⏸⚠✅⚪🟡🔴🔵⏳▫✏⏭↪📨🆕🛑🚀👍👎❌👀🎉❤😄🤔🔥"}
    assert used - shipped == set()
    points = sorted(shipped - {0xFE0F})
    drawn = await general.page.evaluate(COLOURED, points)
    assert [chr(point) for point, is_drawn in zip(points, drawn, strict=True) if not is_drawn] == []
