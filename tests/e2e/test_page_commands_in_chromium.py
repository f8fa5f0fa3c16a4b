"""Commands, forms, buttons and selects on the playground's page, in a real browser over the page's double."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Visit

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
]


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
    await expect(work.at("notice")).to_have_text("Switched to Olu")
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


async def test_files_that_are_dropped_on_a_form_go_with_it(work: Visit, tmp_path: Path) -> None:
    """As the browser does it with files of the desktop: the drag marks the field, the drop takes them."""
    files = [tmp_path / "trace.log", tmp_path / "shot.png"]
    for file in files:
        file.write_bytes(b"abc")
    await work.control("say").click()
    zone = work.at("modal").locator(".drop-zone")
    await zone.scroll_into_view_if_needed()
    box = await zone.bounding_box()
    assert box is not None
    devtools = await work.page.context.new_cdp_session(work.page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}

    async def drag(step: str) -> None:
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        await devtools.send("Input.dispatchDragEvent", {"type": step, **place, "data": data})  # pyright: ignore[reportUnknownMemberType]  # its parameters are an untyped dict

    await drag("dragEnter")
    await drag("dragOver")
    await expect(zone).to_have_class(re.compile("is-over"))
    await drag("drop")
    await expect(zone).not_to_have_class(re.compile("is-over"))
    await expect(work.at("modal")).to_contain_text("trace.log · 3 bytes")
    await expect(work.at("modal")).to_contain_text("shot.png · 3 bytes")
    await work.at("modal").locator("textarea").fill("The cart total ignores the discount")
    await work.at("modal").locator('button[data-custom-id="agent"]').click()
    await work.page.get_by_role("option", name="omp · standard").click()
    await work.at("modal-submit").click()
    values = (await work.double.wait_for("/app/interactions/modal"))["values"]
    assert len(values["files"]) == 2


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
    for custom_id, label, value in (
        ("who", "Mo", world.MO),
        ("role", "runner", world.RUNNER_ROLE),
        ("where", "ops", world.OPS),
    ):
        await work.control(custom_id).click()
        await work.page.get_by_role("option", name=label).click()
        await expect(work.at("message").last).to_contain_text(f"{custom_id}: {value}")


async def test_an_ephemeral_answer_is_for_one_person_and_can_be_dismissed(work: Visit) -> None:
    await expect(work.at("ephemeral-note")).to_have_count(0)  # what was there before the page is gone, as in Discord
    work.double.post(world.WORK, world.BOT, "You can watch here.", flags=64, ephemeral_for=world.ADA)
    await expect(work.at("ephemeral-note")).to_have_count(1)
    await work.control("details").click()
    await expect(work.at("ephemeral-note")).to_have_count(2)
    await expect(work.at("ephemeral-note").last).to_contain_text("Only you can see this · Dismiss message")
    await work.at("ephemeral-dismiss").last.click()
    await expect(work.at("ephemeral-note")).to_have_count(1)
    await work.at("person-member").check()
    await expect(work.at("ephemeral-note")).to_have_count(0)
    stray = world.message(
        "850000000000000001", world.WORK, world.BOT, "For Ada only", flags=64, ephemeral_for=world.ADA
    )
    work.double.dispatch("MESSAGE_CREATE", stray)
    work.double.post(world.WORK, world.BOT, "For everybody")
    await expect(work.at("message").filter(has_text="For everybody")).to_be_visible()
    await expect(work.page.get_by_text("For Ada only")).to_have_count(0)


async def test_the_page_says_what_it_waits_for_and_what_failed(work: Visit) -> None:
    await work.at("composer").fill("/omp slow ")
    await work.page.keyboard.press("Enter")
    await expect(work.at("interaction-pending")).to_have_text("Sending command…")
    await work.double.wait_for("/app/interactions/command")
    work.double.defer(work.double.slow[0], world.ADA)
    await expect(work.at("interaction-pending")).to_contain_text("ompycord is thinking…")
    await work.at("composer").fill("/omp silent ")
    await work.page.keyboard.press("Enter")
    await expect(work.at("interaction-failed")).to_contain_text("The application did not respond")
    await work.page.get_by_role("button", name="Edit and try again").click()
    await expect(work.at("command-name")).to_have_text("/omp silent")
