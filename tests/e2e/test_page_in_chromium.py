"""What a person does on the playground's page, in a real browser over the page's double."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Visit, chromium, visit

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def work(browser: Browser) -> AsyncIterator[Visit]:
    async with visit(browser, channel=world.WORK) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def general(browser: Browser) -> AsyncIterator[Visit]:
    async with visit(browser, channel=world.GENERAL) as opened:
        yield opened


async def test_a_command_is_completed_filled_and_sent(work: Visit) -> None:
    keyboard = work.page.keyboard
    await work.at("composer").fill("/ne")
    await expect(work.at("completion-item").first).to_contain_text("/omp new")
    await keyboard.press("Enter")
    await expect(work.at("command-name")).to_have_text("/omp new")
    await keyboard.type("prompt:")
    await keyboard.type("Fix the cart")
    await work.at("option-more").focus()
    await keyboard.type("repo")
    await keyboard.press("Enter")
    await keyboard.type("sh")
    await expect(work.at("completion-item")).to_have_text("shop (repository)")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(work.at("option-repository")).to_have_value("shop (repository)")
    await keyboard.type("mode")
    await keyboard.press("Enter")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(work.at("option-mode")).to_have_value("standard")
    await keyboard.press("Enter")
    sent = await work.double.wait_for("/app/interactions/command")
    values = {option["name"]: option["value"] for option in sent["options"][0]["options"]}
    assert sent["options"][0]["name"] == "new"
    assert values == {"prompt": "Fix the cart", "repository": "shop", "mode": "standard"}
    await expect(work.at("embed").last).to_contain_text("Queued")
    await expect(work.at("command-form")).to_have_count(0)


async def test_wrong_option_values_are_said_and_nothing_is_sent(work: Visit) -> None:
    await work.at("composer").fill("/omp new ")
    for typed, said in (
        ("budget:9000", "budget must be at most 50."),
        ("mode:careless", "Choose mode from the list."),
        ("prompt:" + "x" * 201, "prompt may have at most 200 characters; it has 201."),
    ):
        name, value = typed.split(":")
        await work.at("option-more").fill(f"{name}:")
        await work.page.keyboard.insert_text(value)
        await work.at("send").click()
        await expect(work.at("composer-problem")).to_have_text(said)
        assert await work.focused("data-testid") == f"option-{name}"
        await expect(work.at(f"option-{name}")).to_have_value(value)
        await work.at(f"option-{name}").fill("")
        await work.page.keyboard.press("Backspace")
    assert not [path for path, _ in work.double.received if path.endswith("/command")]


async def test_a_required_option_is_asked_for(work: Visit) -> None:
    await work.at("composer").fill("/omp say ")
    await expect(work.at("option-message")).to_be_focused()
    await work.page.keyboard.press("Enter")
    await expect(work.at("composer-problem")).to_have_text("message is required.")


async def test_a_file_option_is_uploaded_with_the_command(work: Visit) -> None:
    await work.at("composer").fill("/omp new ")
    await work.at("option-more").fill("file:")
    await work.at("option-file").set_input_files({"name": "log.txt", "mimeType": "text/plain", "buffer": b"trace"})
    await work.at("send").click()
    sent = await work.double.wait_for("/app/interactions/command")
    option = sent["options"][0]["options"][0]
    assert (option["name"], option["type"]) == ("file", 11)
    assert sent["attachments"] == [option["value"]]


async def test_administration_is_offered_to_those_who_may(work: Visit) -> None:
    await work.at("composer").fill("/omp-")
    await expect(work.at("completion-item")).to_have_text(["/omp-admin setupSet the server up"])
    await work.at("person-outsider").check()
    await expect(work.at("notice")).to_have_text("You are Olu now.")
    await work.at("composer").fill("/")
    await expect(work.at("completion-item").first).to_be_visible()
    assert "omp-admin" not in await work.at("completion").inner_text()


async def test_a_form_is_checked_here_and_on_the_server_and_keeps_the_text(work: Visit) -> None:
    await work.control("say").click()
    await expect(work.at("modal")).to_contain_text("New task in #work")
    prompt = work.at("modal").locator("textarea")
    await prompt.fill("short")
    await work.at("modal-submit").click()
    await expect(work.at("field-error").first).to_have_text("Write at least 10 characters; there are 5.")
    await expect(prompt).to_be_focused()
    await prompt.fill("The cart total ignores the discount")
    await work.at("modal").locator('button[data-custom-id="agent"]').click()
    await work.page.get_by_role("option", name="omp · standard").click()
    await work.at("modal-file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    await expect(work.at("modal")).to_contain_text("a.txt · 1 bytes")
    work.double.refused_modal = {"prompt": "This repository is closed today."}
    await work.at("modal-submit").click()
    await expect(work.at("field-error").first).to_have_text("This repository is closed today.")
    work.double.refused_modal = {}
    await work.at("modal-submit").click()
    await expect(work.at("modal")).to_have_count(0)
    await expect(work.at("message").last).to_contain_text("Task: The cart total ignores the discount")
    values = (await work.double.wait_for("/app/interactions/modal", 2))["values"]
    assert values["agent"] == ["omp"]
    assert values["repository"] == ["sample"]
    assert values["done_when"] == "tests pass"
    assert len(values["files"]) == 1


async def test_a_form_without_an_answer_stays_open_with_its_text(work: Visit) -> None:
    work.double.is_modal_silent = True
    await work.control("say").click()
    await work.at("modal").locator("textarea").fill("A prompt of some length")
    await work.at("modal").locator('button[data-custom-id="agent"]').click()
    await work.page.get_by_role("option", name="omp · fast").click()
    await work.at("modal-submit").click()
    await expect(work.at("modal-problem")).to_have_text("The application did not respond. Your text is still here.")
    await expect(work.at("modal").locator("textarea")).to_have_value("A prompt of some length")


async def test_a_button_edits_the_card_and_an_unanswered_one_says_so(work: Visit) -> None:
    await work.control("stop").click()
    await expect(work.message(world.CARD)).to_contain_text("Stopped")
    await expect(work.message(world.CARD)).to_contain_text("(edited)")
    await expect(work.control("later")).to_be_disabled()
    await work.control("silent").click()
    await expect(work.at("interaction-failure")).to_have_text("The application did not respond")
    posted = await work.double.wait_for("/app/interactions/component")
    assert posted == {"user": world.ADA, "channel": world.WORK, "message": world.CARD, "custom_id": "stop"}


async def test_selects_send_one_several_and_people(work: Visit) -> None:
    await work.control("agent").click()
    await work.page.get_by_role("option", name="Codex").click()
    await expect(work.at("message").last).to_contain_text("agent: codex")
    await work.control("checks").click()
    for name in ("pyright", "pytest", "ruff"):
        await work.page.get_by_role("option", name=name).click()
    await work.at("picker-done").click()
    await expect(work.at("message").last).to_contain_text("checks: pytest, pyright")
    for custom_id, label, value in (("who", "Mo", world.MO), ("role", "runner", world.RUNNER_ROLE), ("where", "ops", world.OPS)):
        await work.control(custom_id).click()
        await work.page.get_by_role("option", name=label).click()
        await expect(work.at("message").last).to_contain_text(f"{custom_id}: {value}")


async def test_an_ephemeral_answer_is_for_one_person_and_can_be_dismissed(work: Visit) -> None:
    await expect(work.at("ephemeral-note")).to_have_count(1)
    await work.control("details").click()
    await expect(work.at("ephemeral-note")).to_have_count(2)
    await expect(work.at("ephemeral-note").last).to_contain_text("Only you can see this · Dismiss")
    await work.at("ephemeral-dismiss").last.click()
    await expect(work.at("ephemeral-note")).to_have_count(1)
    await work.at("person-member").check()
    await expect(work.at("ephemeral-note")).to_have_count(0)


async def test_the_page_says_what_it_waits_for_and_what_failed(work: Visit) -> None:
    await work.at("composer").fill("/omp slow ")
    await work.page.keyboard.press("Enter")
    await expect(work.at("interaction-pending")).to_contain_text("ompycord is thinking…")
    await work.at("composer").fill("/omp silent ")
    await work.page.keyboard.press("Enter")
    await expect(work.at("interaction-failed")).to_contain_text("The application did not respond")
    await work.page.get_by_role("button", name="Edit and try again").click()
    await expect(work.at("command-name")).to_have_text("/omp silent")


async def test_a_thread_opens_in_the_main_pane_and_leads_back(work: Visit) -> None:
    await work.at("thread-chip").click()
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("Cart ignores discount")
    await expect(work.at("message").last).to_contain_text("Watching.")
    await work.at("composer").fill("Thanks @Mo")
    await work.at("send").click()
    sent = await work.double.wait_for("/app/messages")
    assert sent == {"user": world.ADA, "channel": world.THREAD, "content": f"Thanks <@{world.MO}>"}
    await expect(work.at("message").last).to_contain_text("Thanks @Mo")
    await work.at("parent-link").click()
    await expect(work.page.get_by_role("heading", level=1)).to_contain_text("work")


async def test_new_threads_appear_beneath_their_channel_and_gone_channels_leave(work: Visit) -> None:
    thread: world.Json = {"id": "990", "type": 11, "name": "Fresh run", "parent_id": world.OPS, "guild_id": world.GUILD}
    work.double.dispatch("THREAD_CREATE", thread)
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


async def test_markdown_becomes_what_discord_shows(general: Visit) -> None:
    message = general.message("300000000000000003")
    await expect(message.get_by_role("heading", name="Release notes")).to_be_visible()
    for tag, text in (("strong", "Bold"), ("em", "italic"), ("u", "underlined"), ("s", "struck"), ("pre", "<b>not markup</b>")):
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
    general.double.post(world.GENERAL, world.BOT, f"Began <t:{now}:R>")
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


async def test_a_message_command_runs_from_the_menu(work: Visit) -> None:
    await work.message(world.THREAD_PARENT_MESSAGE).click(button="right", position={"x": 200, "y": 10})
    await work.at("message-menu").get_by_role("menuitem", name="Run as task").click()
    sent = await work.double.wait_for("/app/interactions/command")
    assert (sent["target"], sent["command"]) == (world.THREAD_PARENT_MESSAGE, "700000000000000003")
    await expect(work.at("message").last).to_contain_text("Made a task of that message.")


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
    await expect(general.page.get_by_text("The bot is offline:")).to_be_visible()
    await general.at("bot-start").click()
    await expect(general.at("bot-kill")).to_be_visible()
    assert [path for path, _ in general.double.received] == ["/app/bot/kill", "/app/bot/start"]


async def test_a_lost_connection_is_said_and_what_was_missed_is_loaded(general: Visit) -> None:
    await general.page.context.set_offline(offline=True)
    general.double.end_streams()
    await expect(general.at("connection-lost")).to_be_visible()
    general.double.messages[world.GENERAL].append(world.message(general.double.next_id(), world.GENERAL, world.MO, "Said meanwhile"))
    await general.page.context.set_offline(offline=False)
    await general.page.get_by_role("button", name="Try now").click()
    await expect(general.at("message").last).to_contain_text("Said meanwhile")
    await expect(general.at("connection-lost")).to_be_hidden()


async def test_the_wire_lists_the_bots_requests(general: Visit) -> None:
    general.double.add_wire("POST", "/channels/:id/messages", 200)
    await general.at("wire-button").click()
    await expect(general.at("wire-row")).to_contain_text("/channels/:id/messages")
    general.double.add_wire("PATCH", "/channels/:id/messages/:id", 429)
    await expect(general.at("wire-row").first).to_contain_text("429")


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


async def test_a_file_of_a_message_is_previewed_as_text(work: Visit) -> None:
    file = work.at("attachment")
    await file.get_by_text("Preview change.diff").click()
    await expect(file.locator("pre")).to_contain_text("<script>window.hacked = 9</script>")
    async with work.page.expect_download() as download:
        await file.get_by_role("button", name="Download change.diff").click()
    assert (await download.value).suggested_filename == "change.diff"


async def test_the_token_stands_in_no_link(work: Visit) -> None:
    found = await work.page.evaluate("[...document.querySelectorAll('a')].filter(a => a.href.includes('page-test-token') && !a.hash).length")
    assert found == 0


async def test_a_wrong_token_is_said_plainly(browser: Browser) -> None:
    async with visit(browser, channel=world.GENERAL) as opened:
        await opened.page.goto(opened.double.address.replace("page-test-token", "other"))
        await expect(opened.page.get_by_role("alert")).to_contain_text("The token is missing or wrong.")
