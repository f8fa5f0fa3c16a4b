"""Settings: command line > environment > `.env` > secret folder > `ompycord.yml` > preset > defaults. Read by cli and app alone.

An unknown key is an error that names the key; a value is never printed. An empty value counts as absent.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, cast

import yaml
from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ompycord.domain.access import Access, Snowflake
from ompycord.domain.base import Frozen
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.errors import ConfigurationError

__all__ = [
    "DiscordSettings",
    "LogSettings",
    "PlaygroundSettings",
    "Settings",
    "WebhookSettings",
    "load_settings",
    "secret_folder",
    "settings_schema",
]

PREFIX = "OMPYCORD_"
NOT_SETTINGS = frozenset(
    {
        "OMPYCORD_RUN",
        "OMPYCORD_URL",
        "OMPYCORD_KEY",
        "OMPYCORD_MCP_URL",
        "OMPYCORD_REQUIRE_SHARED",
        "OMPYCORD_CONFIG",
        "OMPYCORD_SECRETS_DIR",
        "OMPYCORD_SPOOL",
    }
)
"""Variables with our prefix that mean something else: what agents get, what tests read, where the file is."""

NAMED: dict[str, tuple[str, ...]] = {
    "DISCORD_TOKEN": ("discord", "token"),
    "DISCORD_GUILD_ID": ("discord", "guilds"),
    "DISCORD_CHANNEL_ID": ("discord", "home_channel"),
    "DISCORD_ALLOWED_USERS": ("access", "users", "runner"),
    "OMP_LAUNCH_CHANNEL_IDS": ("discord", "work_channels"),
    "OMP_LAUNCH_EMOJI": ("discord", "launch_emoji"),
    "OMP_WEBHOOK_SECRET": ("webhook", "secret"),
}
"""The variables of the original (docs/contracts/files-and-names.md, *Environment*). Lists are separated by commas or
spaces."""
LISTS = frozenset({"DISCORD_GUILD_ID", "DISCORD_ALLOWED_USERS", "OMP_LAUNCH_CHANNEL_IDS"})
SECRETS = frozenset({"DISCORD_TOKEN", "OMP_WEBHOOK_SECRET", "OMPYCORD_DISCORD__TOKEN", "OMPYCORD_WEBHOOK__SECRET"})
"""Each also as NAME_FILE."""
MIN_SECRET = 24

PRESETS: dict[str, dict[str, Any]] = {
    "solo": {"limits": {"open_per_person": 10, "parallel_runs": 1}},
    "team": {"limits": {"open_per_person": 5, "open_per_channel": 10, "open_per_guild": 20, "parallel_runs": 2}},
    "server": {"limits": {"open_per_guild": 50, "parallel_runs": 4}, "log": {"json": True}},
}
"""Defaults by name, below everything else that is said. `team` is what holds without one."""


class DiscordSettings(Frozen):
    """Where the bot lives."""

    token: SecretStr | None = None
    """Without one, `up` opens the playground."""
    guilds: tuple[Snowflake, ...] = ()
    """Servers in which it works; elsewhere it does nothing."""
    home_channel: Snowflake | None = None
    """Where mirrors go when a command was not given in a work channel."""
    work_channels: tuple[Snowflake, ...] = ()
    ops_channel: Snowflake | None = None
    """Where the bot tells of its own trouble and of questions that nobody answers."""
    board_channel: Snowflake | None = None
    """A channel with one message that lists all live runs."""
    launch_emoji: str = "🚀"
    """The reaction that starts a message as a task, once the bot has armed it."""
    message_content: bool = False
    """Ask for the privileged intent: what people write in a run's thread reaches the run."""
    api: str | None = None
    """Another Discord: the address of its API. Only the playground needs it."""
    gateway: str | None = None


