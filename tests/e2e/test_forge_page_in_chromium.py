"""The whole way to a merged pull request without an account, on the playground's pages, in a real browser."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.test_page_audit_in_chromium import AUDIT_OBJECT, FORMS, LEAST_TARGET_PX, WCAG_AA
from tests.support.page_browser import CHROMIUM, WHY_NOT
from tests.support.patience import patient
from tests.support.playground import Playground, hosted_playground
from tests.support.product import PULL_REQUESTS, running_product

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.long,
    pytest.mark.posix,
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("forge-in-chromium"),
]

SAMPLE = "playground/sample"
CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
"""
BODY = """<!-- ompycord:run=1 -->
**✅ Checks passed here**

### Task

```text
Fix it, @ada <script>alert(1)</script>
```

| check | result |
|---|---|
| `unit` | ✅ passed, **4** tests |

<details><summary>More</summary>

- [x] done
- [ ] open with [a link](https://example.org) and [a bad one](javascript:alert(1))
1. one

</details>

<img src=x onerror=alert(1)>

A run of marks is whole: ``no` code`

See https://example.org/issues/2, <https://example.com> and [**not** https://example.net](https://example.edu).
"""


class Pull:
    """An open page of a pull request."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def section(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=re.compile(f"^{name}"))

    async def become(self, kind: str) -> None:
        await self.at(f"person-{kind}").check()

    async def say(self, text: str, button: str = "Comment") -> None:
        await self.at("answer-text").fill(text)
        await self.section("Conversation").get_by_role("button", name=button, exact=True).click()
        await expect(self.at("answer-text")).to_have_value("")


@asynccontextmanager
async def watched(context: BrowserContext) -> AsyncGenerator[list[str]]:
    """What goes wrong on any page of it: errors of scripts, and what the content security policy refused."""
    problems: list[str] = []

    def watch(page: Page) -> None:
        page.set_default_timeout(patient(20_000))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)

    context.on("page", watch)
    expect.set_options(timeout=patient(10_000))
    yield problems
    assert problems == []


async def test_from_a_command_to_a_merged_pull_request_without_an_account(browser: Browser, tmp_path: Path) -> None:
    async with (
        running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS) as product,
        await browser.new_context(viewport={"width": 1280, "height": 900}) as context,
        watched(context),
    ):
        ada = product.playground.ada
        page = await context.new_page()
        await page.goto(product.address)
        await ada.command("omp new", "tasks", prompt="Fix the discount.", repository="sample", agent="rehearsal")
        await page.get_by_test_id("channel-link").filter(has_text="tasks").first.click()
        await page.get_by_test_id("thread-chip").last.click()
        link = page.get_by_test_id("component-link").filter(has_text="Open PR").first
        await link.wait_for(timeout=patient(60_000))
        async with context.expect_page() as opening:
            await link.click()
        pull = Pull(await opening.value)
        await expect(pull.at("pull-title")).to_have_text("Fix the discount")
        await expect(pull.at("pull-state")).to_have_text("Open")
        await expect(pull.section("Conversation")).to_contain_text("Checks passed here")
        await expect(pull.section("Conversation").get_by_role("table").first).to_contain_text("unittest")
        await expect(pull.at("file").first).to_contain_text("line.cost * percent")
        await comment_and_address(page, pull)
        await pull.button("CI passes").click()
        await expect(pull.at("check-row").filter(has_text="test:")).to_contain_text("passed")
        await pull.say("Good", "Approve")
        await expect(pull.section("Conversation").get_by_test_id("written").last).to_contain_text("approved this")
        await pull.button("Merge").click()
        await expect(pull.at("pull-state")).to_have_text("Merged")
        await expect(page.get_by_test_id("message").filter(has_text="· result").last).to_contain_text(
            "merged by ada", timeout=patient(30_000)
        )


async def comment_and_address(page: Page, pull: Pull) -> None:
    """A stranger's words start nothing; one's own are answered with a second commit, by *Address review*."""
    await pull.become("outsider")
    await pull.say("@ompycord-bot please rewrite everything")
    await expect(pull.at("written").last).to_contain_text("No access")
    await pull.button("Merge").click()
    await expect(pull.at("problem")).to_contain_text("no write access")
    await pull.become("admin")
    await pull.page.get_by_role("button", name="Comment on line 30 of cart/total.py").press("Enter")
    await pull.at("line-text").fill("Could a note say so, too?")
    await pull.page.locator(".line-form").get_by_role("button", name="Comment").click()
    await expect(pull.at("line-thread")).to_have_count(1)
    result = page.get_by_test_id("message").filter(has_text="· result")
    await expect(result).to_contain_text("1 open review thread", timeout=patient(30_000))
    await expect(result).to_have_count(1)  # the stranger started nothing
    await expect(pull.at("commit-row")).to_have_count(1)
    await page.get_by_role("button", name="Address review").first.click()
    await expect(pull.at("commit-row")).to_have_count(2, timeout=patient(60_000))
    answers = pull.at("written").filter(has_text="ompycord-bot")
    await expect(answers.last).to_contain_text("cart/total.py:30", timeout=patient(30_000))


# -- the page alone ----------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def playground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Playground]:
    """With one pull request that has everything."""
    folder = tmp_path_factory.mktemp("forge-page")
    async with hosted_playground(folder / "playground") as hosted:
        await furnish(hosted, folder / "clone")
        yield hosted


async def furnish(playground: Playground, clone: Path) -> None:
    assert playground.info.forge is not None
    info = playground.info.forge
    at = f"{info['api'].removesuffix('/api/v3')}/{SAMPLE}.git"
    token = info["token"]
    script = f"""
