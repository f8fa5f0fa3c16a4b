"""Reads `.ompycord.yml` of a base: every mistake at once, each with its key and what to do.

Counterpart of `domain/configuration/repository_file.py`, which says what the file may do.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.repository_file import (
    REPOSITORY_FILE,
    REPOSITORY_SCHEMA,
    Configured,
    FileFault,
    RepositoryFile,
    narrowed,
)
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ConfigurationError
from ompycord.settings.kinds import UNKNOWN_KIND, repository_file_with
from ompycord.settings.layers import fix_of, parsers_of
from ompycord.settings.written_files import parse_yaml
from ompycord.text import Redactor

__all__ = ["Configure", "configure_by", "read_repository_file"]

Configure = Callable[[RepositorySpec, bytes | None], tuple[Configured, tuple[FileFault, ...]]]
"""The repository with its own file, None where it has none; the file's faults beside it, with which nothing starts."""
_NAMES = Redactor()
_KEY_SHOWN = 64
_MOST = 20
"""Faults that are told at once."""


def configure_by(catalog: Catalog) -> Configure:
    """What reads the file of each repository of these settings."""
    return partial(_configure, catalog)


def _configure(catalog: Catalog, spec: RepositorySpec, raw: bytes | None) -> tuple[Configured, tuple[FileFault, ...]]:
    if raw is None:
        return Configured(repository=spec), ()
    file, faults = read_repository_file(raw)
    if file is None:
        return Configured(repository=spec), faults
    agents = [agent.name for agent in catalog.agents_for(spec)]
    made, wider = narrowed(spec, file, rounds=catalog.rounds_of(spec.name), agents=agents)
    return made, tuple(wider[:_MOST])


def read_repository_file(raw: bytes) -> tuple[RepositoryFile | None, tuple[FileFault, ...]]:
    """The file, or what is wrong with it; never a value of it."""
    try:
        content = parse_yaml(raw, REPOSITORY_FILE)
    except ConfigurationError as error:
        words = str(error).removeprefix(REPOSITORY_FILE).lstrip(",: ")
        return None, (FileFault("", words, "Correct the file on the base branch"),)
    if "schema" not in content:
        return None, (FileFault("schema", "it is missing", f"Write schema: {REPOSITORY_SCHEMA} as its first line"),)
    try:
        return repository_file_with(parsers=parsers_of([content])).model_validate(content), ()
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_context=False)
        return None, tuple(_fault(one["loc"], one["type"], fix_of(one), content) for one in mistakes[:_MOST])


def _fault(path: tuple[str | int, ...], kind: str, fix: str, content: Mapping[str, Any]) -> FileFault:
    key = ".".join(_NAMES.cut(part, _KEY_SHOWN) for part in _written(path, kind, content))
    if kind == "extra_forbidden":
        return FileFault(key, "there is no such key", "Take it out; docs/reference/repository-file.md lists all keys")
    if path == ("schema",):
        return FileFault(key, "this version reads another one", f"Write schema: {REPOSITORY_SCHEMA}")
    return FileFault(key, "it is not valid", fix[:1].upper() + fix[1:])


def _written(path: tuple[str | int, ...], kind: str, content: Mapping[str, Any]) -> list[str]:
    """The path as people write it: an entry of a list by its name; no kind between `parser` and its options."""
    parts: list[str] = []
    at: Any = content
    for number, part in enumerate(path):
        if parts[-1:] == ["parser"] and path[:1] == ("checks",) and number < len(path) - 1:
            continue
        at = _inner(at, part)
        name: Any = at.get("name") if isinstance(part, int) and isinstance(at, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # what people wrote
        parts.append(name if isinstance(name, str) else str(part))
    return [*parts, "kind"] if kind == UNKNOWN_KIND else parts


def _inner(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
