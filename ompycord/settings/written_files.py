"""Reads what people write by hand: `.env`, `ompycord.yml`, secret files; each mistake is one line with what to do.

Counterpart of `layers.py`, which merges what is read here. Editors of some systems put a byte-order mark in front,
which is no part of a value.
"""

from collections.abc import Hashable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final, cast

import yaml
from dotenv import dotenv_values

from ompycord.errors import ConfigurationError

__all__ = ["parse_yaml", "read_dotenv", "read_secret", "read_yaml", "written_path"]

DEPTH: Final = 32
"""Levels of `ompycord.yml`; the settings have seven."""
VALUES: Final = 100_000
"""Values of `ompycord.yml`, each as often as an alias repeats it."""
_KEY_SHOWN: Final = 64


def written_path(text: str) -> Path:
    """A path as people write it: `~` is their home. Raises ValueError where there is no such home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder: write the whole path") from None


def read_secret(file: Path, *, named: str) -> str:
    """A file that holds one secret, without the ends of its line.

    Raises ConfigurationError, which names the setting and never the file's content.
    """
    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{named}: that file cannot be read") from None


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables of a `.env`, without those that have no value; none where there is no such file."""
    if not file.exists():
        return {}
    return {name: value for name, value in dotenv_values(stream=StringIO(_text(file))).items() if value is not None}


def read_yaml(file: Path) -> dict[str, Any]:
    """The settings of a YAML file. Raises ConfigurationError for what is none, a key that is there twice, depth."""
    return parse_yaml(_bytes(file), file.name)


def parse_yaml(raw: bytes, name: str) -> dict[str, Any]:
    """As `read_yaml`, of the bytes of a file that is called `name`."""
    try:
        content = yaml.load(_decoded(raw, name), Loader=_Loader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        words = str(getattr(error, "problem", "")) if isinstance(error, _Mistake) else "this is not YAML"
        raise ConfigurationError(f"{name}{where}: {words}") from None
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{name}: a number or a date in it is none. Write it in quotes where it is a text."
        ) from None
    except RecursionError:
        raise ConfigurationError(_too_deep(name)) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{name}: settings belong under their names (key: value)")
    settings = cast("dict[str, Any]", content)
    _require_within_limits(settings, name)
    return settings


def _too_deep(name: str) -> str:
    return f"{name}: it is nested deeper than {DEPTH} levels. Take out the brackets or indentation that went wrong."


def _text(file: Path) -> str:
    return _decoded(_bytes(file), file.name)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file.name}: cannot be read ({error.strerror})") from None


def _decoded(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name}: this is not UTF-8. Save it as UTF-8 in your editor.") from None
    if "\0" in text:
        raise ConfigurationError(f"{name}: this is UTF-16, or no text. Save it as UTF-8 in your editor.")
    return text


def _require_within_limits(content: dict[str, Any], name: str) -> None:
    """Raises ConfigurationError for what is deeper or larger than settings are; an alias may repeat itself."""
    level: list[Any] = [content]
    count = 0
    for _ in range(DEPTH):
        count += len(level)
        if count > VALUES:
            raise ConfigurationError(f"{name}: it holds more than {VALUES:,} values. Repeat less by aliases (*name).")
        level = [inner for value in level for inner in _inner(value)]
        if not level:
            return
    raise ConfigurationError(_too_deep(name))


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from cast("dict[str, Any]", value).values()
    elif isinstance(value, list):
        yield from cast("list[Any]", value)


class _Mistake(yaml.constructor.ConstructorError):
    """YAML that we do not take, in words of ours."""


class _Loader(yaml.SafeLoader):
    """Plain values only, as `yaml.safe_load`; a key may be there once, and is a text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # the library's
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if key.tag != "tag:yaml.org,2002:str":
                shown = name[:_KEY_SHOWN] or "a list or a mapping"
                raise _Mistake(problem=f"the key {shown} is no text: write it in quotes", problem_mark=key.start_mark)
            if name in seen:
                shown = name[:_KEY_SHOWN]
                raise _Mistake(problem=f"{shown} is there twice: keep one of them", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)
