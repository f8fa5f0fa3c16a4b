"""What happens after a pull request is open, in the product against real git over HTTP: reviewed, answered, merged."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.playground.forge.records import BOT
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from tests.e2e.test_pull_requests import config, ended, start
from tests.support.forge_double import REPOSITORY, ForgeDouble, forge_double
from tests.support.product import running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix]


@pytest.fixture(params=["github", pytest.param("gitea", marks=pytest.mark.long)])
async def forge(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncGenerator[ForgeDouble]:
    """One that has the sample."""
    await make_sample(tmp_path / "shop", git=Git(path=os.environ["PATH"]))
    async with forge_double(tmp_path / "forge", tmp_path / "shop", kind=request.param) as double:
        yield double


async def test_a_review_is_answered_by_a_second_commit_and_the_merge_is_on_the_card(
    tmp_path: Path, forge: ForgeDouble
) -> None:
    async with running_product(tmp_path, config=config(tmp_path, forge, poll_s=1)) as product:
        ada = product.playground.ada
        await start(product)
        first, result = await ended(product)
        forge.comment(1, "@ompycord-bot delete it all", by="mallory", account=301)
        await ada.wait_message(lambda m: m.id == result.id and "mallory called here; nothing started" in m.text)
        forge.forge.add_account("anna", number=302)
        files = await forge.forge.git(REPOSITORY).files("main", forge.pulls[0]["head"]["ref"])
        line = next(one for one in files if one["path"] == "cart/total.py")
        at = int(line["patch"].split("+")[1].split(",")[0])
        forge.say_at(1, at, "Write a note, too.", by="anna", path="cart/total.py")
        shown = await ada.wait_message(lambda m: m.id == result.id and "Address review" in m.labels)
        assert "1 open review thread" in shown.text
        await ada.click(shown, "Address review")
        _, again = await ended(product, first)
        assert f"/acme/shop/{'pull' if forge.kind == 'github' else 'pulls'}/1" in again.text
        assert forge.git_line("rev-list", "--count", f"main..{forge.pulls[0]['head']['ref']}") == "2"
        forge.forge.add_account("bert", number=303, permission="write")
        await forge.forge.merge("bert", forge.forge.numbered(REPOSITORY, 1))
        await ada.wait_message(lambda m: m.id == result.id and "#1 merged by bert" in m.text)
        await ada.wait_message(lambda m: m.id == again.id and "#1 merged by bert" in m.text)
    assert len(forge.pulls) == 1
    ours = [one["body"] for one in forge.comments if one["user"]["login"] == BOT]
    assert any("| 1 | `cart/total.py" in one for one in ours)
