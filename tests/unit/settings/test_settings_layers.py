"""Precedence, presets, the original's variables and the schema for editors.

Mistakes are in `test_settings_broken.py`.
"""

from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from ompycord.errors import ConfigurationError
from ompycord.settings import load_settings, settings_schema

USER = "100000000000000001"


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(
        "webhook: {port: 1, host: 127.0.0.2}\nplayground: {port: 1}\nlog: {level: error}\n"
    )
    (tmp_path / ".env").write_text("OMPYCORD_WEBHOOK__PORT=2\nOMPYCORD_PLAYGROUND__PORT=2\n")
    settings = load_settings(environ={"OMPYCORD_WEBHOOK__PORT": "3"}, folder=tmp_path)
    assert (settings.webhook.port, settings.playground.port, settings.log.level) == (3, 2, "error")
    assert settings.webhook.host == "127.0.0.2"


def test_the_command_line_wins_over_everything(tmp_path: Path) -> None:
    settings = load_settings(
        environ={"OMPYCORD_WEBHOOK__PORT": "3"}, folder=tmp_path, overrides={"webhook": {"port": 4}}
    )
    assert settings.webhook.port == 4


ID = ["0" * 16 + str(n) for n in range(6)]


def test_the_variables_of_the_original_are_understood(tmp_path: Path) -> None:
    settings = load_settings(
        environ={
            "DISCORD_TOKEN": "not-a-real-token",
            "DISCORD_GUILD_ID": f"{ID[1]}, {ID[2]}",
            "DISCORD_CHANNEL_ID": ID[3],
            "DISCORD_ALLOWED_USERS": USER,
            "OMP_LAUNCH_CHANNEL_IDS": f"{ID[4]} {ID[5]}",
        },
        folder=tmp_path,
    )
    assert settings.discord.guilds == (ID[1], ID[2])
    assert settings.discord.home_channel == ID[3]
    assert settings.discord.work_channels == (ID[4], ID[5])
    assert settings.access.users.runner == (USER,)
    assert "not-a-real-token" not in repr(settings)


def test_a_secret_may_come_from_a_file_and_an_empty_value_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("whsec_0123456789abcdefghijklmnop\n")
    settings = load_settings(
        environ={"OMP_WEBHOOK_SECRET_FILE": str(tmp_path / "s"), "OMP_WEBHOOK_SECRET": "", "DISCORD_TOKEN": " "},
        folder=tmp_path,
    )
    assert settings.webhook.secret is not None
    assert settings.webhook.secret.get_secret_value() == "whsec_0123456789abcdefghijklmnop"
    assert settings.discord.token is None


