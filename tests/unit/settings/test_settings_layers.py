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
    """Command line > environment > .env > secret folder > ompycord.yml > preset > defaults."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    values = {level: f"{level}-{'x' * 24}" for level in ("line", "environ", "dotenv", "folder", "yaml")}
    (secrets / "omp_webhook_secret").write_text(values["folder"] + "\n")
    (tmp_path / ".env").write_text(f"OMP_WEBHOOK_SECRET={values['dotenv']}\nOMPYCORD_SECRETS_DIR={secrets}\n")
    (tmp_path / "ompycord.yml").write_text(
        f"webhook: {{secret: {values['yaml']}}}\npreset: server\nlog: {{json: false}}\n"
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


def test_a_preset_is_the_same_from_wherever_it_is_named_and_team_is_what_holds_without_one(tmp_path: Path) -> None:
    plain = load_settings(environ={}, folder=tmp_path)
    team = load_settings(environ={"OMPYCORD_PRESET": "team"}, folder=tmp_path)
    assert plain.model_dump() == team.model_dump()
    solo = load_settings(environ={"OMPYCORD_PRESET": "solo"}, folder=tmp_path)
    assert (solo.limits.parallel_runs, solo.limits.open_per_guild) == (1, plain.limits.open_per_guild)


def test_the_schema_for_editors_takes_what_the_program_takes(tmp_path: Path) -> None:
    judge = jsonschema_rs.validator_for(settings_schema())
    example = yaml.safe_load(Path("ompycord.example.yml").read_text(encoding="utf-8"))
    assert judge.is_valid(example)
    assert judge.is_valid({"repositories": {"shop": {"path": "/srv/shop"}}, "log": {"json": True}, "preset": "solo"})
    mistakes: tuple[dict[str, object], ...] = (
        {"webhok": {}},
        {"webhook": {"prt": 1}},
        {"log": {"level": "loud"}},
        {"preset": "huge"},
    )
    for broken in mistakes:
        assert not judge.is_valid(broken), broken
        (tmp_path / "ompycord.yml").write_text(yaml.safe_dump(broken))
        with pytest.raises(ConfigurationError):
            load_settings(environ={}, folder=tmp_path)


def test_what_agents_are_given_is_known_as_secret(tmp_path: Path) -> None:
    agent = {"OMPYCORD_AGENTS": '{"tidy": {"kind": "command", "command": ["true"], "env": {"CRM": "correct-horse"}}}'}
    assert load_settings(environ=agent, folder=tmp_path).agent_secrets == ("correct-horse",)
