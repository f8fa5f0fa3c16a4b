"""Pure: puts a repository's section into `ompycord.yml`; every other byte stays as it was."""

from collections.abc import Mapping
from typing import Any, Final

import yaml

from ompycord.errors import RefusedInWords

__all__ = ["inserted", "section_of"]

_INDENT: Final = 2
_NONE: Final = "{}"
"""What `ompycord init` writes where no repository was named; the section takes its place."""


def section_of(name: str, values: Mapping[str, Any], *, indent: int = _INDENT) -> str:
    """The section as YAML, each line indented as an entry of `repositories`."""
    text = yaml.safe_dump({name: dict(values)}, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def inserted(content: bytes, name: str, values: Mapping[str, Any]) -> bytes:
    """The file with one repository more. Raises RefusedInWords where it must be done by hand, with what to paste."""
    try:
        text = content.decode("utf-8-sig")
        root = _composed(text)
    except (UnicodeDecodeError, yaml.YAMLError):
        raise RefusedInWords("ompycord.yml is no YAML. Run `ompycord config check`, then try again.") from None
    start = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    found = _repositories(root)
    line_end = "\r\n" if "\r\n" in text else "\n"
    if found is None:
        _require_end(root, text, name, values)
        at, section = len(text), f"repositories:\n{section_of(name, values)}"
    else:
        at, section = _place(text, found, name, values)
    end = at + len(_NONE) if text.startswith(_NONE, at) and found is not None and not found.value else at
    section = section if end == at else section.removesuffix("\n")
    before = text[:at]
    gap = "" if not before or before.endswith("\n") else "\n"
    made = before + (gap + section).replace("\n", line_end) + text[end:]
    _require_same(text, made, name, values)
    return start + made.encode()


def _composed(text: str) -> yaml.Node | None:
    return yaml.SafeLoader(text).get_single_node()


def _repositories(root: yaml.Node | None) -> yaml.Node | None:
    if not isinstance(root, yaml.MappingNode):
        return None
    return next((value for key, value in root.value if key.value == "repositories"), None)


def _place(text: str, found: yaml.Node, name: str, values: Mapping[str, Any]) -> tuple[int, str]:
    """Where the section goes, and the section: beneath the last repository, as far indented as the others."""
    if isinstance(found, yaml.MappingNode) and text.startswith(_NONE, found.start_mark.index):
        return found.start_mark.index, section_of(name, values)
    if not isinstance(found, yaml.MappingNode) or found.flow_style or not found.value:
        raise _by_hand("its repositories stand in one line, or as a list", name, values)
    first = found.value[0][0]
    if any(key.value == name for key, _ in found.value):
        raise RefusedInWords(f"ompycord.yml has a repository {name} already. Give another name with --name.")
    last = _end(found.value[-1][1])
    at = text.find("\n", max(0, last - 1)) + 1 or len(text)
    return at, section_of(name, values, indent=first.start_mark.column)


def _end(node: yaml.Node) -> int:
    """Where the last word of a value ends; a block's own mark stands before the next key."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return node.end_mark.index


def _require_end(root: yaml.Node | None, text: str, name: str, values: Mapping[str, Any]) -> None:
    """Raises RefusedInWords where nothing can be added at the end of the file."""
    is_block = root is None or (isinstance(root, yaml.MappingNode) and not root.flow_style)
    if not is_block or any(line.startswith(("---", "...")) for line in text.splitlines()[1:]):
        raise _by_hand("it has no block at its end", name, values)


def _require_same(before: str, after: str, name: str, values: Mapping[str, Any]) -> None:
    """The file means what it meant, and the section. Raises RefusedInWords."""
    old: Any = yaml.safe_load(before) or {}
    wanted: dict[str, Any] = {**old, "repositories": {**(old.get("repositories") or {}), name: dict(values)}}
    try:
        is_same = yaml.safe_load(after) == wanted
    except yaml.YAMLError:
        is_same = False
    if not is_same:
        raise _by_hand("its form is unusual", name, values)


def _by_hand(why: str, name: str, values: Mapping[str, Any]) -> RefusedInWords:
    words = f"ompycord.yml was left as it is: {why}. Put this under repositories by hand:"
    return RefusedInWords(f"{words}\n\n{section_of(name, values)}")
