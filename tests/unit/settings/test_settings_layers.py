"""Precedence, the original's variables, and mistakes that name the key and never the value."""

from pathlib import Path

import pytest

from ompycord.errors import ConfigurationError
from ompycord.settings import load_settings

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


def test_the_variables_of_the_original_are_understood(tmp_path: Path) -> None:
    settings = load_settings(
        environ={
            "DISCORD_TOKEN": "not-a-real-token",
            "DISCORD_GUILD_ID": "1, 2",
            "DISCORD_CHANNEL_ID": "3",
            "DISCORD_ALLOWED_USERS": USER,
            "OMP_LAUNCH_CHANNEL_IDS": "4 5",
        },
        folder=tmp_path,
    )
    assert settings.discord.guilds == ("1", "2")
    assert settings.discord.home_channel == "3"
    assert settings.discord.work_channels == ("4", "5")
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


@pytest.mark.parametrize(
    ("environ", "yaml", "key"),
    [
        ({"OMPYCORD_WEBHOK__PORT": "1"}, "", "OMPYCORD_WEBHOK__PORT"),
        ({"OMPYCORD_WEBHOOK__PORT": "hunter2"}, "", "webhook.port"),
        ({"OMP_WEBHOOK_SECRET": "hunter2"}, "", "webhook.secret"),
        ({"OMP_WEBHOOK_SECRET_FILE": "/nowhere/hunter2"}, "", "OMP_WEBHOOK_SECRET_FILE"),
        ({"OMPYCORD_LIMITS": "{hunter2"}, "", "OMPYCORD_LIMITS"),
        ({"DISCORD_TOKEN": "hunter2"}, "", "DISCORD_GUILD_ID"),
        ({"DISCORD_ALLOWED_USERS": "hunter2"}, "", "access.users.runner.0"),
        ({}, "webhok: {port: hunter2}", "webhok"),
        ({}, "webhook: {prt: hunter2}", "webhook.prt"),
        ({}, "hunter2", "ompycord.yml"),
        ({}, "a: [hunter2", "ompycord.yml, line 1"),
        ({}, "repositories: {shop: {base: hunter2}}", "repositories.shop"),
        ({}, "repositories: {Shop: {path: /x}}", "repositories.Shop.name"),
        ({}, "agents: {a: {kind: command}}", "agents.a"),
        ({}, "log: {level: hunter2}", "log.level"),
    ],
)
def test_a_mistake_names_its_key_and_never_its_value(
    tmp_path: Path, environ: dict[str, str], yaml: str, key: str
) -> None:
    (tmp_path / "ompycord.yml").write_text(yaml)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ=environ, folder=tmp_path)
    message = str(caught.value)
    assert key in message
    assert "hunter2" not in message
    assert "\n" not in message
