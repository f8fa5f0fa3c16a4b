"""Reads the layers of settings, merges them and lets `model.py` judge the result; counterpart of `cli/origins.py`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeGuard, cast, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from ompycord.checks.parser import AUTO
from ompycord.checks.registry import CHECK_PARSERS
from ompycord.domain.access import SNOWFLAKE
from ompycord.errors import ConfigurationError
from ompycord.settings.former import FORMER, in_present_keys
from ompycord.settings.kinds import UNKNOWN_KIND, options_of, settings_with
from ompycord.settings.model import PREFIX, Settings
from ompycord.settings.proxy import proxy_of_environment, unusable_proxy
from ompycord.settings.written_files import read_dotenv, read_secret, read_yaml, written_path
from ompycord.text import Redactor

__all__ = [
    "NAMED",
    "NOT_SETTINGS",
    "PROFILES",
    "SECRETS",
    "config_file",
    "fix_of",
    "is_of_orchestrator",
    "load_settings",
    "parsers_of",
    "read_dotenv",
    "read_yaml",
    "secret_folder",
]


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


NOT_SETTINGS = frozenset(
    {
        "OMPYCORD_RUN",
        "OMPYCORD_PURPOSE",
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

PROFILES: dict[str, dict[str, Any]] = {
    "solo": {"limits": {"open_per_person": 10, "parallel_runs": 1}},
    "team": {"limits": {"open_per_person": 5, "open_per_channel": 10, "open_per_guild": 20, "parallel_runs": 2}},
    "server": {"limits": {"open_per_guild": 50, "parallel_runs": 4}, "log": {"json": True}},
}
"""Defaults by name, below all other layers. `team` is what holds without one."""


SECTIONS: Final = {
    name: tuple(field.annotation.model_fields) if _is_model(field.annotation) else ()
    for name, field in Settings.model_fields.items()
    if _is_model(field.annotation) or get_origin(field.annotation) is dict
}
"""The settings that hold others, and the names of these where they are fixed."""
KEY_SHOWN: Final = 64
"""Characters of each part of a key in a message; what looks like a secret in it goes."""
_NAMES: Final = Redactor()
_ENVIRONMENT: Final = "the environment"
_OF_SERVICE: Final = re.compile(
    r"OMPYCORD_(?:[A-Z0-9]+_)*(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|"
    r"PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
_PORT_OF_SERVICE: Final = re.compile(r"OMPYCORD_(?:[A-Z0-9]+_)*PORT")
_ADDRESS_OF_SERVICE: Final = re.compile(r"(?:tcp|udp|sctp)://")
_KIND_AT: Final[Mapping[str | int, int]] = {"agents": 2, "checks": 5, "forge": 3, "backend": 2}
"""Where pydantic names a kind.

`agents.NAME.KIND.option`, `repositories.NAME.checks.0.parser.KIND.option`, `repositories.NAME.forge.KIND.option`,
`memory.backend.KIND.option`.
"""
_NAMED_AT: Final = {"repositories": 2, "memory": 1}
"""Which part of a path says where that is; the first one of all others."""


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
    dotenv = read_dotenv(folder / ".env")
    config = config_file(environ, dotenv, folder)
    unknown = [
        dict(overrides or {}),
        _from_variables(environ, _ENVIRONMENT),
        _from_variables(dotenv, ".env"),
        _from_variables(secret_folder(environ, dotenv), "the secret folder"),
        _from_yaml(config, required="OMPYCORD_CONFIG" in environ),
    ]
    merged = _merged([*unknown, _profile(unknown)])
    merged = _merged([merged, _proxy(environ, merged)])
    kinds = _kinds(merged)
    model = settings_with(agents=kinds, parsers=_parsers(merged), forges=_forges(merged), memories=_memories(merged))
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
        loaded = Loaded()
        return loaded.note((*warnings, *_passed_over(environ, loaded), *CHECK_PARSERS.broken))
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def config_file(environ: Mapping[str, str], dotenv: Mapping[str, str], folder: Path) -> Path:
    """The file of settings: the one that OMPYCORD_CONFIG names, or `ompycord.yml` in `folder`.

    Raises ConfigurationError for one that its writer took for it: who may do what stands in there.
    """
    name = environ.get("OMPYCORD_CONFIG") or dotenv.get("OMPYCORD_CONFIG")
    if name:
        return _path_in(name, "OMPYCORD_CONFIG")
    file, other = folder / "ompycord.yml", folder / "ompycord.yaml"
    if other.is_file() and not file.exists():
        raise ConfigurationError("ompycord.yaml is not read: rename it to ompycord.yml")
    return file


def _path_in(text: str, variable: str) -> Path:
    try:
        return written_path(text)
    except ValueError as error:
        raise ConfigurationError(f"{variable}: {error}") from None


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

    All that can be used where the command decides.
    """
    return parsers_of(_entries(merged.get("repositories")))


