"""`ompycord config show`: the settings in force and their origin; counterpart of `ompycord.settings`.

Secrets are `[set]`, never shown; so are the values that agents get in their environment, passwords in addresses, and
texts among the options of what a package adds, but for names of files: nobody here knows what they are.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, settings_of

__all__ = ["config"]

config = typer.Typer(name="config", help="Look at the configuration.", no_args_is_help=True, cls=GroupedCommands)

SET = "[set]"
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
Keys = tuple[str, ...]


@config.command("show", epilog=examples("config show"))
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print every setting with its value and where it came from. Secrets show as [set]."""
    from ompycord.app.known_secrets import KnownSecrets
    from ompycord.cli.origins import Origins

    settings = settings_of(data_dir)
    origins = Origins(
        os.environ, Path.cwd(), {("data_dir",): "the command line"} if data_dir else {}, profile=settings.profile
    )
    for warning in settings.warnings:
        typer.echo(warning, err=True)
    rows = [
        {"setting": ".".join(path), "value": value, "from": origins.of(path)}
        for path, value in _leaves(settings.model_dump(mode="json"), ())
    ]
    rows = KnownSecrets(settings, data_folder=settings.data_dir.expanduser(), environ=os.environ).redactor.redact_all(
        rows
    )
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['setting']} = {json.dumps(row['value'], ensure_ascii=False)}  ({row['from']})")


@config.command("schema", epilog=examples("config schema"))
def schema() -> None:
    """Print the JSON schema of ompycord.yml, for editors.

    Keep it in a file, and begin ompycord.yml with the line: # yaml-language-server: $schema=FILE
    """
    from ompycord.settings import settings_schema

    typer.echo(json.dumps(settings_schema(), indent=2, ensure_ascii=False))


def _leaves(value: Any, path: Keys) -> Iterator[tuple[Keys, Any]]:
    """Every value by its path; an empty mapping is one itself."""
    if isinstance(value, dict) and value:
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, _shown(path, value)


def _shown(path: Keys, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown((*path, key), inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_shown((*path, ""), inner) for inner in cast("list[Any]", value)]
    is_of_a_package = path[:2] == ("notify", "notifiers") and "options" in path[:-1] and isinstance(value, str)
    is_of_a_package = is_of_a_package and not path[-1].endswith("_file")
    if path in {("discord", "token"), ("webhook", "secret")} or "env" in path[:-1] or is_of_a_package:
        return None if value is None else SET
    return _USERINFO.sub("[set]@", value) if isinstance(value, str) else value
