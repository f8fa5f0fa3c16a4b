"""aiosqlite is used by its public face: one look at something private, in one place, with its decision."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.sources import product

pytestmark = pytest.mark.xdist_group("source")
OURS = {"self", "cls"}


def of_the_store() -> Iterator[tuple[str, ast.Module]]:
    """Its modules, by the names of their files."""
    for path, tree in product().items():
        if path.startswith("store/"):
            yield path.rpartition("/")[2], tree


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
        for name, tree in of_the_store()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name == "aiosqlite" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "aiosqlite")
    ]
    assert knows == ["connection.py"]


def test_nothing_private_is_read_but_the_queue_of_a_connections_thread() -> None:
    assert {name: found for name, tree in of_the_store() if (found := private_attributes(tree))} == {}
    assert {name: found for name, tree in of_the_store() if (found := looked_up(tree))} == {"connection.py": ["_tx"]}
