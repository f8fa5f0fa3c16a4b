"""`ompycord keys`: a new key opens at once, a revoked one nothing more, a rotated one both for the overlap."""

import asyncio
import json
import re
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from ompycord.app.operations import ask
from ompycord.domain.ports import RunFilter
from tests.integration.cli.harness import AppHarness, Done, ompycord
from tests.support.patience import patient
from tests.support.product import running_product

DAY_MS = 86_400_000


async def keys(harness: AppHarness, *arguments: str) -> Done:
    done = await ompycord("keys", *arguments, "--data-dir", str(harness.folder), folder=harness.folder.parent / "c")
    assert done.code == 0, done.err
    return done


async def as_json(harness: AppHarness, *arguments: str) -> Any:
    return json.loads((await keys(harness, *arguments, "--json")).out)


async def test_a_new_key_opens_at_once_and_a_revoked_one_nothing_more(harness: AppHarness) -> None:
    made = await as_json(harness, "add", "ci")
    assert await harness.post(made["secret"]) == 202
    await keys(harness, "revoke", "ci")
    assert await harness.post(made["secret"]) == 401
    assert await as_json(harness, "list") == []


async def test_a_leaked_key_is_ended_by_its_name_also_right_after_it_was_rotated(harness: AppHarness) -> None:
    old = await as_json(harness, "add", "ci")
    new = await as_json(harness, "rotate", "ci")
    ended = await keys(harness, "revoke", "ci")
    assert ended.out.count("(ci) is revoked.") == 2, ended.out + ended.err
    assert [await harness.post(made["secret"]) for made in (old, new)] == [401, 401]


async def test_the_secret_is_shown_once_and_the_database_does_not_know_it(harness: AppHarness) -> None:
    bearer, signing = await as_json(harness, "add", "ci"), await as_json(harness, "add", "sig", "--kind", "hmac")
    shown = (await keys(harness, "list")).out + (await keys(harness, "list", "--json")).out
    for made in (bearer, signing):
        assert made["secret"] not in shown
        assert made["key"]["id"] in shown
    for file in harness.folder.glob("ompycord.db*"):
        content = file.read_bytes()
        assert bearer["secret"].encode() not in content
        assert signing["secret"].removeprefix("whsec_").encode() not in content
    kept = harness.folder / "secrets" / "hmac" / signing["key"]["id"]
    assert kept.read_text().strip() == signing["secret"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


async def test_a_signing_key_signs_at_once_and_its_secret_goes_with_it(harness: AppHarness, tmp_path: Path) -> None:
    made = await as_json(harness, "add", "sig", "--kind", "hmac")
    there = {"OMPYCORD_URL": harness.url, "OMPYCORD_SPOOL": str(tmp_path / "spool"), "OMPYCORD_KEY": made["secret"]}
    emit = ("emit", "note", "--run", "r", "--text", "hi")
    assert (await ompycord(*emit, folder=tmp_path / "c", environ=there)).err == ""
    assert (await harness.events())[0].source.startswith(f"key:{made['key']['id']}/")
    await keys(harness, "revoke", made["key"]["id"])
    refused = await ompycord(*emit, folder=tmp_path / "c", environ=there)
    assert (refused.code, "401" in refused.err) == (1, True)
    assert list((harness.folder / "secrets" / "hmac").iterdir()) == []


async def test_a_rotated_key_and_its_successor_both_open_until_the_overlap_is_over(harness: AppHarness) -> None:
    old = await as_json(harness, "add", "ci", "--expires", "30d")
    new = await as_json(harness, "rotate", "ci", "--overlap", "1d")
    assert new["replaces"]["id"] == old["key"]["id"]
    assert new["key"]["id"] != old["key"]["id"]
    assert (new["key"]["name"], new["key"]["scopes"]) == (old["key"]["name"], old["key"]["scopes"])
    assert [await harness.post(made["secret"]) for made in (old, new)] == [202, 202]
    harness.clock.ahead_ms += DAY_MS
    assert [await harness.post(made["secret"]) for made in (old, new)] == [401, 202]
    harness.clock.ahead_ms += 30 * DAY_MS
    assert await harness.post(new["secret"]) == 401


async def test_a_keys_owner_is_the_requester_of_its_runs_and_is_the_successors_too(harness: AppHarness) -> None:
    owner = "100000000000000001"
    old = await as_json(harness, "add", "ci", "--owner", owner)
    new = await as_json(harness, "rotate", "ci")
    assert (old["key"]["owner"], new["key"]["owner"]) == (owner, owner)
    assert await harness.post(new["secret"]) == 202
    (run,) = await harness.store.runs(RunFilter())
    assert run.requester == owner


async def test_a_rotation_without_overlap_ends_the_old_key_now(harness: AppHarness) -> None:
    old = await as_json(harness, "add", "sig", "--kind", "hmac")
    new = await as_json(harness, "rotate", "sig", "--overlap", "0s")
    assert new["replaces"]["state"] == "revoked"
    assert [file.name for file in (harness.folder / "secrets" / "hmac").iterdir()] == [new["key"]["id"]]
    assert old["secret"] != new["secret"]


async def test_a_key_may_do_what_its_scopes_say(harness: AppHarness) -> None:
    made = await as_json(harness, "add", "reader", "--scope", "runs:read", "--channel", "123456789012345678")
    assert made["key"]["scopes"] == ["runs:read"]
    assert made["key"]["channel"] == "123456789012345678"
    assert await harness.post(made["secret"]) == 403


async def test_the_lines_of_the_how_to_rotate_one_key_after_the_other(harness: AppHarness) -> None:
    """As they stand there, in a row: each takes the newest key of the name."""
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "manage-keys.md").read_text()
    [lines] = [block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "rotate" in block]
    await as_json(harness, "add", "build-server")
    newest = (await as_json(harness, "list"))[-1]["id"]
    for line in lines.splitlines():
        made = await as_json(harness, *line.split()[2:])
        assert made["replaces"]["id"] == newest
        newest = made["key"]["id"]
    assert [one["expires_at"] is None for one in await as_json(harness, "list")] == [False, False, True]


