"""The playground's sample ends as a pull request on the playground's own forge, in a new data folder and an old one."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_follow_up import result_of
from tests.support.product import PULL_REQUESTS, Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long]

SAMPLE = "playground/sample"
CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
"""


async def start(product: Product, words: str = "Fix the discount.") -> None:
    await product.playground.ada.command("omp new", "tasks", prompt=words, repository="sample", agent="rehearsal")


async def page(product: Product, number: int = 1) -> Any:
    return await product.playground.get(f"/app/forge/pull?repository={SAMPLE}&number={number}")


async def test_a_run_of_the_sample_ends_as_a_pull_request_with_evidence(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS) as product:
        await start(product)
        run, result = await result_of(product.playground.ada, ())
        shown = await page(product)
    assert f"/forge/{SAMPLE}/pull/1" in result.text
    assert "Open PR" in result.labels
    assert shown["pull"]["head"]["ref"].endswith(run)
    assert "**✅ Checks passed here**" in shown["pull"]["body"]
    assert [one["filename"] for one in shown["files"]] == ["cart/total.py", "tests/test_total.py"]


async def test_a_sample_of_an_earlier_version_is_converted_at_its_first_start(tmp_path: Path) -> None:
    """Its runs ended as branches; from now on they end as pull requests, and what it had stays."""
    async with running_product(tmp_path, config=CONFIG) as product:
        await start(product)
        first, result = await result_of(product.playground.ada, ())
        assert "Open PR" not in result.labels
        assert await product.playground.get(f"/app/forge/pulls?repository={SAMPLE}") == []
    async with running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS) as product:
        await start(product)
        second, result = await result_of(product.playground.ada, (first,))
        assert "Open PR" in result.labels
        assert (await page(product))["pull"]["head"]["ref"].endswith(second)
        branches = await product.playground.get(f"/app/forge/pulls?repository={SAMPLE}")
    assert len(branches) == 1


async def test_what_was_merged_is_the_base_of_the_next_start(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS) as product:
        await start(product)
        await result_of(product.playground.ada, ())
        ada = product.playground.ada.id
        await product.playground.post("/app/forge/merge", {"user": ada, "repository": SAMPLE, "number": 1})
        assert (await page(product))["pull"]["merged"] is True
    async with running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS):
        assert "line.cost * percent" in (tmp_path / "data/sample/cart/total.py").read_text()


async def test_without_git_for_the_playground_it_is_a_branch_and_that_is_said(tmp_path: Path) -> None:
    """A git that the playground cannot start: everything else works as before."""
    folder = tmp_path / "data" / "playground"
    (folder / "forge").mkdir(parents=True)
    (folder / "forge" / "playground").write_text("in the way")
    async with running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS) as product:
        assert "branches only" in product.said
        await start(product)
        _, result = await result_of(product.playground.ada, ())
    assert "Open PR" not in result.labels


async def test_a_label_on_an_issue_there_starts_a_run_and_a_pull_request_is_looked_at(tmp_path: Path) -> None:
    """By the forge's own signed webhooks, which the page's drawer shows."""
    async with running_product(tmp_path, config=CONFIG, environ=PULL_REQUESTS) as product:
        playground = product.playground
        ada = {"user": playground.ada.id, "repository": SAMPLE}
        issue = await playground.post("/app/forge/issue", {**ada, "title": "The discount", "body": "It is wrong."})
        await playground.post("/app/forge/label", {**ada, "number": issue["number"], "label": "ompycord"})
        _, result = await result_of(playground.ada, ())
        lines = [one for one in (await playground.get("/app/wire"))["entries"] if one["method"] == "HOOK"]
        secret = (product.data / "secrets/hook_playground").read_text().strip()
        log = product.said + product.log.read_text()
    assert "Open PR" in result.labels
    sent = {(one["route"], one["status"]) for one in lines}
    assert {("issues.labeled", 202), ("pull_request.opened", 202)} <= sent
    assert {one["status"] for one in lines} == {202}
    assert secret not in log
