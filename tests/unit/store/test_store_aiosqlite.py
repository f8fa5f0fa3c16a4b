"""aiosqlite is used by its public face: one look at something private, in one place, with its decision."""

import ast
from pathlib import Path

TREES = {file.name: ast.parse(file.read_text(encoding="utf-8")) for file in Path("ompycord/store").rglob("*.py")}
OURS = {"self", "cls"}


def private_attributes(tree: ast.Module) -> list[str]:
    """What is read of others although its name says that it is theirs."""
    return [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in OURS)
    ]


def looked_up(tree: ast.Module) -> list[str]:
    """The same by `getattr` and `setattr`."""
    return [
        call.args[1].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"getattr", "setattr", "delattr"}
        and isinstance(call.args[1], ast.Constant)
        and isinstance(call.args[1].value, str)
        and call.args[1].value.startswith("_")
    ]


def test_one_module_knows_aiosqlite() -> None:
    knows = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name == "aiosqlite" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "aiosqlite")
    ]
    assert knows == ["connection.py"]


def test_nothing_private_is_read_but_the_queue_of_a_connections_thread() -> None:
    assert {name: found for name, tree in TREES.items() if (found := private_attributes(tree))} == {}
    assert {name: found for name, tree in TREES.items() if (found := looked_up(tree))} == {"connection.py": ["_tx"]}
