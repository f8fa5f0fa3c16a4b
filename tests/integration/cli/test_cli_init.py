"""`ompycord init` against the playground.

The files it writes are private, work at once, and replace nothing unasked.
"""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import yaml

from ompycord.bot.gateway.permissions import PERMISSION_INTEGER
from ompycord.settings import load_settings
from tests.integration.cli.harness import Done, ompycord
from tests.support.playground import Playground, running_playground


@pytest.fixture
async def playground(tmp_path: Path) -> AsyncGenerator[Playground]:
    async with running_playground(tmp_path / "playground") as running:
        yield running


async def init(playground: Playground, folder: Path, *options: str, stdin: str = "", token: str = "") -> Done:
    environ = {"DISCORD_TOKEN": token or playground.bot_token, "OMPYCORD_DISCORD__API": playground.api}
    return await ompycord("init", *options, folder=folder, environ=environ, stdin=stdin.encode())


async def test_a_script_gets_files_that_work_and_that_only_it_can_read(playground: Playground, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    options = ("--channel", str(playground.channel("tasks")), "--admin", playground.ada.id)
    done = await init(playground, folder, "--yes", *options, "--repository", f"shop={tmp_path}")
    assert done.code == 0, done.out + done.err
    assert f"permissions={PERMISSION_INTEGER}" in done.out
    assert "✓ Server: Playground: every permission is there" in done.out
    assert [(folder / name).stat().st_mode & 0o777 for name in (".env", "ompycord.yml")] == [0o600, 0o600]
    settings = load_settings(environ={}, folder=folder)
    assert settings.discord.guilds == (str(playground.guild_id),)
    assert settings.discord.home_channel == str(playground.channel("tasks"))
    assert settings.access.users.admin == (playground.ada.id,)
    assert settings.catalog.repositories[0].path == tmp_path
    assert settings.webhook.secret is not None
    assert settings.discord.token is not None
    for said in (done.out, done.err):
        assert settings.discord.token.get_secret_value() not in said
        assert settings.webhook.secret.get_secret_value() not in said
    assert sorted(one.name for one in folder.iterdir()) == [".env", "ompycord.yml"]


async def test_a_person_is_asked_and_chooses_by_number(playground: Playground, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    done = await init(playground, folder, stdin=f"9\n2\n{playground.ada.id}\n\n\n")
    assert done.code == 0, done.out + done.err
    assert "2  #tasks" in done.out
    assert "A number from 1 to 3." in done.out
    assert load_settings(environ={}, folder=folder).discord.home_channel == str(playground.channel("tasks"))


async def test_a_wrong_answer_is_asked_again_and_repositories_are_asked_for(
    playground: Playground, tmp_path: Path
) -> None:
    folder, shop = tmp_path / "here", tmp_path / "My Shop.git"
    (shop / ".git").mkdir(parents=True)
    typed = ["2", "ada", "1" * 14, playground.ada.id, str(tmp_path), str(shop), str(shop), "", ""]
    done = await init(playground, folder, stdin="".join(f"{line}\n" for line in typed))
    assert done.code == 0, done.out + done.err
    assert done.out.count("A Discord user id has 15 to 20 digits") == 2
    assert f"{tmp_path} is no git repository." in done.out
    settings = load_settings(environ={}, folder=folder)
    assert settings.access.users.admin == (playground.ada.id,)
    found = {spec.name: spec.path for spec in settings.catalog.repositories}
    assert found == {"my-shop": shop, "my-shop-2": shop}
    assert "make up" in done.out.splitlines()[-1]


async def test_an_agent_that_is_found_can_be_chosen(playground: Playground, tmp_path: Path) -> None:
    folder, programs = tmp_path / "here", tmp_path / "bin"
    programs.mkdir()
    for name in ("opencode", "claude"):
        (programs / name).write_text("#!/bin/sh\necho 1.2.3\n")
        (programs / name).chmod(0o755)
    environ = {
        "DISCORD_TOKEN": playground.bot_token,
        "OMPYCORD_DISCORD__API": playground.api,
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    seen = await ompycord("doctor", folder=folder, environ={"PATH": environ["PATH"]})
    number = [part.split()[0] for part in seen.out.split("Agents on the PATH: ")[1].splitlines()[0].split("; ")]
    chosen = number.index("OpenCode") + 1
    stdin = f"2\n{playground.ada.id}\n\n99\n{chosen}\n"
    done = await ompycord("init", folder=folder, environ=environ, stdin=stdin.encode())
    assert done.code == 0, done.out + done.err
    assert "OpenCode 1.2.3" in done.out
    assert "docs/how-to/use-opencode.md" in done.out
    assert [(agent.name, agent.command) for agent in load_settings(environ={}, folder=folder).catalog.agents] == [
        ("opencode", ("opencode", "acp"))
    ]


async def test_where_no_program_is_found_but_a_key_is_the_built_in_agent_is_offered(
    playground: Playground, tmp_path: Path
) -> None:
    folder, data = tmp_path / "here", tmp_path / "data"
    environ = {
        "DISCORD_TOKEN": playground.bot_token,
        "OMPYCORD_DISCORD__API": playground.api,
        "OMPYCORD_DATA_DIR": str(data),
        "PATH": "/usr/bin:/bin",
        "ANTHROPIC_API_KEY": "sk-canary-of-init",
    }
    stdin = f"2\n{playground.ada.id}\n\nclaude-sonnet-5\n"
    done = await ompycord("init", folder=folder, environ=environ, stdin=stdin.encode())
    assert done.code == 0, done.out + done.err
    assert "No agent program was found, but ANTHROPIC_API_KEY is set." in done.out
    key = data / "secrets/provider_anthropic"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("sk-canary-of-init\n", 0o600)
    settings = load_settings(environ={}, folder=folder)
    assert [(agent.name, agent.kind) for agent in settings.catalog.agents] == [("native", "native")]
    assert settings.providers["anthropic"].models == ("claude-sonnet-5",)
    assert "sk-canary" not in done.out + "".join(file.read_text() for file in folder.iterdir())


async def test_files_that_are_there_stay_unless_somebody_agrees(playground: Playground, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / ".env").write_text("MINE=1\n")
    options = ("--channel", str(playground.channel("tasks")), "--admin", playground.ada.id)
    refused = await init(playground, folder, "--yes", *options)
    assert (refused.code, len(refused.err.splitlines())) == (77, 1)
    assert (await init(playground, folder, *options, stdin="n\n")).code == 77
    assert (folder / ".env").read_text() == "MINE=1\n"
    assert not (folder / "ompycord.yml").exists()
    agreed = await init(playground, folder, *options, stdin="y\n\n\n")
    assert agreed.code == 0, agreed.out + agreed.err
    assert (folder / ".env.before").read_text() == "MINE=1\n"


async def test_what_is_missing_is_one_line_and_78_and_nothing_is_written(
    playground: Playground, tmp_path: Path
) -> None:
    folder = tmp_path / "here"
    cases = {
        "Give --channel.": (),
        "--admin: A Discord user id": ("--channel", str(playground.channel("tasks")), "--admin", "hunter2"),
    }
    for said, options in cases.items():
        done = await init(playground, folder, "--yes", *options)
        assert (done.code, len(done.err.splitlines())) == (78, 1), done.err
        assert said in done.err
        assert "hunter2" not in done.err
    done = await init(playground, folder, "--yes", token="hunter2hunter2")
    assert (done.code, "DISCORD_TOKEN" in done.err, "hunter2" in done.err) == (78, True, False)
    assert list(folder.iterdir()) == []


async def test_a_permission_that_is_missing_is_named_before_the_first_start(
    playground: Playground, tmp_path: Path
) -> None:
    deny = {"id": str(playground.guild_id), "type": 0, "allow": "0", "deny": str(1 << 14)}
    await playground.change_world(overwrites={str(playground.channel("tasks")): [deny]})
    options = ("--yes", "--channel", str(playground.channel("tasks")), "--admin", playground.ada.id)
    done = await init(playground, tmp_path / "here", *options)
    assert "✗ Embed Links: the bot lacks it in #tasks" in done.out


def test_the_example_files_are_settings_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(Path(".env.example").read_text(encoding="utf-8"))
    (tmp_path / "ompycord.yml").write_text(Path("ompycord.example.yml").read_text(encoding="utf-8"))
    assert yaml.safe_load((tmp_path / "ompycord.yml").read_text())
    assert load_settings(environ={}, folder=tmp_path).discord.token is None
