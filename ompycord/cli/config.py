"""`ompycord config show`: what is in force and where it came from; counterpart of `ompycord.settings`.

Secrets are `[set]`, never shown; so are the values that agents get in their environment, and passwords in addresses.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import typer
import yaml
from dotenv import dotenv_values

from ompycord.cli.places import AsJson, DataDir, settings_of
from ompycord.settings import NAMED, PREFIX, SECRETS

__all__ = ["config"]

config = typer.Typer(name="config", help="Look at the configuration.", no_args_is_help=True)

SET = "[set]"
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
Path_ = tuple[str, ...]


@config.command("show")
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print every setting with its value and where it came from. Secrets show as [set]."""
    settings = settings_of(data_dir)
    origins = _Origins(os.environ, Path.cwd(), {("data_dir",): "the command line"} if data_dir else {})
    rows = [
        {"setting": ".".join(path), "value": value, "from": origins.of(path)}
        for path, value in _leaves(settings.model_dump(mode="json"), ())
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['setting']} = {json.dumps(row['value'], ensure_ascii=False)}  ({row['from']})")


def _leaves(value: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    """Every value by its path; an empty mapping is one itself."""
    if isinstance(value, dict) and value:
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, _shown(path, value)


def _shown(path: Path_, value: Any) -> Any:
    is_secret = path in {("discord", "token"), ("webhook", "secret")} or "env" in path[:-1]
    if is_secret:
        return None if value is None else SET
    return _USERINFO.sub("[set]@", value) if isinstance(value, str) else value


class _Origins:
    """Which layer speaks last for a setting: the order of `load_settings`."""

    def __init__(self, environ: Mapping[str, str], folder: Path, given: Mapping[Path_, str]) -> None:
        dotenv = {name: text for name, text in dotenv_values(folder / ".env").items() if text is not None}
        file = Path(environ.get("OMPYCORD_CONFIG") or dotenv.get("OMPYCORD_CONFIG") or folder / "ompycord.yml")
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None
        self._layers: list[dict[Path_, str]] = [
            dict(given),
            _variables(environ, "{}"),
            _variables(dotenv, "{} in .env"),
            {path: file.name for path, _ in _leaves(content or {}, ())},
        ]

    def of(self, path: Path_) -> str:
        """The name of a variable or a file, or `default`."""
        for layer in self._layers:
            for known, origin in layer.items():
                shorter = min(len(known), len(path))
                if shorter and known[:shorter] == path[:shorter]:
                    return origin
        return "default"


def _variables(variables: Mapping[str, str], wording: str) -> dict[Path_, str]:
    found: dict[Path_, str] = {}
    for name, text in variables.items():
        bare = name.removesuffix("_FILE") if name.removesuffix("_FILE") in SECRETS else name
        if not text.strip():
            continue
        if bare in NAMED:
            found[NAMED[bare]] = wording.format(name)
        elif bare.startswith(PREFIX):
            found[tuple(bare.removeprefix(PREFIX).lower().split("__"))] = wording.format(name)
    return found
