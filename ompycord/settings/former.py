"""Keys of the previous version: still accepted, with a sentence that names the present key; applied by `layers.py`.

A key stays here for one version and is then a mistake like any other.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

__all__ = ["FORMER", "Keys", "in_present_keys"]

Keys = tuple[str, ...]

FORMER: Final[Mapping[Keys, Keys | None]] = {
    ("agents", "*", "dialect"): None,
    ("agents", "*", "mode"): None,
    ("agents", "*", "model"): None,
    ("preset",): ("profile",),
}
"""From a former key to the present one, `*` for any name; None for one that is no longer read.

The three of agents were accepted, and ignored, for agents of every kind. They are options of some kinds now.
"""


def in_present_keys(
    data: Mapping[str, Any], *, options: Mapping[str, frozenset[str]], former: Mapping[Keys, Keys | None] = FORMER
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`data` with the former keys replaced, and a sentence for each; a value is never part of one.

    `options` are the keys that each kind of agent has: a key that its kind has is no former one.
    """
    current = cast("dict[str, Any]", _copied(data))
    warnings: list[str] = []
    for old, new in former.items():
        for path in _found(current, old, ()):
            if _is_option(current, path, options):
                continue
            value = _taken(current, path)
            key = ".".join(path)
            if new is None:
                warnings.append(f"{key} means nothing for this kind. Delete it: the next version refuses it.")
                continue
            names = [part for part, pattern in zip(path, old, strict=True) if pattern == "*"]
            target = tuple(names.pop(0) if part == "*" else part for part in new)
            _put(current, target, value)
            warnings.append(
                f"{key} is called {'.'.join(target)} now. Rename it: the next version refuses the old name."
            )
    return current, tuple(warnings)


def _copied(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: _copied(inner) for key, inner in cast("Mapping[str, Any]", value).items()}


def _found(value: Any, pattern: Keys, path: Keys) -> list[Keys]:
    """The paths of `value` that a pattern names."""
    if not pattern:
        return [path]
    if not isinstance(value, dict):
        return []
    content = cast("dict[str, Any]", value)
    names = list(content) if pattern[0] == "*" else [pattern[0]] if pattern[0] in content else []
    return [found for name in names for found in _found(content[name], pattern[1:], (*path, name))]


def _is_option(data: Mapping[str, Any], path: Keys, options: Mapping[str, frozenset[str]]) -> bool:
    """Whether it belongs to the kind of its agent, or the kind is unknown.

    An unknown kind is judged with the other mistakes.
    """
    if path[0] != "agents":
        return False
    kind: Any = data["agents"][path[1]].get("kind")
    return not isinstance(kind, str) or kind not in options or path[2] in options[kind]


def _taken(data: dict[str, Any], path: Keys) -> Any:
    for part in path[:-1]:
        data = data[part]
    return data.pop(path[-1])


def _put(data: dict[str, Any], path: Keys, value: Any) -> None:
    """Put a value under its present key; a value that is given there already wins."""
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data.setdefault(path[-1], value)
