"""The records that distributions add to Ompycord by name, as Python entry points.

Read by the `registry.py` of agents, checks, forges and notifiers. Names are read without importing anything; the record
of a name is imported when it is first asked for.
"""

import tomllib
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from ompycord.errors import ConfigurationError

__all__ = ["OURS", "Declared", "Registry"]

OURS: Final = "ompycord"
"""The distribution whose records are a part of Ompycord."""
_PROJECT: Final = Path(__file__).parents[1] / "pyproject.toml"
"""Exists only in a checkout; it is as new as the code, which the metadata of an editable install is not."""
_REASON: Final = 200
"""Characters of an import's error that are shown."""

Declared = tuple[str, EntryPoint]
"""The distribution that declares an entry point, and the entry point."""


class Named(Protocol):
    """A record that knows its own name."""

    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=Named)


class Registry(Generic[R]):
    """The records of one group of entry points, each imported on its first use."""

    def __init__(self, *, group: str, record: type[R], what: str, declared: Iterable[Declared] | None = None) -> None:
        """`what` names one of them in a message, as in "agent kind"; `declared` replaces what is installed."""
        self._group = group
        self._record = record
        self._what = what
        self._given = declared
        self._loaded: dict[str, R] = {}
        self._broken: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All that are declared, sorted. Imports none of them.

        Raises ConfigurationError for a name that two declare.
        """
        return tuple(sorted(self._declared))

    def get(self, name: str) -> R:
        """The record of that name.

        Raises KeyError for a name that is not declared, and ConfigurationError for one whose entry point cannot be
        imported or is something else.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name, *self._declared[name])
        return self._loaded[name]

    def distribution(self, name: str) -> str:
        """Which distribution declares a name. Raises KeyError; ConfigurationError, as `names` does."""
        return self._declared[name][0]

    def all(self) -> tuple[R, ...]:
        """Every record, by name. Raises ConfigurationError, as `get` does."""
        return tuple(self.get(name) for name in self.names)

    def usable(self) -> tuple[R, ...]:
        """Those that can be imported, by name; the others are in `broken` then, and are tried once.

        Raises ConfigurationError for a name that two declare.
        """
        return tuple(record for name in self.names if (record := self._unless_broken(name)) is not None)

    @property
    def broken(self) -> tuple[str, ...]:
        """Sentences about those that `usable` left out."""
        return tuple(self._broken.values())

    def _unless_broken(self, name: str) -> R | None:
        if name in self._broken:
            return None
        try:
            return self.get(name)
        except ConfigurationError as error:
            self._broken[name] = str(error)
            return None

    @cached_property
    def _declared(self) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        for distribution, point in self._given if self._given is not None else _installed(self._group):
            if point.name in found:
                raise ConfigurationError(
                    f"The {self._what} {point.name} is declared twice, by {found[point.name][0]} and by "
                    f"{distribution}. "
                    "Uninstall one of them."
                )
            found[point.name] = (distribution, point)
        return found

    def _load(self, name: str, distribution: str, point: EntryPoint) -> R:
        where = f"The {self._what} {name} of {distribution}"
        try:
            record = point.load()
        except (Exception, SystemExit) as error:  # code that is not ours may raise anything when it is imported
            lines = str(error).splitlines()
            reason = f"{type(error).__name__}: {lines[0][:_REASON]}" if lines else type(error).__name__
            raise ConfigurationError(
                f"{where} cannot be imported from {point.value} ({reason}). Repair or uninstall {distribution}."
            ) from error
        if not isinstance(record, self._record):
            raise ConfigurationError(f"{where}: {point.value} is no {self._record.__name__}. Uninstall {distribution}.")
        if record.name != name:
            raise ConfigurationError(
                f"{where}: {point.value} calls itself {record.name}. The entry point and its options need one name."
            )
        return record


def _installed(group: str) -> Iterator[Declared]:
    own = _own_of_checkout(group)
    yield from own
    for point in entry_points(group=group):
        distribution = point.dist.name if point.dist is not None else "an unnamed distribution"
        if distribution != OURS or not own:
            yield distribution, point


def _own_of_checkout(group: str) -> list[Declared]:
    """The declarations of pyproject.toml; none where the package does not run from a checkout."""
    try:
        project: dict[str, Any] = tomllib.loads(_PROJECT.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return []
    if project.get("name") != OURS:
        return []
    declared: dict[str, str] = project.get("entry-points", {}).get(group, {})
    return [(OURS, EntryPoint(name=name, value=value, group=group)) for name, value in declared.items()]
