"""Which layer a setting comes from: looked up by name, beside `ompycord.settings`, which merges the layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ompycord.settings import (
    NAMED,
    PREFIX,
    PROFILES,
    SECRETS,
    config_file,
    is_of_orchestrator,
    proxy_of_environment,
    read_dotenv,
    read_yaml,
    secret_folder,
)

__all__ = ["Origins"]

Keys = tuple[str, ...]
RENAMED: dict[Keys, Keys] = {("log", "json"): ("log", "json_lines"), ("preset",): ("profile",)}
"""What files and variables call otherwise than the field is named."""


class Origins:
    """Which layer speaks last for a setting: the order of `load_settings`."""

    def __init__(
        self, environ: Mapping[str, str], folder: Path, given: Mapping[Keys, str], *, profile: str | None = None
    ) -> None:
        dotenv = read_dotenv(folder / ".env")
        file = config_file(environ, dotenv, folder)
        content = read_yaml(file) if file.exists() else {}
        layers: list[dict[Keys, str]] = [
            dict(given),
            _variables(environ, "{}"),
            _variables(dotenv, "{} in .env"),
            _variables(secret_folder(environ, dotenv), "{} in the secret folder"),
            dict.fromkeys(_paths(content, ()), file.name),
            dict.fromkeys(_paths(PROFILES.get(profile or "", {}), ()), f"profile {profile}"),
        ]
        proxy = proxy_of_environment(environ)
        layers.append({("discord", "proxy"): proxy[0]} if proxy else {})
        self._layers = [{RENAMED.get(path, path): origin for path, origin in layer.items()} for layer in layers]

    def of(self, path: Keys) -> str:
        """The name of a variable or a file, or `default`."""
        for layer in self._layers:
            for known, origin in layer.items():
                shorter = min(len(known), len(path))
                if shorter and known[:shorter] == path[:shorter]:
                    return origin
        return "default"


def _variables(variables: Mapping[str, str], messages: str) -> dict[Keys, str]:
    found: dict[Keys, str] = {}
    for name, text in variables.items():
        bare = name.removesuffix("_FILE") if name.removesuffix("_FILE") in SECRETS else name
        if not text.strip() or (messages == "{}" and is_of_orchestrator(name, text)):
            continue
        if bare in NAMED:
            found[NAMED[bare]] = messages.format(name)
        elif bare.startswith(PREFIX):
            found[tuple(bare.removeprefix(PREFIX).lower().split("__"))] = messages.format(name)
    return found


def _paths(value: Any, path: Keys) -> list[Keys]:
    if not isinstance(value, dict):
        return [path]
    content = cast("dict[str, Any]", value)
    return [found for key, inner in content.items() for found in _paths(inner, (*path, str(key)))]
