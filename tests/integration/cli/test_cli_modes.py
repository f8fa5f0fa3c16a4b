"""`sign`, the recipe of the docs, `migrate`, `config show`, `version`: as processes, as a person types them."""

import asyncio
import json
import re
import sqlite3
from pathlib import Path

import pytest

from ompycord import __version__
from ompycord.app.data_folder import DataFolder
from tests.integration.cli.harness import SECRET, AppHarness, ompycord
from tests.support.patience import within

DOCS = Path(__file__).parents[3] / "docs" / "how-to"
BODY = {"schema": "ompycord/event@1", "type": "note", "run": "by hand", "data": {"text": 'it\'s "me" $HOME `x`'}}


async def shell(script: str, *, folder: Path, environ: dict[str, str]) -> tuple[int, str]:
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(
        "sh", "-ec", script, cwd=folder, env={**path, **environ}, stdout=-1, stderr=asyncio.subprocess.STDOUT
    )
    async with within(60):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.posix
@pytest.mark.parametrize("from_stdin", [False, True])
async def test_the_printed_curl_command_posts_the_event(
    harness: AppHarness, tmp_path: Path, *, from_stdin: bool
) -> None:
    body = json.dumps(BODY).encode()
    (tmp_path / "event.json").write_bytes(body)
    file = "-" if from_stdin else "event.json"
    environ = {"OMP_WEBHOOK_SECRET": SECRET, "OMPYCORD_URL": harness.url}
    signed = await ompycord("sign", file, "--curl", folder=tmp_path, environ=environ, stdin=body)
    assert signed.code == 0, signed.err
    assert SECRET not in signed.out
    code, out = await shell(signed.out, folder=tmp_path, environ={})
    assert (code, json.loads(out)["accepted"]) == (0, 1)
    assert len(await harness.events()) == 1


@pytest.mark.posix
async def test_the_recipe_with_openssl_posts_the_event_and_says_so_when_it_is_repeated(
    harness: AppHarness, tmp_path: Path
) -> None:
    text = (DOCS / "post-events-from-a-script.md").read_text()
    [example] = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    [recipe] = [block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "openssl" in block]
    (tmp_path / "event.json").write_text(example)
    environ = {"OMP_WEBHOOK_SECRET": SECRET, "OMPYCORD_URL": harness.url}
    code, out = await shell(recipe, folder=tmp_path, environ=environ)
    assert (code, json.loads(out)["accepted"]) == (0, 1)
    code, out = await shell(
        recipe.replace("id=msg_$(openssl rand -hex 12)", "id=fixed") * 2, folder=tmp_path, environ=environ
    )
    assert code == 0
    assert len(await harness.events()) == 2


@pytest.mark.posix
async def test_the_recipe_for_a_plain_secret_signs_as_we_do(harness: AppHarness, tmp_path: Path) -> None:
    text = (DOCS / "post-events-from-a-script.md").read_text()
    [lines] = re.findall(r"^(case \$OMP_WEBHOOK_SECRET .*?\nkey=.*?)$", text, re.MULTILINE)
    code, out = await shell(
        f"{lines}; echo $key", folder=tmp_path, environ={"OMP_WEBHOOK_SECRET": "plain text of 24 characters"}
    )
    assert (code, bytes.fromhex(out).decode()) == (0, "plain text of 24 characters")


async def test_signing_without_any_secret_names_the_setting(tmp_path: Path) -> None:
    arguments = ("sign", "-", "--data-dir", str(tmp_path / "data"))
    done = await ompycord(*arguments, folder=tmp_path, stdin=b"{}")
    assert (done.code, len(done.err.splitlines())) == (78, 1)
    assert "OMP_WEBHOOK_SECRET" in done.err
    assert (await ompycord(*arguments, "--key", "../lock", folder=tmp_path, stdin=b"{}")).code == 1
    assert (await ompycord("sign", "missing", folder=tmp_path)).code == 2


async def test_migrate_makes_the_database_and_is_busy_while_somebody_works_with_it(tmp_path: Path) -> None:
    arguments = ("migrate", "--data-dir", str(tmp_path / "data"))
    first = await ompycord(*arguments, folder=tmp_path)
    assert first.code == 0, first.err
    assert "is at schema" in first.out
    assert "and new" in first.out
    with sqlite3.connect(tmp_path / "data" / "ompycord.db") as raw:
        [version] = raw.execute("PRAGMA user_version").fetchone()
    raw.close()
    second = await ompycord(*arguments, folder=tmp_path)
    assert f"is at schema {version} " in second.out
    assert "new" not in second.out
    with DataFolder(tmp_path / "data").lock():
        assert (await ompycord(*arguments, folder=tmp_path)).code == 75


async def test_the_configuration_is_shown_with_its_origins_and_without_its_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OMPYCORD_PLAYGROUND__PORT=4000\n")
    (tmp_path / "ompycord.yml").write_text(
        "log: {level: error}\nwebhook: {port: 1}\n"
        "repositories: {shop: {address: 'https://user:hidden@host.example/shop'}}\n"
        "agents: {tidy: {kind: command, command: [sed, 'https://a:hidden@b.example'], env: {API_KEY: hidden-too}}}\n"
        "notify: {notifiers: [{name: bell, kind: bell, options: {to: hidden, n: 3, a_file: s/b, c: {d: [hidden]}}}]}\n"
    )
    environ = {"OMP_WEBHOOK_SECRET": SECRET, "OMPYCORD_WEBHOOK__PORT": "9000"}
    shown = await ompycord("config", "show", "--json", folder=tmp_path, environ=environ)
    assert shown.code == 0, shown.err
    rows = {row["setting"]: (row["value"], row["from"]) for row in json.loads(shown.out)}
    assert rows["webhook.secret"] == ("[set]", "OMP_WEBHOOK_SECRET")
    assert rows["webhook.port"] == (9000, "OMPYCORD_WEBHOOK__PORT")
    assert rows["playground.port"] == (4000, "OMPYCORD_PLAYGROUND__PORT in .env")
    assert rows["log.level"] == ("error", "ompycord.yml")
    assert rows["webhook.host"] == ("127.0.0.1", "default")
    assert rows["repositories.shop.address"][0] == "https://[set]@host.example/shop"
    assert rows["agents.tidy.env.API_KEY"][0] == "[set]"
    assert rows["notify.notifiers"][0][0]["options"] == {
        "to": "[set]",
        "n": 3,
        "a_file": "s/b",
        "c": {"d": ["[set]"]},
    }
    text = await ompycord("config", "show", folder=tmp_path, environ=environ)
    assert 'log.level = "error"  (ompycord.yml)' in text.out
    for output in (shown.out, text.out):
        assert SECRET not in output
        assert "hidden" not in output


async def test_a_broken_configuration_is_one_line_and_78(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text("webhok: {}\n")
    done = await ompycord("config", "show", folder=tmp_path)
    assert (done.code, done.err) == (78, "ompycord: webhok: there is no such setting\n")


async def test_the_version_is_told(tmp_path: Path) -> None:
    assert (await ompycord("version", folder=tmp_path)).out == f"ompycord {__version__}\n"
