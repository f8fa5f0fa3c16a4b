"""`ompycord providers import`: keys that agents hold become those of providers, in the files where they are written.

The configuration keeps its comments and its order: what changes is cut out of its text by the places that the YAML
reader gives, and the result is read again before it is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

import yaml

from ompycord.domain.base import Frozen
from ompycord.domain.repository import is_key_variable
from ompycord.errors import RefusedInWords

__all__ = ["KNOWN", "Imported", "Moved", "imported"]

KNOWN: Final[Mapping[str, str]] = {
    "ANTHROPIC_API_KEY": "anthropic",
    "OPENAI_API_KEY": "openai",
    "CODEX_API_KEY": "openai",
    "GEMINI_API_KEY": "gemini",
    "GOOGLE_API_KEY": "gemini",
}
"""The variables whose provider is known by their name; the provider is called as its kind."""
_BY_HAND: Final = "Name its provider under providers: yourself (kind: compatible)."
_LOGIN: Final = "It is a login, not a key: it stays, and its agent is not metered."
_NO_VALUE: Final = "It has no value here. Run this where Ompycord runs, or set it for this command."


class Moved(Frozen):
    """A key of an agent; `remedy` where it stays."""

    agent: str
    variable: str
    provider: str | None = None
    remedy: str | None = None


class Imported(NamedTuple):
    """What is to be written."""

    text: str
    """The configuration."""
    keys: dict[str, tuple[str, ...]]
    """By provider, in their order."""
    moved: tuple[Moved, ...]


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def imported(text: str, environ: Mapping[str, str]) -> Imported:
    """The configuration `text` without the keys of its agents, and with their providers.

    Raises Refused where it cannot be changed without rewriting it.
    """
    root = cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]  # its stubs leave it open
    content: Any = yaml.safe_load(text)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise RefusedInWords("ompycord.yml is no list of settings, one below the other. Move the keys yourself.")
    agents = _child(root, "agents")
    moved: list[Moved] = []
    keys: dict[str, list[str]] = {}
    edits: list[_Edit] = []
    for name, node in _entries(agents):
        taken = [_moved(str(name), variable, value, keys) for variable, value in _keys_of(node, environ)]
        moved += taken
        moving = {one.variable for one in taken if one.provider is not None}
        edits += _without(node, moving)
        _forget(content, str(name), moving)
    new = [name for name in keys if _child(_child(root, "providers"), name) is None]
    edits += _with_providers(root, new, len(text))
    _add(content, new)
    changed = _spliced(text, edits)
    if yaml.safe_load(changed) != content:
        raise RefusedInWords("ompycord.yml is written in a way that this cannot change. Move the keys yourself.")
    return Imported(changed, {name: tuple(found) for name, found in keys.items()}, tuple(moved))


def _keys_of(agent: yaml.Node, environ: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """The variables with keys that an agent gets, each with its value."""
    variables = _child(_child(agent, "grants"), "variables")
    for one in variables.value if isinstance(variables, yaml.SequenceNode) else ():
        if is_key_variable(str(one.value)):
            yield str(one.value), environ.get(str(one.value))
    for name, value in _entries(_child(agent, "env")):
        if is_key_variable(name):
            yield name, str(value.value)


def _moved(agent: str, variable: str, value: str | None, keys: dict[str, list[str]]) -> Moved:
    provider = KNOWN.get(variable)
    if provider is None:
        is_login = variable.endswith("_TOKEN")
        return Moved(agent=agent, variable=variable, remedy=_LOGIN if is_login else _BY_HAND)
    if not value:
        return Moved(agent=agent, variable=variable, remedy=_NO_VALUE)
    found = keys.setdefault(provider, [])
    found += [value] if value not in found else []
    return Moved(agent=agent, variable=variable, provider=provider)


def _without(agent: yaml.Node, moving: set[str]) -> Iterator[_Edit]:
    """Cut these variables out of an agent's grants and environment."""
    variables, env = _child(_child(agent, "grants"), "variables"), _child(agent, "env")
    if isinstance(variables, yaml.SequenceNode) and any(one.value in moving for one in variables.value):
        yield _replaced(variables, [str(one.value) for one in variables.value if one.value not in moving])
    if isinstance(env, yaml.MappingNode) and any(key.value in moving for key, _ in env.value):
        kept = _value_of(env)
        yield _replaced(env, {name: value for name, value in kept.items() if name not in moving})


def _replaced(node: yaml.CollectionNode, value: object) -> _Edit:
    """Its place in the text, on which `value` stands then in one line."""
    end = _end_of(node)
    flow = yaml.safe_dump(value, default_flow_style=True, width=1_000_000, allow_unicode=True).strip()
    return _Edit(node.start_mark.index, end, flow)


def _end_of(node: yaml.Node) -> int:
    """Behind it in the text; a block ends with the last thing in it, not with the comments below."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = cast("yaml.Node | tuple[yaml.Node, yaml.Node]", node.value[-1])
        return _end_of(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _value_of(node: yaml.MappingNode) -> dict[str, Any]:
    """What it means."""
    written: str = yaml.serialize(node, Dumper=yaml.SafeDumper)  # pyright: ignore[reportUnknownMemberType]  # as above
    return cast("dict[str, Any]", yaml.safe_load(written))


def _with_providers(root: yaml.MappingNode, new: Iterable[str], end: int) -> Iterator[_Edit]:
    sections = [(name, {"kind": name}) for name in new]
    if not sections:
        return
    there = _child(root, "providers")
    if isinstance(there, yaml.MappingNode) and there.flow_style:
        kept = _value_of(there)
        yield _replaced(there, {**kept, **dict(sections)})
        return
    if isinstance(there, yaml.MappingNode):
        indent = " " * there.start_mark.column
        lines = "".join(f"{name}:\n{indent}  kind: {name}\n{indent}" for name, _ in sections)
        yield _Edit(there.start_mark.index, there.start_mark.index, lines)
        return
    lines = "".join(f"  {name}:\n    kind: {name}\n" for name, _ in sections)
    yield _Edit(end, end, f"\nproviders:\n{lines}")


def _spliced(text: str, edits: Iterable[_Edit]) -> str:
    if text and not text.endswith("\n"):
        text += "\n"
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


# -- what the text means ----------------------------------------------------------------------------------------------


def _forget(content: dict[str, Any], agent: str, moving: set[str]) -> None:
    spec: dict[str, Any] = content["agents"][agent]
    grants: dict[str, Any] = spec.get("grants") or {}
    if grants.get("variables"):
        grants["variables"] = [one for one in grants["variables"] if one not in moving]
    if spec.get("env"):
        spec["env"] = {name: value for name, value in spec["env"].items() if name not in moving}


def _add(content: dict[str, Any], new: Iterable[str]) -> None:
    for name in new:
        content["providers"] = {**(content.get("providers") or {}), name: {"kind": name}}


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return dict(_entries(node)).get(name)


def _entries(node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
    """The names and nodes of a mapping; none of anything else."""
    if not isinstance(node, yaml.MappingNode):
        return []
    pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
    return [(str(key.value), value) for key, value in pairs]
