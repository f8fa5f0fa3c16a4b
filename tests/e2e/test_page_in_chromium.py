"""What a person reads, opens and writes on the playground's page, in a real browser over the page's double."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Stage, Visit
from tests.support.patience import within

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
]

PATIENCE_S = 10.0


async def test_a_thread_opens_in_full_and_leads_back(work: Visit) -> None:
    await work.at("thread-chip").click()
    await work.at("thread-full").click()
    await expect(work.at("thread-pane")).to_be_hidden()
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("Cart ignores discount")
    await expect(work.at("message").last).to_contain_text("Watching.")
    await work.at("composer").fill("Thanks @Mo")
    await work.at("send").click()
    sent = await work.double.wait_for("/app/messages")
    assert sent == {"user": world.ADA, "channel": world.THREAD, "content": f"Thanks <@{world.MO}>"}
    await expect(work.at("message").last).to_contain_text("Thanks @Mo")
    await work.at("parent-link").click()
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("work")


async def test_the_way_back_stays_under_the_finger_while_messages_come_elsewhere(work: Visit) -> None:
    await work.at("thread-chip").click()
    await work.at("thread-full").click()
    back = await work.at("parent-link").element_handle()
    assert back is not None
    posted = work.double.post(world.OPS, world.BOT, f"<@{world.ADA}> look", mentions=[world.person(world.ADA)])
    work.double.dispatch("PING", {"message": posted["id"], "channel": world.OPS, "users": [world.ADA]})
    await expect(work.page.locator(f'[data-channel-id="{world.OPS}"]').get_by_test_id("mention-badge")).to_be_visible()
    assert await back.evaluate("link => link.isConnected"), "a press that began on it ends on it"
    work.double.dispatch("THREAD_UPDATE", {"id": world.THREAD, "name": "Cart is right", "parent_id": world.WORK})
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("Cart is right")


async def test_new_threads_appear_beneath_their_channel_and_gone_channels_leave(work: Visit) -> None:
    thread: world.Json = {"id": "990", "type": 11, "name": "Fresh run", "parent_id": world.OPS, "guild_id": world.GUILD}
    work.double.dispatch("THREAD_CREATE", thread | {"member_ids": [world.ADA]})
    fresh = work.page.get_by_role("list", name="Threads of ops").get_by_role("link")
    await expect(fresh).to_have_text("Fresh run, thread")
    work.double.dispatch("CHANNEL_DELETE", {"id": world.OPS})
    await expect(work.page.locator(f'[data-channel-id="{world.OPS}"]')).to_have_count(0)
    await expect(fresh).to_have_count(0)


async def test_hostile_text_stays_text(general: Visit) -> None:
    hostile = general.message(world.HOSTILE)
    await expect(hostile).to_contain_text("<script>window.hacked = 1</script>")
    await expect(hostile).to_contain_text("[run](javascript:window.hacked=3)")
    await expect(hostile.locator("script, b, [onclick], [onerror]")).to_have_count(0)
    assert await hostile.locator("a").evaluate_all("links => links.map(link => link.href)") == ["https://bad.example/"]
    general.double.post(
        world.GENERAL,
        world.BOT,
        "x",
        embeds=[
            {
                "title": "<img src=x onerror=window.hacked=5>",
                "url": "javascript:window.hacked=6",
                "author": {"name": "<i>a</i>", "url": "data:text/html,x"},
                "image": {"url": "https://elsewhere.example/pixel.png"},
            }
        ],
        components=[world.row({"type": 2, "style": 5, "label": "Bad", "url": "javascript:window.hacked=7"})],
    )
    embed = general.at("embed").last
    await expect(embed).to_contain_text("<img src=x onerror=window.hacked=5>")
    await expect(embed.locator("img")).to_have_count(0)
    await expect(embed).to_contain_text("Picture not loaded, it lies elsewhere")
    await expect(general.at("component-link")).to_be_disabled()
    assert await general.page.evaluate("window.hacked") is None


async def test_one_message_of_an_unknown_shape_leaves_the_others_alone(general: Visit) -> None:
    general.double.post(world.GENERAL, world.BOT, "broken", embeds=[{"fields": [None]}])
    await expect(general.at("message").last).to_have_text("This message has a shape that the playground does not know.")
    general.double.post(world.GENERAL, world.BOT, "fine")
    await expect(general.at("message").last).to_contain_text("fine")


async def test_markdown_becomes_what_discord_shows(general: Visit) -> None:
    message = general.message("300000000000000003")
    await expect(message.get_by_role("heading", name="Release notes")).to_be_visible()
    for tag, text in (
        ("strong", "Bold"),
        ("em", "italic"),
        ("u", "underlined"),
        ("s", "struck"),
        ("pre", "<b>not markup</b>"),
    ):
        await expect(message.locator(tag).first).to_contain_text(text)
    await expect(message.locator("blockquote")).to_have_text("A quote of two\nlines")
    await expect(message.locator("ul ul li")).to_have_text("one and a half")
    assert await message.locator(".mention").all_inner_texts() == ["@Mo", "@runner", "#work"]
    await expect(message).to_contain_text("*not italic*")
    spoiler = message.get_by_role("button", name="Spoiler, show it")
    await spoiler.press("Enter")
    await expect(message.get_by_text("the hidden word")).to_be_visible()
    await expect(spoiler).to_have_count(0)


async def test_a_timestamp_ticks(general: Visit) -> None:
    now = await general.page.evaluate("Math.floor(Date.now() / 1000)")
    general.double.post(world.GENERAL, world.BOT, f"Started <t:{now}:R>")
    shown = general.at("message").last.locator('time[data-style="R"]')
    await expect(shown).to_have_text("2 seconds ago")


async def test_reactions_are_added_and_taken_back(general: Visit) -> None:
    message = general.message(world.PINNED)
    await message.hover()
    await message.get_by_role("button", name="Add reaction").click()
    await general.page.get_by_role("button", name="rocket").click()
    chip = message.get_by_test_id("reaction")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    assert (await general.double.wait_for("/app/reactions"))["emoji"] == "🚀"
    await chip.click()
    await expect(chip).to_have_count(0)
    assert (await general.double.wait_for("/app/reactions", 2))["remove"] is True


async def test_reactions_that_a_moderator_clears_are_gone(general: Visit) -> None:
    chips = general.message("300000000000000007").get_by_test_id("reaction")
    await expect(chips).to_have_count(1)
    cleared = {"channel_id": world.GENERAL, "message_id": "300000000000000007", "all": True}
    general.double.dispatch("REACTION_REMOVE", cleared)
    await expect(chips).to_have_count(0)


async def test_a_direct_message_of_the_bot_is_found(general: Visit) -> None:
    direct: world.Json = {"id": "991", "type": 1, "last_message_id": None, "recipients": [world.person(world.ADA)]}
    general.double.dispatch("CHANNEL_CREATE", direct)
    general.double.post("991", world.BOT, "Your run is done.")
    link = general.page.locator('[data-channel-id="991"]')
    await expect(link).to_have_text("@ompycord, channel, unread")
    await link.click()
    await expect(general.at("message").last).to_contain_text("Your run is done.")
    await expect(general.at("composer")).to_have_attribute("placeholder", "Message @ompycord")


async def test_a_message_command_runs_from_the_menu(work: Visit) -> None:
    await work.message(world.THREAD_PARENT_MESSAGE).click(button="right", position={"x": 200, "y": 10})
    await work.at("message-menu").get_by_role("menuitem", name="Run as task").click()
    sent = await work.double.wait_for("/app/interactions/command")
    assert (sent["target"], sent["command"]) == (world.THREAD_PARENT_MESSAGE, "700000000000000003")
    await expect(work.at("message").last).to_contain_text("Made a task of that message.")
    await expect(work.at("message").last.locator(".message-origin .mention")).to_have_text("Run as task")


async def test_ones_own_message_is_edited_in_its_place_and_nobody_elses(general: Visit) -> None:
    await general.at("composer").press("ArrowUp")
    box = general.message(world.PINNED).get_by_test_id("edit-input")
    await expect(box).to_be_focused()
    await box.press("Escape")
    await expect(general.message(world.PINNED)).to_contain_text("House rule: main is only changed by pull requests.")
    assert await general.focused("data-message-id") == world.PINNED
    await general.message(world.PINNED).get_by_role("button", name="More actions").click()
    await general.page.get_by_role("menuitem", name="Edit message").click()
    await box.fill("House rule: nobody pushes to main.")
    await box.press("Enter")
    sent = await general.double.wait_for("/app/messages/edit")
    assert sent["content"] == "House rule: nobody pushes to main."
    assert (sent["user"], sent["message"]) == (world.ADA, world.PINNED)
    await expect(general.message(world.PINNED)).to_contain_text("nobody pushes to main. (edited)")
    await general.message(world.HOSTILE).get_by_role("button", name="More actions").click()
    await expect(general.page.get_by_role("menuitem", name="Copy text")).to_be_visible()
    await expect(general.page.get_by_role("menuitem", name="Edit message")).to_have_count(0)


async def test_pins_are_listed_and_lead_to_their_message(general: Visit) -> None:
    await general.at("pins-button").click()
    await expect(general.at("pins")).to_contain_text("House rule")
    await general.at("pins").get_by_role("button").click()
    await expect(general.message(world.PINNED)).to_be_focused()


async def test_unread_channels_and_pings_show_for_each_person(general: Visit) -> None:
    link = general.page.locator(f'[data-channel-id="{world.OPS}"]')
    posted = general.double.post(world.OPS, world.BOT, f"<@{world.ADA}> look", mentions=[world.person(world.ADA)])
    general.double.dispatch("PING", {"message": posted["id"], "channel": world.OPS, "users": [world.ADA, world.MO]})
    await expect(link.get_by_test_id("mention-badge")).to_have_text("1 mention")
    await expect(general.page.locator(".person", has_text="Mo")).to_contain_text("1 mentions")
    await expect(general.page).to_have_title("(1) #general · Ompycord playground")
    await link.click()
    await expect(general.at("divider-new")).to_be_visible()
    await expect(link.get_by_test_id("mention-badge")).to_have_count(0)


async def test_the_bot_is_killed_and_started_from_the_page(general: Visit) -> None:
    await expect(general.at("bot-state")).to_have_text("ompycord is online, process 4242")
    await general.at("bot-kill").click()
    await expect(general.at("bot-state")).to_have_text("ompycord is offline")
    await expect(general.at("offline-note")).to_contain_text("The bot is offline:")
    general.double.is_start_slow = True
    await general.at("bot-start").click()
    await expect(general.at("bot-state")).to_have_text("ompycord is starting…")
    await expect(general.at("bot-kill")).to_be_hidden()
    await general.at("bot-start").click(force=True)  # the impatient second press
    await expect(general.at("offline-note")).to_be_hidden()
    general.double.dispatch("BOT_STATUS", {"online": True, "pid": 4242})
    await expect(general.at("bot-kill")).to_be_visible()
    assert [path for path, _ in general.double.received] == ["/app/bot/kill", "/app/bot/start"]


async def test_a_lost_connection_is_said_and_what_was_missed_is_loaded(general: Visit) -> None:
    await general.page.context.set_offline(offline=True)
    general.double.end_streams()
    await expect(general.at("connection-lost")).to_be_visible()
    general.double.messages[world.GENERAL].append(
        world.message(general.double.next_id(), world.GENERAL, world.MO, "Said meanwhile")
    )
    await expect(general.page.get_by_role("button", name="Try now")).to_be_visible()
    await general.page.context.set_offline(offline=False)
    await general.page.locator("#reconnect").dispatch_event(
        "click"
    )  # it may be connected again by itself before we are here
    await expect(general.at("message").last).to_contain_text("Said meanwhile")
    await expect(general.at("connection-lost")).to_be_hidden()


async def test_the_drawer_shows_requests_buckets_and_what_was_refused(general: Visit) -> None:
    double = general.double
    double.add_wire("POST", "/channels/:id/messages", 200)
    bucket: world.Json = {"rule": "create-message", "of": world.GENERAL, "bucket": "b1", "limit": 5, "remaining": 0}
    double.buckets = [bucket | {"reset_s": 3.2}]
    await general.at("wire-button").click()
    await expect(general.at("wire-row")).to_contain_text("/channels/:id/messages2004" + "4.5 s12")
    double.add_wire("PATCH", "/channels/:id", 400, "Invalid Form Body (50035)", "name: This field is required")
    double.add_wire("DELETE", "/channels/:id", 500, fault="drop_after")
    await expect(general.at("wire-row").first).to_contain_text("lost drop after")
    await expect(general.at("wire-row")).to_have_count(3)
    await general.at("tab-buckets").click()
    await expect(general.at("bucket-row")).to_have_text("create-message#general 0 of 5, empty3.2 s")
    await expect(general.at("wire-row").first).to_be_hidden()
    await general.at("tab-refused").click()
    await expect(general.at("tab-refused")).to_have_text("Refused 1")
    await expect(general.at("refused-row")).to_contain_text("name: This field is required")
    await general.page.keyboard.press("Escape")
    await expect(general.at("wire")).to_be_hidden()
    assert await general.focused("data-testid") == "wire-button"


async def test_a_fault_is_begun_with_a_seed_taken_back_and_done_again(general: Visit) -> None:
    await general.at("wire-button").click()
    await general.at("tab-faults").click()
    drawn = await general.at("fault-seed").input_value()
    assert 1 <= int(drawn) <= 999_999
    await general.at("fault-seed").fill("4711")
    await general.at("fault-cut").click()
    assert await general.double.wait_for("/app/faults") == {"kind": "cut", "seed": 4711}
    row = general.at("fault-row").first
    await expect(row).to_contain_text("Cut the network, seed 4711: no connection for 6 s. In force.")
    await expect(general.at("fault-seed")).not_to_have_value("4711")
    await general.at("fault-cut").get_by_text("Restore the network").click()
    assert await general.double.wait_for("/app/faults/end") == {"kind": "cut"}
    await expect(row).to_contain_text("ended on the page.")
    await row.get_by_role("button", name="Cut the network again with seed 4711").click()
    assert await general.double.wait_for("/app/faults", 2) == {"kind": "cut", "seed": 4711}
    await expect(general.at("fault-row")).to_have_count(2)


async def test_a_fault_that_cannot_be_had_here_says_why(general: Visit) -> None:
    general.double.faults["not_here"] = {"fill": "this needs Linux"}
    await general.at("wire-button").click()
    await general.at("tab-faults").click()
    await expect(general.at("fault-fill")).to_be_disabled()
    await expect(general.at("fault-fill")).to_have_accessible_description(re.compile("Not here: this needs Linux."))


async def test_what_the_bot_says_of_itself_stands_beneath_its_name(general: Visit) -> None:
    said = {"status": "dnd", "words": "read-only: disk full"}
    general.double.dispatch("BOT_STATUS", {"online": True, "pid": 4242, "presence": said})
    await expect(general.page.get_by_label("Members", exact=True)).to_contain_text("read-only: disk full")


async def test_earlier_messages_are_loaded_when_asked_for(general: Visit) -> None:
    await general.go(world.LONG)
    await expect(general.at("message")).to_have_count(50)
    await general.page.locator("#messages").evaluate("pane => pane.scrollTop = 0")
    await expect(general.at("message")).to_have_count(100)
    await expect(general.page.get_by_text("Line 1000 of", exact=False)).to_have_count(0)
    await general.at("jump-present").click()
    await expect(general.page.get_by_text("Line 1119 of the long talk")).to_be_in_viewport()


async def test_a_message_that_is_too_long_stays_in_the_box(general: Visit) -> None:
    await general.at("composer").fill("x" * 2001)
    await general.at("send").click()
    await expect(general.at("composer-problem")).to_contain_text("may have 2000 characters; this one has 2001")
    await expect(general.at("composer")).to_have_value("x" * 2001)
    assert general.double.received == []


async def test_what_is_typed_elsewhere_while_a_message_is_sent_stays(general: Visit) -> None:
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        held.set()
        async with within(PATIENCE_S):
            await release.wait()
        await route.continue_()

    await general.page.route("**/app/messages", hold)
    await general.at("composer").fill("The first of two")
    await general.at("send").click()
    async with within(PATIENCE_S):
        await held.wait()
    await general.page.locator(f'[data-channel-id="{world.WORK}"]').first.click()
    await expect(general.page.get_by_role("heading", level=1)).to_contain_text("work")
    await general.at("composer").fill("Not sent yet")
    release.set()
    sent = await general.double.wait_for("/app/messages")
    assert sent["content"] == "The first of two"
    await general.page.locator(f'[data-channel-id="{world.GENERAL}"]').first.click()
    await expect(general.at("composer")).to_have_value("")
    await general.page.locator(f'[data-channel-id="{world.WORK}"]').first.click()
    await expect(general.at("composer")).to_have_value("Not sent yet")


async def test_a_file_of_a_message_is_previewed_as_text(work: Visit) -> None:
    file = work.at("attachment")
    await file.get_by_text("Preview change.diff").click()
    await expect(file.locator("pre")).to_contain_text("<script>window.hacked = 9</script>")
    await expect(file.locator("pre .diff-added")).to_have_text("+discount\n")
    await expect(file.locator("pre .diff-head")).to_have_text(["--- a\n", "+++ b\n"])
    work.double.post(world.WORK, world.BOT, "```diff\n-old\n+new\n kept\n```")
    block = work.at("message").last.locator("pre")
    await expect(block).to_have_text("-old\n+new\n kept")
    await expect(block.locator(".diff-removed")).to_have_text("-old\n")
    async with work.page.expect_download() as download:
        await file.get_by_role("button", name="Download change.diff").click()
    assert (await download.value).suggested_filename == "change.diff"


async def test_the_token_stands_in_no_link(work: Visit) -> None:
    found = await work.page.evaluate(
        "[...document.querySelectorAll('a')].filter(a => a.getAttribute('href').includes('token')).length"
    )
    assert found == 0


async def test_a_wrong_token_is_said_plainly(stage: Stage) -> None:
    async with stage.visit(world.GENERAL) as opened:
        await opened.page.goto(opened.double.address.replace("page-test-token", "other"))
        await expect(opened.page.get_by_role("alert")).to_contain_text("The token is missing or wrong.")
