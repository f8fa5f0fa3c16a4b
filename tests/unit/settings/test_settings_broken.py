"""Forty broken configurations and more: each is one line that names its key, and the value is nowhere."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from ompycord.errors import ConfigurationError
from ompycord.settings import load_settings

SECRET = "hunter2"


class Broken(NamedTuple):
    """`key` must stand in the message; every given value holds SECRET."""

    key: str
    yaml: str = ""
    environ: Mapping[str, str] = MappingProxyType({})
    dotenv: str = ""


BROKEN = [
    # names that there are not
    Broken("OMPYCORD_WEBHOK__PORT", environ={"OMPYCORD_WEBHOK__PORT": SECRET}),
    Broken("OMPYCORD_TOKEN in .env", dotenv=f"OMPYCORD_TOKEN={SECRET}"),
    Broken("webhook.prt", environ={"OMPYCORD_WEBHOOK__PRT": SECRET}),
    Broken("webhok", f"webhok: {{port: {SECRET}}}"),
    Broken("webhook.prt", f"webhook: {{prt: {SECRET}}}"),
    Broken("discord.tokn", f"discord: {{tokn: {SECRET}}}"),
    Broken("access.users.owner", f"access: {{users: {{owner: [{SECRET}]}}}}"),
    Broken("access.groups", f"access: {{groups: {SECRET}}}"),
    Broken("limits.open_per_team", f"limits: {{open_per_team: {SECRET}}}"),
    Broken("log.colour", f"log: {{colour: {SECRET}}}"),
    Broken("repositories.shop.url", f"repositories: {{shop: {{path: /x, url: {SECRET}}}}}"),
    Broken("agents.a.modle", f"agents: {{a: {{kind: rehearsal, modle: {SECRET}}}}}"),
    # values of another kind
    Broken("webhook.port", environ={"OMPYCORD_WEBHOOK__PORT": SECRET}),
    Broken("webhook.port", f"webhook: {{port: [{SECRET}]}}"),
    Broken("webhook.port", "webhook: {port: 65536}"),
    Broken("webhook.port", "webhook: {port: -1}"),
    Broken("playground.port", f"playground: {{port: {SECRET}}}"),
    Broken("webhook.hosts", f"webhook: {{hosts: {SECRET}}}"),
    Broken("limits.parallel_runs", f"limits: {{parallel_runs: {SECRET}}}"),
    Broken("log.level", f"log: {{level: {SECRET}}}"),
    Broken("log.json", f"log: {{json: {SECRET}}}"),
    Broken("log.keep", "log: {keep: 0}"),
    Broken("preset", f"preset: {SECRET}"),
    Broken("preset", f"preset: [{SECRET}]"),
    Broken("discord.message_content", f"discord: {{message_content: {SECRET}}}"),
    Broken("access.users.runner.0", environ={"DISCORD_ALLOWED_USERS": SECRET}),
    Broken("access.roles.admin", f"access: {{roles: {{admin: {SECRET}}}}}"),
    Broken("repositories", f"repositories: [{SECRET}]"),
    Broken("repositories.shop", f"repositories: {{shop: {SECRET}}}"),
    Broken("repositories.shop", f"repositories: {{shop: {{base: {SECRET}}}}}"),
    Broken("repositories.shop", f"repositories: {{shop: {{path: /x, address: {SECRET}}}}}"),
    Broken("repositories.Shop.name", f"repositories: {{Shop: {{path: /{SECRET}}}}}"),
    Broken("repositories.shop.base", f"repositories: {{shop: {{path: /x, base: '-{SECRET}'}}}}"),
    Broken(
        "repositories.shop.checks.0.command",
        f"repositories: {{shop: {{path: /x, checks: [{{name: u, command: {SECRET}}}]}}}}",
    ),
    Broken(
        "repositories.shop.checks.0.timeout_s",
        "repositories: {shop: {path: /x, checks: [{name: u, command: [a], timeout_s: 0}]}}",
    ),
    Broken("agents.a", f"agents: {{a: {{kind: command, env: {{KEY: {SECRET}}}}}}}"),
    Broken("agents.a.kind", f"agents: {{a: {{kind: {SECRET}}}}}"),
    Broken("agents.a.env", f"agents: {{a: {{kind: rehearsal, env: {{'a b': {SECRET}}}}}}}"),
    Broken("agents.a.sandbox.minimum", f"agents: {{a: {{kind: rehearsal, sandbox: {{minimum: {SECRET}}}}}}}"),
    # other systems that are told
    Broken("notify.webhook", f"notify: {{webhook: {SECRET}}}"),
    Broken(
        "notify.webhooks.0.name", f"notify: {{webhooks: [{{name: '{SECRET} x', url: 'https://a.b', secret_file: a}}]}}"
    ),
    Broken("notify.webhooks.0.name", "notify: {webhooks: [{name: discord, url: 'https://a.b', secret_file: a}]}"),
    Broken("notify.webhooks.0.url", f"notify: {{webhooks: [{{name: a, url: '{SECRET}', secret_file: a}}]}}"),
    Broken("notify.webhooks.0.url", f"notify: {{webhooks: [{{name: a, url: 'ftp://{SECRET}', secret_file: a}}]}}"),
    Broken(
        "notify.webhooks.0.url", f"notify: {{webhooks: [{{name: a, url: 'https://u:{SECRET}@b', secret_file: a}}]}}"
    ),
    Broken(
        "notify.webhooks.0.url", f"notify: {{webhooks: [{{name: a, url: 'https://a.b:{SECRET}', secret_file: a}}]}}"
    ),
    Broken("notify.webhooks.0.secret_file", "notify: {webhooks: [{name: a, url: 'https://a.b'}]}"),
    Broken("notify.webhooks.0.secret", f"notify: {{webhooks: [{{name: a, url: 'https://a.b', secret: {SECRET}}}]}}"),
    Broken(
        "notify.webhooks.0.topics.0",
        f"notify: {{webhooks: [{{name: a, url: 'https://a.b', secret_file: a, topics: [{SECRET}]}}]}}",
    ),
    Broken(
        "notify.webhooks.0.topics", "notify: {webhooks: [{name: a, url: 'https://a.b', secret_file: a, topics: []}]}"
    ),
    Broken(
        "notify.webhooks",
        "notify: {webhooks: [{name: a, url: 'https://a.b', secret_file: a}, {name: a, url: 'https://c.d', "
        "secret_file: c}]}",
    ),
    # secrets
    Broken("webhook.secret", environ={"OMP_WEBHOOK_SECRET": SECRET}),
    Broken("webhook.secret", f"webhook: {{secret: {SECRET}}}"),
    Broken("OMP_WEBHOOK_SECRET_FILE", environ={"OMP_WEBHOOK_SECRET_FILE": f"/nowhere/{SECRET}"}),
    Broken("DISCORD_TOKEN_FILE in .env", dotenv=f"DISCORD_TOKEN_FILE=/nowhere/{SECRET}"),
    Broken(
        "DISCORD_TOKEN and DISCORD_TOKEN_FILE", environ={"DISCORD_TOKEN": SECRET, "DISCORD_TOKEN_FILE": f"/{SECRET}"}
    ),
    Broken("OMPYCORD_SECRETS_DIR", environ={"OMPYCORD_SECRETS_DIR": f"/nowhere/{SECRET}"}),
    Broken("DISCORD_GUILD_ID", environ={"DISCORD_TOKEN": SECRET}),
    # files and texts that cannot be read
    Broken("OMPYCORD_LIMITS", environ={"OMPYCORD_LIMITS": f"{{{SECRET}"}),
    Broken("OMPYCORD_CONFIG", environ={"OMPYCORD_CONFIG": f"/nowhere/{SECRET}/file.yml"}),
    Broken("ompycord.yml", SECRET),
    Broken("ompycord.yml, line 1", f"a: [{SECRET}"),
    Broken("ompycord.yml", f"- {SECRET}"),
    Broken("ompycord.yml", f"a: !!python/object/apply:os.system [{SECRET}]"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.key)
def test_a_mistake_names_its_key_and_never_its_value(tmp_path: Path, broken: Broken) -> None:
    (tmp_path / "ompycord.yml").write_text(broken.yaml)
    (tmp_path / ".env").write_text(broken.dotenv + "\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ=broken.environ, folder=tmp_path)
    message = str(caught.value)
    assert broken.key in message
    assert SECRET not in message
    assert "\n" not in message
    assert caught.value.exit_code == 78


def test_there_are_forty_or_more() -> None:
    assert len(BROKEN) >= 40


@pytest.mark.posix
def test_a_secret_of_the_folder_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "discord_token").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigurationError, match="DISCORD_TOKEN in the secret folder"):
        load_settings(environ={"OMPYCORD_SECRETS_DIR": str(tmp_path)}, folder=tmp_path)
