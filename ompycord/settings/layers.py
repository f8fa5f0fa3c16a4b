"""Reads the layers of settings, merges them and lets `model.py` judge the result; counterpart of `cli/origins.py`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import yaml
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from ompycord.checks.parser import AUTO
from ompycord.checks.registry import CHECK_PARSERS
from ompycord.errors import ConfigurationError
from ompycord.settings.former import in_present_keys
from ompycord.settings.kinds import UNKNOWN_KIND, options_of, settings_with
from ompycord.settings.model import PREFIX, Settings

__all__ = ["NAMED", "NOT_SETTINGS", "PRESETS", "SECRETS", "load_settings", "secret_folder"]

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
"""Variables with our prefix that have another purpose: for agents, for tests, or the place of the file."""

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

PRESETS: dict[str, dict[str, Any]] = {
    "solo": {"limits": {"open_per_person": 10, "parallel_runs": 1}},
    "team": {"limits": {"open_per_person": 5, "open_per_channel": 10, "open_per_guild": 20, "parallel_runs": 2}},
    "server": {"limits": {"open_per_guild": 50, "parallel_runs": 4}, "log": {"json": True}},
}
"""Defaults by name, below all other layers. `team` is what holds without one."""


_KIND_AT: Final[Mapping[str | int, int]] = {"agents": 2, "repositories": 5}
"""Where pydantic names a kind: `agents.NAME.KIND.option`, `repositories.NAME.checks.0.parser.KIND.option`."""


class _Merged(PydanticBaseSettingsSource):
    """All layers, already read and merged."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def load_settings(*, environ: Mapping[str, str], folder: Path, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read all layers. `folder` holds `.env` and `ompycord.yml` (or OMPYCORD_CONFIG names the latter).

    Raises ConfigurationError with one line that names the key and where it stands, never a value.
    """
    dotenv = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    config = Path(environ.get("OMPYCORD_CONFIG") or dotenv.get("OMPYCORD_CONFIG") or folder / "ompycord.yml")
    unknown = [
        dict(overrides or {}),
        _from_variables(environ, "the environment"),
        _from_variables(dotenv, ".env"),
        _from_variables(secret_folder(environ, dotenv), "the secret folder"),
        _from_yaml(config, required="OMPYCORD_CONFIG" in environ),
    ]
    merged = _merged([*unknown, _preset(unknown)])
    kinds = _kinds(merged)
    model = settings_with(agents=kinds, parsers=_parsers(merged))
    present, warnings = in_present_keys(merged, options=options_of(kinds))

    class Loaded(model):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (_Merged(settings_cls, present),)

    try:
        return Loaded().note(warnings)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def _merged(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One mapping of all, the first layer before the others; a list or a plain value replaces, a mapping is merged."""
    result: dict[str, Any] = {}
    for layer in reversed(layers):
        for key, value in layer.items():
            inner: Any = result.get(key)
            if isinstance(value, Mapping) and isinstance(inner, Mapping):
                result[key] = _merged([cast("Mapping[str, Any]", value), cast("Mapping[str, Any]", inner)])
            else:
                result[key] = value
    return result


def _kinds(merged: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of agents that are named, whether they exist or not."""
    found = (agent.get("kind") for agent in _entries(merged.get("agents")))
    return frozenset(kind for kind in found if isinstance(kind, str))


def _parsers(merged: Mapping[str, Any]) -> frozenset[str]:
    """The parsers of checks that are named, whether they exist or not.

    All that exist where the command decides.
    """
    checks = (
        check for repository in _entries(merged.get("repositories")) for check in _entries(repository.get("checks"))
    )
    found: set[str] = set()
    for check in checks:
        parser: Any = check.get("parser", AUTO)
        name = cast("Mapping[str, Any]", parser).get("kind") if isinstance(parser, Mapping) else parser
        found |= set(CHECK_PARSERS.names) if name == AUTO else {name} if isinstance(name, str) else set()
    return frozenset(found)


def _entries(content: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings in a mapping or a list; all else is judged with the other mistakes."""
    if isinstance(content, Mapping):
        content = list(cast("Mapping[str, Any]", content).values())
    for entry in cast("list[Any]", content) if isinstance(content, list) else ():
        if isinstance(entry, Mapping):
            yield cast("Mapping[str, Any]", entry)


def _preset(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The defaults of the preset that the first layer names; an unknown name is judged with the other mistakes."""
    name = next((layer["preset"] for layer in layers if "preset" in layer), None)
    return PRESETS.get(name, {}) if isinstance(name, str) else {}


def secret_folder(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> dict[str, str]:
    """The content of OMPYCORD_SECRETS_DIR: one file per secret, named as its variable, in small or large letters.

    Docker and systemd provide secrets that way. Raises ConfigurationError.
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
    """The first mistake with its key; pydantic's messages contain no values for what we validate."""
    mistakes = error.errors(include_url=False, include_context=False, include_input=False)
    first = mistakes[0]
    key = ".".join(str(part) for part in _written(first["loc"], first["type"])) or "configuration"
    unknown = (
        "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    )
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{key}: {unknown}{more}"


def _written(path: tuple[str | int, ...], error: str) -> Iterator[str | int]:
    """The path as people write it.

    Pydantic puts the kind between the name of an agent, or `parser`, and its options.
    """
    for at, part in enumerate(path):
        if at != _KIND_AT.get(path[0]):
            yield part
    if error == UNKNOWN_KIND:
        yield "kind"


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
    """Our variables as a nested mapping, without empty ones."""
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