def parsers_of(repositories: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The parsers that the checks of these repositories name, as they are written."""
    checks = (check for repository in repositories for check in _entries(repository.get("checks")))
    found: set[str] = set()
    for check in checks:
        parser: Any = check.get("parser", AUTO)
        name = cast("Mapping[str, Any]", parser).get("kind") if isinstance(parser, Mapping) else parser
        if name == AUTO:
            found |= {one.name for one in CHECK_PARSERS.usable()}
        elif isinstance(name, str):
            found.add(name)
    return frozenset(found)


def _forges(merged: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of forges that are named, whether they exist or not."""
    forges = (repository.get("forge") for repository in _entries(merged.get("repositories")))
    kinds = (cast("Mapping[str, Any]", one).get("kind") for one in forges if isinstance(one, Mapping))
    return frozenset(kind for kind in kinds if isinstance(kind, str))


def _memories(merged: Mapping[str, Any]) -> frozenset[str]:
    """The kind of memory that is named, whether it exists or not."""
    backends = (section.get("backend") for section in _entries([merged.get("memory")]))
    kinds = (cast("Mapping[str, Any]", one).get("kind") for one in backends if isinstance(one, Mapping))
    return frozenset(kind for kind in kinds if isinstance(kind, str))


def _entries(content: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings in a mapping or a list; all else is judged with the other mistakes."""
    if isinstance(content, Mapping):
        content = list(cast("Mapping[str, Any]", content).values())
    for entry in cast("list[Any]", content) if isinstance(content, list) else ():
        if isinstance(entry, Mapping):
            yield cast("Mapping[str, Any]", entry)


def _profile(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The defaults of the profile that the first layer names; an unknown name is judged with the other mistakes."""
    named = (layer.get("profile", layer.get("preset")) for layer in layers if {"profile", "preset"} & layer.keys())
    name = next(named, None)
    return PROFILES.get(name, {}) if isinstance(name, str) else {}


def _proxy(environ: Mapping[str, str], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The environment's proxy, for the real Discord alone."""
    found = proxy_of_environment(environ)
    discord = merged.get("discord")
    if found is None or (isinstance(discord, Mapping) and "api" in discord):
        return {}
    return {"discord": {"proxy": found[1]}}


def _passed_over(environ: Mapping[str, str], loaded: Settings) -> tuple[str, ...]:
    """What the environment says of a proxy and nothing heeds, where the real Discord is to be reached."""
    discord = loaded.discord
    if discord.token is None or discord.api is not None or discord.proxy is not None:
        return ()
    words = unusable_proxy(environ)
    return () if words is None else (words,)


def secret_folder(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> dict[str, str]:
    """The content of OMPYCORD_SECRETS_DIR: one file per secret, named as its variable, in small or large letters.

    Docker and systemd provide secrets that way. Raises ConfigurationError.
    """
    name = environ.get("OMPYCORD_SECRETS_DIR", "").strip() or dotenv.get("OMPYCORD_SECRETS_DIR", "").strip()
    if not name:
        return {}
    folder = _path_in(name, "OMPYCORD_SECRETS_DIR")
    if not folder.is_dir():
        raise ConfigurationError("OMPYCORD_SECRETS_DIR: there is no such folder")
    found: dict[str, str] = {}
    for secret in SECRETS:
        for file in (folder / secret, folder / secret.lower()):
            if file.is_file():
                found[secret] = read_secret(file, named=f"{secret} in the secret folder")
    return found


def _sentence(error: ValidationError) -> str:
    """The first mistake with its key; pydantic's messages contain no values for what we validate."""
    mistakes = error.errors(include_url=False, include_context=False)
    first = mistakes[0]
    parts = [_NAMES.cut(str(part), KEY_SHOWN) for part in _written(first["loc"], first["type"])]
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{'.'.join(parts) or 'configuration'}: {fix_of(first)}{more}"


def fix_of(mistake: ErrorDetails) -> str:
    """What to write instead; of what was given only its kind decides."""
    given, kind = mistake["input"], mistake["type"]
    if kind == "string_type" and given is None:
        return "it has no value: write one, or take the line out"
    if kind == "string_type" and isinstance(given, bool | int | float):
        return 'write it in quotes, such as "123": it is a text or an id, and no number'
    if kind == "string_pattern_mismatch" and mistake["loc"] == ("discord", "proxy"):
        return "write http://host:port, or http://name:password@host:port; other kinds of proxies do not work"
    if kind == "string_pattern_mismatch" and mistake["msg"].endswith(f"'{SNOWFLAKE}'"):
        return 'write a Discord id: 15 to 20 digits, in quotes ("Copy ID" in Discord\'s developer mode)'
    return _FIXES.get(kind) or mistake["msg"].removeprefix("Value error, ")


_FIXES: Final[Mapping[str, str]] = {
    "extra_forbidden": "there is no such setting",
    "string_type": "write one text, in quotes",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_parsing_size": "write a smaller number",
    **dict.fromkeys(("tuple_type", "list_type"), "write a list, such as [one, two]"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "write its settings under it (key: value)"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "write a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "write a number"),
}
"""What to write, by the type of pydantic's error; other errors say it themselves."""


def _written(path: tuple[str | int, ...], error: str) -> Iterator[str | int]:
    """The path as people write it.

    Pydantic puts the kind between the name of an agent, `parser`, `forge` or `backend`, and its options.
    """
    group = next(iter(path[_NAMED_AT.get(str(path[0]), 0) :]), "") if path else ""
    for at, part in enumerate(path):
        if at != _KIND_AT.get(group):
            yield part
    if error == UNKNOWN_KIND:
        yield "kind"


def _from_yaml(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise ConfigurationError(f"OMPYCORD_CONFIG: there is no file {path.name}")
        return {}
    return read_yaml(path)


def _from_variables(variables: Mapping[str, str], where: str) -> dict[str, Any]:
    """Our variables as a nested mapping, without empty ones."""
    result: dict[str, Any] = {}
    for name, text in sorted(_with_files(variables, where).items()):
        is_foreign = where == _ENVIRONMENT and is_of_orchestrator(name, text)
        if not text.strip() or name in NOT_SETTINGS or is_foreign:
            continue
        if name in NAMED:
            path, value = NAMED[name], _split(text) if name in LISTS else text.strip()
        elif name.startswith(PREFIX):
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            value = _parsed(text, name, where)
            if path[0] not in Settings.model_fields and path not in FORMER:
                raise ConfigurationError(f"{name} in {where}: there is no such setting")
            if len(path) == 1 and path[0] in SECTIONS and not isinstance(value, dict):
                example = next(iter(SECTIONS[path[0]]), "NAME").upper()
                raise ConfigurationError(
                    f"{name} in {where}: this is a section. Name one of its settings, such as {name}__{example}."
                )
        else:
            continue
        _put(result, path, value, name=f"{name} in {where}")
    return result


def is_of_orchestrator(name: str, text: str) -> bool:
    """Whether Kubernetes or Docker set this variable for a service that is called ompycord, or begins so."""
    return _OF_SERVICE.fullmatch(name) is not None or (
        _PORT_OF_SERVICE.fullmatch(name) is not None and _ADDRESS_OF_SERVICE.match(text) is not None
    )


def _with_files(variables: Mapping[str, str], where: str) -> dict[str, str]:
    """NAME_FILE read into NAME, for every secret."""
    result = dict(variables)
    for name in SECRETS:
        file = result.pop(f"{name}_FILE", "").strip()
        if not file:
            continue
        if result.get(name, "").strip():
            raise ConfigurationError(f"{name} and {name}_FILE in {where}: give one of them")
        variable = f"{name}_FILE in {where}"
        result[name] = read_secret(_path_in(file, variable), named=variable)
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


def _put(target: dict[str, Any], path: tuple[str, ...], value: Any, *, name: str) -> None:
    for part in path[:-1]:
        inner: Any = target.setdefault(part, {})
        if not isinstance(inner, dict):  # a shorter name gave a plain value
            raise ConfigurationError(
                f"{name}: another variable gives the section it belongs to a value. Take that out."
            )
        target = cast("dict[str, Any]", inner)
    target[path[-1]] = value