class WebhookSettings(Frozen):
    """The sidecar."""

    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65_535)
    secret: SecretStr | None = None
    """Absent: made at the first `up` and shown once."""
    hosts: tuple[str, ...] = ()
    """Public names under which a proxy reaches it, besides loopback."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; else all that comes through one is one sender."""

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"must have {MIN_SECRET} characters or more")
        return value


class PlaygroundSettings(Frozen):
    """The local Discord."""

    port: int = Field(default=8788, ge=0, le=65_535)


class LogSettings(Frozen):
    """What is logged, and how."""

    level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    json_lines: bool = Field(default=False, validation_alias=AliasChoices("json", "json_lines"))
    file: Path | None = None
    """Also into this file, JSON a line, which is begun anew at `max_mib`. A relative one lies in the data folder."""
    max_mib: int = Field(default=10, ge=1, le=10_000)
    keep: int = Field(default=5, ge=1, le=100)
    """How many earlier files stay, as NAME.1 to NAME.n."""


class Settings(BaseSettings):
    """All of it. Frozen; secrets never show in a repr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    preset: Literal["solo", "team", "server"] = "team"
    """A set of defaults: one person, a team, a machine that does nothing else."""
    data_dir: Path = Field(default_factory=lambda: user_data_path("ompycord"))
    """Database, secrets, workspaces; made 0700."""
    discord: DiscordSettings = DiscordSettings()
    webhook: WebhookSettings = WebhookSettings()
    playground: PlaygroundSettings = PlaygroundSettings()
    access: Access = Access()
    repositories: dict[str, RepositorySpec] = Field(default_factory=dict[str, RepositorySpec])
    agents: dict[str, AgentSpec] = Field(default_factory=dict[str, AgentSpec])
    limits: Limits = Limits()
    log: LogSettings = LogSettings()

    @model_validator(mode="before")
    @classmethod
    def _names_from_keys(cls, data: Any) -> Any:
        """`repositories: {shop: {...}}`: the key is the name."""
        given = cast("dict[str, Any]", data)
        for group in ("repositories", "agents"):
            entries = given.get(group)
            if isinstance(entries, dict):
                named = cast("dict[str, Any]", entries)
                given[group] = {
                    name: {"name": name, **cast("dict[str, Any]", entry)} if isinstance(entry, dict) else entry
                    for name, entry in named.items()
                }
        return given

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        if self.discord.token is not None and not self.discord.guilds:
            raise ValueError("discord.guilds (DISCORD_GUILD_ID) must name the server that the bot works in")
        return self

    @property
    def agent_secrets(self) -> tuple[str, ...]:
        """What agents are given in their environment: it stands in no card and no log."""
        return tuple(value for agent in self.agents.values() for value in agent.env.values())

    @property
    def catalog(self) -> Catalog:
        """Repositories and agents in the order of the file."""
        return Catalog(
            repositories=tuple(self.repositories.values()), agents=tuple(self.agents.values()), limits=self.limits
        )


class _Layer(PydanticBaseSettingsSource):
    """One layer that was read already."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def settings_schema() -> dict[str, Any]:
    """The JSON schema of `ompycord.yml`: everything may be left out, and a repository's or agent's name is its key."""
    schema = Settings.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    for name in ("RepositorySpec", "AgentSpec"):
        definitions[name]["required"] = [key for key in definitions[name].get("required", []) if key != "name"]
        if not definitions[name]["required"]:
            del definitions[name]["required"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ompycord.yml"
    return schema


def load_settings(*, environ: Mapping[str, str], folder: Path, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read all layers. `folder` holds `.env` and `ompycord.yml` (or OMPYCORD_CONFIG names the latter).

    Raises ConfigurationError with one line that names the key and where it stands, never a value.
    """
    dotenv = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    config = Path(environ.get("OMPYCORD_CONFIG") or dotenv.get("OMPYCORD_CONFIG") or folder / "ompycord.yml")
    said = [
        dict(overrides or {}),
        _from_variables(environ, "the environment"),
        _from_variables(dotenv, ".env"),
        _from_variables(secret_folder(environ, dotenv), "the secret folder"),
        _from_yaml(config, required="OMPYCORD_CONFIG" in environ),
    ]
    layers = [*said[1:], _preset(said)]

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings, *(_Layer(settings_cls, layer) for layer in layers))

    try:
        return Loaded(**(overrides or {}))
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def _preset(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The defaults of the preset that the first layer names; a name that there is not is judged with all the others."""
    name = next((layer["preset"] for layer in layers if "preset" in layer), None)
    return PRESETS.get(name, {}) if isinstance(name, str) else {}


def secret_folder(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> dict[str, str]:
    """What OMPYCORD_SECRETS_DIR holds: one file a secret, named as its variable, in small or large letters.

    Docker and systemd lay secrets out so. Raises ConfigurationError.
    """
    name = environ.get("OMPYCORD_SECRETS_DIR", "").strip() or dotenv.get("OMPYCORD_SECRETS_DIR", "").strip()
    if not name:
        return {}
    folder = Path(name)
    if not folder.is_dir():
        raise ConfigurationError("OMPYCORD_SECRETS_DIR: there is no such folder")
    found: dict[str, str] = {}
    for secret in SECRETS:
        for file in (folder / secret, folder / secret.lower()):
            if file.is_file():
                try:
                    found[secret] = file.read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    raise ConfigurationError(f"{secret} in the secret folder: that file cannot be read") from None
    return found


def _sentence(error: ValidationError) -> str:
    """The first mistake by its key; pydantic's messages carry no values for what we validate."""
    mistakes = error.errors(include_url=False, include_context=False, include_input=False)
    first = mistakes[0]
    key = ".".join(str(part) for part in first["loc"]) or "configuration"
    said = (
        "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    )
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{key}: {said}{more}"


def _from_yaml(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise ConfigurationError(f"OMPYCORD_CONFIG: there is no file {path.name}")
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{path.name}{where}: this is not YAML") from None
    except OSError as error:
        raise ConfigurationError(f"{path.name}: cannot be read ({error.strerror})") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path.name}: settings belong under their names (key: value)")
    return cast("dict[str, Any]", content)


def _from_variables(variables: Mapping[str, str], where: str) -> dict[str, Any]:
    """Our variables as a nested mapping. Empty ones are absent."""
    result: dict[str, Any] = {}
    for name, text in sorted(_with_files(variables, where).items()):
        if not text.strip() or name in NOT_SETTINGS:
            continue
        if name in NAMED:
            path, value = NAMED[name], _split(text) if name in LISTS else text.strip()
        elif name.startswith(PREFIX):
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            value = _parsed(text, name, where)
            if path[0] not in Settings.model_fields:
                raise ConfigurationError(f"{name} in {where}: there is no such setting")
        else:
            continue
        _put(result, path, value)
    return result


def _with_files(variables: Mapping[str, str], where: str) -> dict[str, str]:
    """NAME_FILE read into NAME, for every secret."""
    result = dict(variables)
    for name in SECRETS:
        file = result.pop(f"{name}_FILE", "").strip()
        if not file:
            continue
        if result.get(name, "").strip():
            raise ConfigurationError(f"{name} and {name}_FILE in {where}: give one of them")
        try:
            result[name] = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{name}_FILE in {where}: that file cannot be read") from None
    return result


def _split(text: str) -> list[str]:
    return [part for part in text.replace(",", " ").split() if part]


def _parsed(text: str, name: str, where: str) -> Any:  # a JSON value, judged by the model
    if text.lstrip()[:1] not in {"[", "{"}:
        return text.strip()
    try:
        return json.loads(text)
    except ValueError:
        raise ConfigurationError(f"{name} in {where}: this is not JSON") from None


def _put(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        target = target.setdefault(part, {})
    target[path[-1]] = value
