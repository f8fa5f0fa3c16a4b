"""An agent's own configuration, as a file before and after; pure but for reading.

`command.py` writes it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from ompycord.errors import RefusedInWords

__all__ = ["Change", "IntegrationOptions", "asset", "read_json", "read_text", "write_json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationOptions:
    """What a person wants in an agent's configuration."""

    url: str
    """The sidecar."""
    run: str
    """A run's name, or `@session` for a run a session."""
    home: Path
    environ: Mapping[str, str]
    asks: bool = False
    """Tools that act wait for a person in Discord, where the agent can."""
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One file. `after` is None where it goes."""

    path: Path
    before: str | None
    after: str | None
    note: str
    """What the agent does from then on, or what else it needs."""


def read_text(path: Path) -> str | None:
    """The file, or None where there is none. Raises Refused."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedInWords(f"{path} cannot be read ({type(error).__name__}). Nothing was changed.") from None


def read_json(path: Path, text: str | None) -> dict[str, Any]:
    """Its object. Raises Refused for what is none: a file that we do not understand stays as it is."""
    try:
        value: Any = json.loads(text) if text and text.strip() else {}
    except ValueError as error:
        raise RefusedInWords(f"{path} is not JSON ({error}). Nothing was changed.") from None
    if not isinstance(value, dict):
        raise RefusedInWords(f"{path} holds no JSON object. Nothing was changed.")
    return cast("dict[str, Any]", value)


def write_json(value: dict[str, Any]) -> str:
    """As these agents write it themselves."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def asset(name: str, options: IntegrationOptions) -> str:
    """A program of ours for another agent, with the address in it; the key never is."""
    text = (files("ompycord.cli.integrations") / name).read_text(encoding="utf-8")
    return text.replace('"@URL@"', json.dumps(options.url)).replace('"@RUN@"', json.dumps(options.run))