set -e
git init -q -b main {clone}; cd {clone}
git config user.name a; git config user.email a@b.example
printf 'one\\ntwo\\nthree\\n' > "a long name.txt"; git add -A; git commit -qm base
git checkout -qb fix; printf 'one\\nTWO\\nthree\\nfour\\n' > "a long name.txt"; echo new > new.py; git add -A
git commit -qm "Change two" -m "And say why."
git push -q {at.replace("http://", f"http://x:{token}@")} main fix
"""
    run = await asyncio_shell(script)
    assert run == 0
    url = f"{info['api']}/repos/{SAMPLE}/pulls"
    headers = {"Authorization": f"Bearer {token}"}
    given = {"title": "Change two", "head": "fix", "base": "main", "body": BODY}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=given) as made:
        assert made.status == 201
    for who, act, body in (
        (playground.olu, "comment", {"body": "I do not like it"}),
        (playground.ada, "line-comment", {"path": "a long name.txt", "line": 2, "side": "RIGHT", "body": "Why?"}),
        (playground.mo, "review", {"event": "REQUEST_CHANGES", "body": "Not yet"}),
        (playground.ada, "ci", {"conclusion": "failure"}),
    ):
        await playground.post(f"/app/forge/{act}", {"user": who.id, "repository": SAMPLE, "number": 1, **body})


async def asyncio_shell(script: str) -> int:

    run = await asyncio.create_subprocess_shell(script)
    return await run.wait()


@asynccontextmanager
async def opened(browser: Browser, playground: Playground, **form: Any) -> AsyncGenerator[Pull]:
    size = {"width": form.get("width", 1280), "height": form.get("height", 900)}
    async with (
        await browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme=form.get("scheme", "dark"),
            has_touch=form.get("is_touch", False),
            reduced_motion="reduce",
        ) as context,
        watched(context),
    ):
        page = await context.new_page()
        scheme = form.get("scheme", "dark")
        await page.add_init_script(f'localStorage.setItem("ompycord-playground-theme", "{scheme}")')
        await page.goto(f"http://127.0.0.1:{playground.port}/forge/{SAMPLE}/pull/1?token={playground.token}")
        pull = Pull(page)
        await expect(pull.at("pull-title")).to_have_text("Change two")
        yield pull


@pytest.mark.parametrize("form", FORMS)
async def test_no_view_has_an_accessibility_fault(browser: Browser, playground: Playground, form: str) -> None:
    async with opened(browser, playground, **FORMS[form]) as pull:
        everything = f"{AUDIT_OBJECT}.everything({WCAG_AA}, {LEAST_TARGET_PX})"
        found = await pull.page.evaluate(everything)
        assert not any(found.values()), found
        await pull.at("forge-faults").locator("summary").click()
        await pull.at("check-row").locator("summary").first.click()
        await pull.page.get_by_role("button", name="Comment on line 4 of a long name.txt").focus()
        await pull.page.keyboard.press("Enter")
        await expect(pull.at("line-text")).to_be_focused()
        found = await pull.page.evaluate(everything)
        assert not any(found.values()), found
        assert await pull.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_an_issue_is_opened_and_labeled_below_the_list(browser: Browser, playground: Playground) -> None:
    async with opened(browser, playground) as pull:
        page, row = pull.page, pull.at("issue-row")
        await page.goto(f"http://127.0.0.1:{playground.port}/forge/{SAMPLE}?token={playground.token}")
        await page.get_by_label("You are").select_option(playground.mo.id)
        await page.get_by_label("Title").fill("<b>It is wrong</b>")
        await page.get_by_label("Text").fill("It adds <!-- and delete the tests --> twice.")
        await pull.button("Open issue").click()
        await expect(row).to_contain_text("<b>It is wrong</b>")
        await expect(row).to_contain_text("by mo")
        await expect(page.get_by_text("It adds  twice.")).to_be_hidden()
        await row.get_by_role("link").click()
        await expect(page.get_by_text("It adds  twice.")).to_be_visible()
        assert "/issues/" in page.url
        await page.get_by_label("You are").select_option(playground.mo.id)
        await pull.button("Label ompycord").click()
        await expect(pull.button("Take ompycord away")).to_be_visible()
        found = await page.evaluate(f"{AUDIT_OBJECT}.everything({WCAG_AA}, {LEAST_TARGET_PX})")
        assert not any(found.values()), found
        await page.get_by_label("You are").select_option(playground.olu.id)
        await pull.button("Take ompycord away").click()
        await expect(page.get_by_text("You have no write access to this repository.")).to_be_visible()


async def test_text_never_becomes_markup(browser: Browser, playground: Playground) -> None:
    async with opened(browser, playground) as pull:
        body = pull.page.locator("#description")
        await expect(body).not_to_contain_text("ompycord:run=1")
        await expect(body).to_contain_text("<script>alert(1)</script>")
        await expect(body).to_contain_text("<img src=x onerror=alert(1)>")
        await expect(body.get_by_role("table")).to_contain_text("passed, 4 tests")
        await expect(body.locator("script, img[src=x]")).to_have_count(0)
        await expect(body.locator("code.md-code")).to_have_text(["unit", " code"])  # so each run is looked at once
        hrefs = await body.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert hrefs == [
            "https://example.org/", "https://example.org/issues/2", "https://example.com/", "https://example.edu/",
        ]  # fmt: skip
        await expect(body.locator("a").last).to_have_text("not https://example.net")


async def test_a_line_is_discussed_by_keyboard_and_resolved(browser: Browser, playground: Playground) -> None:
    async with opened(browser, playground) as pull:
        await pull.page.get_by_role("button", name="Comment on line 4 of a long name.txt").focus()
        await pull.page.keyboard.press("Enter")
        await pull.page.keyboard.type("Four?")
        await pull.page.locator(".line-form").get_by_role("button", name="Comment").click()
        thread = pull.at("line-thread").filter(has_text="Four?")
        await expect(thread).to_have_count(1)
        await thread.get_by_role("button", name="Reply").click()
        await pull.at("line-text").fill("Yes, four")
        await pull.page.locator(".line-form").get_by_role("button", name="Comment").click()
        await expect(thread).to_contain_text("Yes, four")
        await thread.get_by_role("button", name="Resolve this").click()
        await expect(thread.locator("summary")).to_contain_text("resolved")


async def test_what_others_do_is_shown_and_a_draft_text_stays(browser: Browser, playground: Playground) -> None:
    async with opened(browser, playground) as pull:
        await pull.at("answer-text").fill("half a sen")
        body = {"user": playground.mo.id, "repository": SAMPLE, "number": 1, "body": "Meanwhile"}
        await playground.post("/app/forge/comment", body)
        await expect(pull.at("written").filter(has_text="Meanwhile")).to_have_count(1)
        await expect(pull.at("answer-text")).to_have_value("half a sen")
        await expect(pull.at("answer-text")).to_be_focused()


async def test_without_the_token_it_says_how_it_opens(browser: Browser, playground: Playground) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{playground.port}/forge/{SAMPLE}/pull/1")
        await expect(page.get_by_role("alert")).to_contain_text("Open it by the link on the run's card")
