"""Forty broken configurations and more: each is one line that names its key, and the value is nowhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import pytest

from ompycord.errors import ConfigurationError
from ompycord.settings import load_settings, settings_schema

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
    Broken("webhook.public_url", f"webhook: {{public_url: 'http://{SECRET}.example'}}"),
    Broken("webhook.public_url", f"webhook: {{public_url: 'https://me:{SECRET}@bot.example'}}"),
    Broken("webhook.public_url", f"webhook: {{public_url: 'https://bot.example/?{SECRET}'}}"),
    Broken("webhook.hosts", f"webhook: {{hosts: {SECRET}}}"),
    Broken("limits.parallel_runs", f"limits: {{parallel_runs: {SECRET}}}"),
    Broken("log.level", f"log: {{level: {SECRET}}}"),
    Broken("log.json", f"log: {{json: {SECRET}}}"),
    Broken("log.keep", "log: {keep: 0}"),
    Broken("profile", f"profile: {SECRET}"),
    Broken("profile", f"profile: [{SECRET}]"),
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
    Broken("repositories.shop.forge.kind", f"repositories: {{shop: {{path: /x, forge: {{kind: {SECRET}}}}}}}"),
    Broken(
        "repositories.shop.forge.tok",
        f"repositories: {{shop: {{path: /x, forge: {{kind: github, repository: a/b, token_file: t, tok: {SECRET}}}}}}}",
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
    Broken("ompycord.yml: it is nested deeper", "a: " + "[" * 1000 + SECRET + "]" * 1000),
    Broken("ompycord.yml: it is nested deeper", "a: " + "{x: " * 40 + SECRET + "}" * 40),
    Broken("ompycord.yml: it is nested deeper", f"a: &a [*a, {SECRET}]"),
    Broken("ompycord.yml: it holds more", "a: &a [" + "1, " * 50 + f"]\nb: &b [{'*a, ' * 50}]\nc: [{'*b, ' * 50}]"),
    Broken("line 2: profile is there twice: keep one", f"profile: solo\nprofile: {SECRET}"),
    Broken("line 3: port is there twice: keep one", f"webhook:\n  port: 1\n  port: {SECRET}"),
    Broken("the key 7 is no text: write it in quotes", f"access: {{users: {{7: [{SECRET}]}}}}"),
    Broken("the key a list or a mapping is no text", f"? [a]\n: {SECRET}"),
    Broken("a number or a date in it is none", f"a: 2026-99-99\nb: {SECRET}"),
    Broken("a number or a date in it is none", f"a: {'7' * 5000}\nb: {SECRET}"),
    # sections and variables
    Broken("OMPYCORD_WEBHOOK in the environment: this is a section", environ={"OMPYCORD_WEBHOOK": SECRET}),
    Broken("OMPYCORD_LIMITS__OPEN_PER_PERSON", environ={"OMPYCORD_LIMITS": SECRET}),
    Broken("OMPYCORD_AGENTS in the environment: this is a section", environ={"OMPYCORD_AGENTS": SECRET}),
    Broken(
        "OMPYCORD_WEBHOOK__EVENTS__BACKLOG in the environment: another variable",
        environ={"OMPYCORD_WEBHOOK__EVENTS": SECRET, "OMPYCORD_WEBHOOK__EVENTS__BACKLOG": "7"},
    ),
    Broken("OMPYCORD_WEBHOK_PORT", environ={"OMPYCORD_WEBHOK_PORT": SECRET}),
    Broken("webhook.port: write a whole number", environ={"OMPYCORD_WEBHOOK__PORT": f"tcp://{SECRET}:80"}),
    Broken("OMPYCORD_PORT in .env", dotenv=f"OMPYCORD_PORT=tcp://{SECRET}:80"),
    # what to write
    Broken("discord.home_channel: write it in quotes", "discord: {home_channel: 123456789012345678}"),
    Broken("access.users.admin.0: write it in quotes", "access: {users: {admin: [123456789012345678]}}"),
    Broken("repositories.shop.channel: write it in quotes", "repositories: {shop: {path: /x, channel: 12345}}"),
    Broken("discord.home_channel: write a Discord id", f"discord: {{home_channel: '{SECRET}'}}"),
    Broken("discord.guilds: write a list", "discord: {guilds: '123456789012345678'}"),
    Broken("discord: write its settings under it", f"discord: {SECRET}"),
    Broken("discord.message_content: write true or false", f"discord: {{message_content: {SECRET}}}"),
    Broken("limits.parallel_runs: write a whole number", f"limits: {{parallel_runs: {SECRET}}}"),
    Broken("agents.a.wall_s: write a number", f"agents: {{a: {{kind: rehearsal, wall_s: {SECRET}}}}}"),
    Broken("repositories.shop.base: it has no value", "repositories: {shop: {path: /x, base: }}"),
    Broken("discord.launch_emoji: write the emoji itself", f"discord: {{launch_emoji: ':{SECRET}:'}}"),
    Broken("discord.launch_emoji: write the emoji itself", environ={"OMP_LAUNCH_EMOJI": f"<:{SECRET}:12>"}),
    Broken("repositories.shop.path: there is no such home", f"repositories: {{shop: {{path: '~{SECRET}nobody/x'}}}}"),
    Broken("OMPYCORD_CONFIG: there is no such home", environ={"OMPYCORD_CONFIG": f"~{SECRET}nobody/x.yml"}),
    # numbers out of bounds
    Broken("limits.parallel_runs", "limits: {parallel_runs: -1}"),
    Broken("limits.parallel_runs", f"limits: {{parallel_runs: {'9' * 60}}}"),
    Broken("limits.open_per_guild", "limits: {open_per_guild: 0}"),
    Broken("webhook.rate_per_s", "webhook: {rate_per_s: .inf}"),
    Broken("webhook.body_s", "webhook: {body_s: .nan}"),
    Broken("webhook.events.backlog", f"webhook: {{events: {{backlog: {'9' * 60}}}}}"),
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


@pytest.mark.parametrize("name", [".env", "ompycord.yml"])
@pytest.mark.parametrize(
    ("encoding", "value"),
    [("utf-16", "solo"), ("utf-16-le", "solo"), ("utf-16-be", "solo"), ("utf-32", "solo"), ("latin-1", "h\u00fcnter2")],
)
def test_a_file_that_is_not_utf_8_is_named_with_what_to_do(
    tmp_path: Path, name: str, encoding: str, value: str
) -> None:
    """Without its mark UTF-16 of plain letters is UTF-8 with zeros."""
    (tmp_path / name).write_bytes(f"OMPYCORD_PRESET: {value}\n".encode(encoding))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={}, folder=tmp_path)
    assert str(caught.value).startswith(f"{name}: this is ")
    assert str(caught.value).endswith("Save it as UTF-8 in your editor.")


def test_a_name_that_is_a_secret_is_not_repeated(tmp_path: Path) -> None:
    """A value that was pasted where its name belongs."""
    token = "ghp_" + "a1B2" * 9
    (tmp_path / "ompycord.yml").write_text(f"discord: {{{token}: x, {'long' * 40}: x}}")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={}, folder=tmp_path)
    assert token not in str(caught.value)
    assert len(str(caught.value)) < 200


def _numbers(schema: Any, known: dict[str, Any], path: str, seen: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Every number in a JSON schema, with the path to it."""
    if isinstance(schema, list):
        for inner in cast("list[Any]", schema):
            yield from _numbers(inner, known, path, seen)
    elif isinstance(schema, dict):
        one = cast("dict[str, Any]", schema)
        if one.get("type") in {"integer", "number"}:
            yield path, one
        reference = str(one.get("$ref", "")).rpartition("/")[2]
        if reference and reference not in seen:
            yield from _numbers(known[reference], known, path, seen | {reference})
        for name, inner in one.get("properties", {}).items():
            yield from _numbers(inner, known, f"{path}.{name}", seen)
        for part in ("anyOf", "oneOf", "allOf", "items", "prefixItems", "additionalProperties"):
            yield from _numbers(one.get(part), known, path, seen)


def test_every_number_has_bounds() -> None:
    schema = settings_schema()
    numbers = list(_numbers(schema, schema["$defs"], "", frozenset()))
    assert len(numbers) > 30
    unbound = {
        path
        for path, one in numbers
        if not ({"minimum", "exclusiveMinimum"} & one.keys() and {"maximum", "exclusiveMaximum"} & one.keys())
    }
    assert unbound == set()