async def test_every_change_is_in_the_audit(harness: AppHarness) -> None:
    before = await harness.store.verify_audit()
    await keys(harness, "add", "ci")
    made = await as_json(harness, "rotate", "ci")
    await keys(harness, "revoke", made["replaces"]["id"])
    assert await harness.store.verify_audit() == before + 3
    await as_json(harness, "rotate", "ci")
    await keys(harness, "revoke", "ci")  # both of this name, one entry each
    assert await harness.store.verify_audit() == before + 6


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("revoke", "nobody"), 77, "No such key"),
        (("rotate", "nobody"), 77, "No such key"),
        (("add", "taken"), 77, "There is a key named taken already"),
        (("add", "x" * 101), 77, "name"),
        (("add", "x", "--channel", "general"), 77, "channel"),
        (("add", "x", "--scope", "everything"), 2, "everything"),
        (("add", "x", "--expires", "soon"), 2, "a duration is a number"),
        (("add", "x", "--expires", "999999999w"), 77, "lifetime_s"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_a_code(
    harness: AppHarness, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    await asyncio.to_thread(ask, harness.folder, "keys.add", {"name": "taken"})
    done = await ompycord("keys", *arguments, "--data-dir", str(harness.folder), folder=tmp_path / "c")
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    if code != 2:
        assert len(done.err.splitlines()) == 1
    _, left = await asyncio.to_thread(ask, harness.folder, "keys.list", {})
    assert [key["name"] for key in left] == ["taken"]


async def test_while_nothing_runs_the_command_opens_the_store_itself(tmp_path: Path) -> None:
    folder = ("--data-dir", str(tmp_path / "data"))
    made = await ompycord("keys", "add", "ci", "--kind", "hmac", *folder, folder=tmp_path)
    assert made.code == 0, made.err
    assert made.out.splitlines()[-1].startswith("whsec_")
    listed = await ompycord("keys", "list", "--json", *folder, folder=tmp_path)
    assert [key["name"] for key in json.loads(listed.out)] == ["ci"]


@pytest.mark.e2e
async def test_the_running_product_takes_a_key_at_once_and_drops_it_at_once(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product, httpx.AsyncClient(trust_env=False, timeout=patient(20)) as client:
        folder = ("--json", "--data-dir", str(product.data))
        made = json.loads((await ompycord("keys", "add", "sig", "--kind", "hmac", *folder, folder=tmp_path / "c")).out)
        body = tmp_path / "body.json"
        body.write_text('{"schema": "ompycord/event@1", "type": "note", "run": "r", "data": {"text": "hi"}}')

        async def post() -> int:
            arguments = ("sign", str(body), "--key", made["key"]["id"], "--data-dir", str(product.data))
            signed = await ompycord(*arguments, folder=tmp_path / "c")
            headers = dict(line.split(": ", 1) for line in signed.out.splitlines())
            answer = await client.post(
                f"{product.sidecar}/api/webhook/event", content=body.read_bytes(), headers=headers, timeout=patient(20)
            )
            return answer.status_code

        assert await post() == 202
        secret_file = product.data / "secrets" / "hmac" / made["key"]["id"]
        secret = secret_file.read_text()
        revoked = await ompycord("keys", "revoke", "sig", *folder, folder=tmp_path / "c")
        assert revoked.code == 0, revoked.err
        assert not secret_file.exists()
        secret_file.write_text(secret)  # somebody kept a copy
        assert await post() == 401
        assert await product.end() == 0
    assert not (product.data / "control.sock").exists()
