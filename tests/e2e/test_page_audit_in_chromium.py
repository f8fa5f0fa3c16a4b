"""The playground's page under an audit of accessibility: every view, dark, light and on a phone, in a real browser.

`tests/support/page_audit.js` says what is checked.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support import page_world as world
from tests.support.page_browser import CHROMIUM, WHY_NOT, Stage, Visit

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
]

WCAG_AA = 4.5
LEAST_TARGET_PX = 24
"""WCAG 2.5.8, level AA."""
AUDIT = (Path(__file__).resolve().parents[1] / "support" / "page_audit.js").read_text("utf-8")
AUDIT_OBJECT = AUDIT.split("\n", 1)[1].rstrip("; \n")
FORMS: dict[str, dict[str, Any]] = {
    "dark": {"scheme": "dark"},
    "light": {"scheme": "light"},
    "phone": {"is_touch": True, "width": 390, "height": 780},
}
MOST_STOPS = 120


async def audit(opened: Visit, check: str) -> Any:
    return await opened.page.evaluate(f"{AUDIT_OBJECT}.{check}")


async def wrong(opened: Visit) -> dict[str, list[str]]:
    return await audit(opened, f"everything({WCAG_AA}, {LEAST_TARGET_PX})")


async def channel_views(opened: Visit) -> AsyncIterator[str]:
    """Channels, a thread, what failed and waits, the bot offline, and on a phone the list of channels."""
    yield "channel"
    await opened.control("silent").click()
    await expect(opened.at("interaction-failure")).to_be_visible()
    await opened.at("bot-kill").click()
    await expect(opened.at("bot-start")).to_be_visible()
    yield "channel with a failure and the bot offline"
    if await opened.page.locator("#sidebar").is_visible():
        await opened.at("thread-chip").click()
        await expect(opened.at("thread-composer")).to_be_visible()
        yield "channel with a thread at its right"
    await opened.go(world.THREAD)
    yield "thread"
    await opened.go(world.GENERAL)
    yield "channel with every kind of markdown"
    await opened.message(world.HOSTILE).get_by_role("button", name="Reply").press("Enter")
    await expect(opened.at("reply-bar")).to_be_visible()
    yield "a message that is answered"
    await opened.page.keyboard.press("Escape")
    await opened.at("composer").press("ArrowUp")
    await expect(opened.at("edit-input")).to_be_visible()
    yield "a message that is edited"
    await opened.page.keyboard.press("Escape")
    if await opened.page.locator("#sidebar-button").is_visible():
        await opened.page.locator("#sidebar-button").click()
        await expect(opened.at("channel-list")).to_be_visible()
        yield "list of channels"
        await opened.page.keyboard.press("Escape")
    await opened.go(world.WORK)


async def drawer_views(opened: Visit) -> AsyncIterator[str]:
    opened.double.add_wire("PATCH", "/channels/:id", 429, "You are being rate limited.")
    opened.double.add_wire("PATCH", "/channels/:id", 500, fault="drop_after")
    bucket: world.Json = {"rule": "create-message", "of": world.WORK, "bucket": "b1", "limit": 5, "remaining": 0}
    opened.double.buckets = [bucket | {"reset_s": 3.2}]
    opened.double.faults["not_here"] = {"fill": "this needs Linux"}
    await opened.at("wire-button").click()
    await expect(opened.at("wire-row")).to_have_count(2)
    yield "requests"
    for tab, row in (("tab-buckets", "bucket-row"), ("tab-refused", "refused-row")):
        await opened.at(tab).click()
        await expect(opened.at(row)).to_have_count(1)
        yield tab
    await opened.at("tab-faults").click()
    await opened.at("fault-cut").click()
    await expect(opened.at("fault-row")).to_have_count(1)
    yield "faults"
    await opened.at("wire-close").click()


async def floating_views(opened: Visit) -> AsyncIterator[str]:
    """Everything that lies over the channel: completion, lists, menus, pins, dialogs."""
    keyboard = opened.page.keyboard
    await opened.at("composer").fill("/")
    await expect(opened.at("completion-item").first).to_be_visible()
    yield "commands to choose from"
    await opened.at("composer").fill("/omp new ")
    await opened.at("option-more").fill("mode:")
    await expect(opened.at("completion-item").first).to_be_visible()
    yield "a command with options"
    await keyboard.press("Escape")
    await opened.control("who").click()
    yield "select"
    await keyboard.press("Escape")
    card = opened.message(world.CARD)
    for name in ("More actions", "Add reaction"):
        button = card.get_by_role("button", name=name)
        if await opened.page.evaluate("matchMedia('(hover: none)').matches"):
            await button.press("Enter")  # a finger has no toolbar: it holds the message instead
        else:
            await button.click()
        yield name
        await keyboard.press("Escape")
    await opened.at("pins-button").click()
    await expect(opened.at("pins")).to_be_visible()
    yield "pins"
    await keyboard.press("Escape")
    await opened.at("threads-button").click()
    await expect(opened.at("threads")).to_be_visible()
    yield "threads"
    await keyboard.press("Escape")
    await keyboard.press("Control+k")
    await expect(opened.at("switcher-input")).to_be_visible()
    yield "switcher"
    await keyboard.press("Escape")
    await opened.control("say").click()
    await opened.at("modal-submit").click()
    await expect(opened.at("field-error").first).to_be_visible()
    yield "form with errors"
    await keyboard.press("Escape")


@pytest.mark.parametrize("form", FORMS)
async def test_no_view_has_an_accessibility_fault(stage: Stage, form: str) -> None:
    async with stage.visit(world.WORK, **FORMS[form]) as opened:
        found: dict[str, dict[str, list[str]]] = {}
        seen = 0
        for views in (channel_views, drawer_views, floating_views):
            async for view in views(opened):
                seen += 1
                found |= {view: faults} if (faults := await wrong(opened)) else {}
        assert found == {}
        assert seen >= 16


PLANTED = {
    "nameless": "<button></button>",
    "duplicateIds": '<p id="messages"></p>',
    "dangling": '<p aria-describedby="nobody"></p>',
    "landmarks": "<h1>Another</h1>",
    "unlabelled": '<input placeholder="only this">',
    "roles": '<p role="tab" tabindex="0">A tab of nothing</p>',
    "plainLinks": '<p class="message-content"><a href="#x" id="plain">x</a></p>',
    "smallTargets": '<button id="tiny">x</button>',
    "runsOver": '<p id="wide">x</p>',
    "lowContrast": '<p id="pale">x</p>',
}
PLANT = """html => {
  const box = document.createElement("div");
  box.id = "planted";
  box.innerHTML = html;
  document.getElementById("main").append(box);
  const styles = {
    plain: {textDecoration: "none"},
    tiny: {height: "10px", display: "block", padding: 0},
    wide: {width: "3000px"},
    pale: {color: "#777", background: "#888"},
  };
  for (const [id, style] of Object.entries(styles)) Object.assign(document.getElementById(id)?.style ?? {}, style);
}"""


async def test_the_audit_sees_each_fault_that_is_planted(work: Visit) -> None:
    for check, html in PLANTED.items():
        await work.page.evaluate(PLANT, html)
        assert check in await wrong(work), check
        await work.page.evaluate("document.getElementById('planted').remove()")
    assert await wrong(work) == {}


async def test_a_walk_by_keyboard_reaches_everything_in_order_and_is_never_caught(work: Visit) -> None:
    await work.at("wire-button").click()
    await work.page.locator(".skip-link").focus()
    walked: list[str] = [await audit(work, "focusedName()")]
    invisible: list[str] = []
    for _ in range(MOST_STOPS):
        await work.page.keyboard.press("Tab")
        stop: str = await audit(work, "focusedName()")
        if stop in {"body", walked[0]}:
            break
        walked.append(stop)
        invisible += await audit(work, "focusIsInvisible()")
    assert invisible == []
    assert [stop for stop in walked if walked.count(stop) > 1] == [], "reached twice before the end"
    places = await audit(work, "inOrder()")
    assert [stop for stop in places if stop not in walked] == []
    assert walked == [stop for stop in places if stop in walked]
    assert len(walked) < MOST_STOPS, "caught"


async def test_the_audit_sees_a_focus_that_does_not_show(work: Visit) -> None:
    await work.page.keyboard.press("Tab")
    await work.at("wire-button").focus()
    assert await audit(work, "focusIsInvisible()") == []
    await work.page.evaluate("document.getElementById('wire-button').style.outline = 'none'")
    assert await audit(work, "focusIsInvisible()") != []