def test_repositories_and_agents_are_named_by_their_keys(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(
        """
repositories:
  shop:
    path: /srv/shop
    checks:
      - {name: unit, command: ["{python}", "-m", "unittest"]}
agents:
  tidy:
    kind: command
    command: [sed, -i, s/a/b/, file]
    sandbox: {minimum: none}
"""
    )
    catalog = load_settings(environ={}, folder=tmp_path).catalog
    assert [spec.name for spec in catalog.repositories] == ["shop"]
    assert catalog.agents[0].sandbox.minimum == "none"


def test_every_layer_gives_way_to_those_above_it(tmp_path: Path) -> None:
    """Command line > environment > .env > secret folder > ompycord.yml > profile > defaults."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    values = {level: f"{level}-{'x' * 24}" for level in ("line", "environ", "dotenv", "folder", "yaml")}
    (secrets / "omp_webhook_secret").write_text(values["folder"] + "\n")
    (tmp_path / ".env").write_text(f"OMP_WEBHOOK_SECRET={values['dotenv']}\nOMPYCORD_SECRETS_DIR={secrets}\n")
    (tmp_path / "ompycord.yml").write_text(
        f"webhook: {{secret: {values['yaml']}}}\nprofile: server\nlog: {{json: false}}\n"
    )
    environ = {"OMP_WEBHOOK_SECRET": values["environ"]}

    def secret(environ: dict[str, str], overrides: dict[str, object] | None = None) -> str | None:
        found = load_settings(environ=environ, folder=tmp_path, overrides=overrides).webhook.secret
        return None if found is None else found.get_secret_value()

    assert secret(environ, {"webhook": {"secret": values["line"]}}) == values["line"]
    assert secret(environ) == values["environ"]
    assert secret({}) == values["dotenv"]
    (tmp_path / ".env").write_text(f"OMPYCORD_SECRETS_DIR={secrets}\n")
    assert secret({}) == values["folder"]
    (tmp_path / ".env").unlink()
    assert secret({}) == values["yaml"]
    settings = load_settings(environ={}, folder=tmp_path)
    assert (settings.limits.parallel_runs, settings.log.json_lines, settings.log.level) == (4, False, "info")
    (tmp_path / "ompycord.yml").unlink()
    assert secret({}) is None


def test_a_profile_is_the_same_from_wherever_it_is_named_and_team_is_what_holds_without_one(tmp_path: Path) -> None:
    plain = load_settings(environ={}, folder=tmp_path)
    team = load_settings(environ={"OMPYCORD_PROFILE": "team"}, folder=tmp_path)
    assert plain.model_dump() == team.model_dump()
    solo = load_settings(environ={"OMPYCORD_PROFILE": "solo"}, folder=tmp_path)
    assert (solo.limits.parallel_runs, solo.limits.open_per_guild) == (1, plain.limits.open_per_guild)


def test_the_schema_for_editors_takes_what_the_program_takes(tmp_path: Path) -> None:
    judge = jsonschema_rs.validator_for(settings_schema())
    example = yaml.safe_load(Path("ompycord.example.yml").read_text(encoding="utf-8"))
    assert judge.is_valid(example)
    assert judge.is_valid({"repositories": {"shop": {"path": "/srv/shop"}}, "log": {"json": True}, "profile": "solo"})
    mistakes: tuple[dict[str, object], ...] = (
        {"webhok": {}},
        {"webhook": {"prt": 1}},
        {"log": {"level": "loud"}},
        {"profile": "huge"},
    )
    for broken in mistakes:
        assert not judge.is_valid(broken), broken
        (tmp_path / "ompycord.yml").write_text(yaml.safe_dump(broken))
        with pytest.raises(ConfigurationError):
            load_settings(environ={}, folder=tmp_path)


SERVICE = {
    "OMPYCORD_PORT": "tcp://10.0.0.1:80",
    "OMPYCORD_SERVICE_HOST": "10.0.0.1",
    "OMPYCORD_SERVICE_PORT": "80",
    "OMPYCORD_SERVICE_PORT_HTTP": "80",
    "OMPYCORD_PORT_80_TCP": "tcp://10.0.0.1:80",
    "OMPYCORD_PORT_80_TCP_ADDR": "10.0.0.1",
    "OMPYCORD_PORT_80_TCP_PORT": "80",
    "OMPYCORD_PORT_80_TCP_PROTO": "tcp",
    "OMPYCORD_WEBHOOK_PORT": "tcp://10.0.0.2:8787",
    "OMPYCORD_WEBHOOK_SERVICE_HOST": "10.0.0.2",
    "OMPYCORD_WEBHOOK_PORT_8787_TCP_ADDR": "10.0.0.2",
}


def test_variables_of_an_orchestrators_service_are_no_settings(tmp_path: Path) -> None:
    without = load_settings(environ={}, folder=tmp_path)
    assert load_settings(environ=SERVICE, folder=tmp_path).model_dump() == without.model_dump()


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_a_value(tmp_path: Path, mark: str) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    (tmp_path / "secret").write_text(f"{secret}\n", encoding=mark)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/discord_token").write_text("a-token-of-a-bot\n", encoding=mark)
    (tmp_path / ".env").write_text(
        "OMP_WEBHOOK_SECRET_FILE=secret\nDISCORD_GUILD_ID=123456789012345678\n"
        f"OMPYCORD_SECRETS_DIR={tmp_path / 'folder'}\n".replace("=secret", f"={tmp_path / 'secret'}"),
        encoding=mark,
    )
    (tmp_path / "ompycord.yml").write_text("profile: server\n", encoding=mark)
    settings = load_settings(environ={}, folder=tmp_path)
    assert settings.profile == "server"
    assert settings.discord.token is not None
    assert settings.discord.token.get_secret_value() == "a-token-of-a-bot"
    assert settings.webhook.secret is not None
    assert settings.webhook.secret.get_secret_value() == secret


def test_a_file_that_is_named_almost_so_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yaml").write_text("profile: solo\n")
    with pytest.raises(ConfigurationError, match=r"^ompycord\.yaml is not read: rename it to ompycord\.yml$"):
        load_settings(environ={}, folder=tmp_path)
    (tmp_path / "ompycord.yml").write_text("profile: solo\n")
    assert load_settings(environ={}, folder=tmp_path).profile == "solo"


def test_the_users_home_is_a_tilde_wherever_a_path_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "in-home.yml").write_text(
        "repositories: {shop: {path: ~/shop, checks: [{name: unit, command: [~/bin/check, '~', a~b, --at=~/x]}]}}\n"
        "agents: {a: {kind: command, command: [~/bin/agent, '~/notes.txt'], grants: {files: [~/.netrc, /etc/hosts]}}}\n"
        "log: {file: ~/logs/ompycord.log}\n"
    )
    (tmp_path / "token").write_text("a-token-of-a-bot")
    environ = {
        "OMPYCORD_CONFIG": "~/in-home.yml",
        "DISCORD_TOKEN_FILE": "~/token",
        "DISCORD_GUILD_ID": "123456789012345678",
    }
    settings = load_settings(environ=environ, folder=tmp_path / "elsewhere")
    shop, agent = settings.repositories["shop"], settings.agents["a"]
    assert shop.path == tmp_path / "shop"
    assert shop.checks[0].command == (f"{tmp_path}/bin/check", str(tmp_path), "a~b", "--at=~/x")
    assert agent.command == (f"{tmp_path}/bin/agent", f"{tmp_path}/notes.txt")
    assert agent.grants.files == (tmp_path / ".netrc", Path("/etc/hosts"))
    assert settings.log.file == tmp_path / "logs/ompycord.log"
    assert settings.discord.token is not None


def test_an_agent_gets_variables_of_any_valid_name(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(
        "agents: {a: {kind: command, command: [x], env: {http_proxy: 'http://10.0.0.1:3128', no_proxy: '', _X1: y}, "
        "grants: {variables: [https_proxy]}}}\n"
    )
    agent = load_settings(environ={}, folder=tmp_path).agents["a"]
    assert set(agent.env) == {"http_proxy", "no_proxy", "_X1"}
    assert agent.grants.variables == ("https_proxy",)


@pytest.mark.parametrize("emoji", ["🚀", "👩‍🚀", "1️⃣", "<:rocket:123456789012345678>", "<a:spin_2:123456789012345678>"])
def test_an_emoji_is_written_as_itself(tmp_path: Path, emoji: str) -> None:
    settings = load_settings(environ={"OMP_LAUNCH_EMOJI": emoji}, folder=tmp_path)
    assert settings.discord.launch_emoji == emoji
