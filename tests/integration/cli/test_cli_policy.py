"""`ompycord policy`: a dry run of classes and rules, in the files of a team."""

import json
from pathlib import Path

from tests.integration.cli.harness import Done, ompycord

CONFIG = """\
approvals: {network: {by: requester}}
repositories:
  shop:
    path: shop
    two_person: true
    approvals: {publish: {by: admin}}
    risk: {commands: [{command: docker compose up -d, risk: run}]}
"""


async def test_a_command_is_judged_by_its_repository_and_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/package.json").write_text('{"scripts": {"out": "npm publish"}}', encoding="utf-8")

    async def run(*words: str) -> Done:
        return await ompycord("policy", *words, "--data-dir", str(tmp_path / "data"), folder=tmp_path)

    general = await run("test", "npm publish")
    assert general.out == "publish: `npm publish` publishes.\nDecides: an approver.\n"
    there = await run("test", "npm run out", "--repository", "shop")
    assert there.out.splitlines() == [
        "publish: `npm publish` publishes.",
        "Decides: an admin other than the requester.",
        "What it means stands in package.json: permission for the run ends when that changes.",
    ]
    lowered = json.loads((await run("test", "docker compose up -d", "--repository", "shop", "--json")).out)
    assert (lowered["class"], lowered["because"]) == ("run", "this repository's settings say so")
    shown = await run("show", "--repository", "shop")
    assert "publish  an admin other than the requester" in shown.out
    assert "network  an approver other than the requester" in shown.out
    assert "Here `docker compose up -d` is run." in shown.out
    missing = await run("show", "--repository", "nope")
    assert missing.code != 0
    assert "Repository 'nope' not found. Known: shop." in missing.err
