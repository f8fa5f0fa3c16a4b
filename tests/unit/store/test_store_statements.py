"""SQL stands in `store/sql/` alone: named, with a purpose, used, and true of the schema.

The loader takes nothing else.
"""

import ast
import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import ompycord.store
from ompycord.store.migrations import find_migrations, statements
from ompycord.store.statements import Many, Statements, load
from tests.support.sources import product

pytestmark = pytest.mark.xdist_group("source")
FOLDER = Path("ompycord/store/sql")
FILES = sorted(FOLDER.glob("*.sql"))
ROWS = re.compile(r"\b(SELECT|INSERT INTO|UPDATE \w+|DELETE FROM|CREATE TABLE|ALTER TABLE|DROP TABLE)\b")
"""What reads and writes rows, wherever it stands in a text."""
FRAME = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|VACUUM|PRAGMA|EXPLAIN|ATTACH|WITH \w+ \()")
"""What begins a statement about transactions and files."""
IN_PYTHON = {
    "committer.py": "a batch's transaction and an item's savepoint: they frame every statement and belong to none",
    "readers.py": "the read transaction around a query",
    "degraded.py": "the end of a transaction that the disk broke off",
    "migrations.py": "a migration's transaction, the check of references, and the version, which cannot be a parameter",
    "connection.py": "a connection's own settings: PRAGMA takes no parameters and has no rows",
    "opening.py": "the check of the file, and foreign keys once it is migrated",
    "mark.py": "the identity of a session: PRAGMA takes no parameters",
    "copying.py": "the transaction in which a copy is made fit to go on from, and the check of its references",
    "whole.py": "the check of the whole file, which has no rows of ours",
    "leftovers.py": "makes the file before there is anything to load statements for",
}
"""Where the store still says SQL in Python, and why. What reads and writes rows of a known table is in no such file."""
OF_ANY_TABLE = {
    "archive/attached_files.py": "asks every table that names contents, so that none of a new one is removed",
    "features/team/person.py": "looks through every table, so that a new one is not forgotten",
}
"""What reads and writes rows of tables that it does not know."""
GOOD = "-- A feature.\n\n-- name: all_rows\n-- What there is.\nSELECT a FROM t;\n"


def modules() -> dict[str, ast.Module]:
    return {
        f"ompycord/{path}": tree
        for path, tree in product().items()
        if not path.startswith("playground/")  # a program of its own, with a small database of its own
    }


def texts(tree: ast.Module) -> Iterator[str]:
    """Strings that are no docstrings and no sentences about attributes."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def owners() -> dict[str, list[tuple[str, Statements]]]:
    """Feature -> the modules of the store that hold its statements."""
    found: dict[str, list[tuple[str, Statements]]] = {}
    for info in pkgutil.walk_packages(ompycord.store.__path__, "ompycord.store."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Statements):
                found.setdefault(value.feature, []).append((info.name, value))
    return found


def every_statement() -> Iterator[tuple[str, str, str]]:
    for file in FILES:
        feature = Statements(file.stem, file.read_text(encoding="utf-8"))
        for name in sorted(feature.unused):
            try:
                yield file.stem, name, feature.one(name)
            except ValueError:
                for text in feature.many(name).texts:
                    yield file.stem, f"{name} of {text.count('(?')}", text


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    """An empty database of this version."""
    raw = sqlite3.connect(":memory:")
    own = Statements("migrations", (FOLDER / "migrations.sql").read_text(encoding="utf-8"))
    for statement in statements(own.one("create_table") + ";"):
        raw.execute(statement)
    for migration in find_migrations():
        for statement in statements(migration.text):
            raw.execute(statement)
    yield raw
    raw.close()


# -- the files ---------------------------------------------------------------------------------------------------------


def test_every_file_belongs_to_one_module() -> None:
    assert {feature: len(found) for feature, found in owners().items()} == {
        **{file.stem: 1 for file in FILES},
        "apart/plain_search": 1,  # true of no schema of ours: an index in memory, for comparison
    }
    assert len(FILES) > 12


def test_every_statement_is_used() -> None:
    assert {feature: found[0][1].unused for feature, found in owners().items() if found[0][1].unused} == {}


def test_every_statement_that_was_taken_is_run() -> None:
    """A name that a module takes and then forgets would be a statement that nobody uses."""
    forgotten: list[str] = []
    for path, tree in modules().items():
        taken = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
            and isinstance(node.value.func.value, ast.Name)
            and node.value.func.value.id == "_SQL"
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        forgotten += [f"{path}: {name}" for name in taken - read]
    assert forgotten == []


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=f"{feature}-{name}") for feature, name, text in every_statement()]
)
def test_a_statement_is_true_of_the_schema(schema: sqlite3.Connection, text: str) -> None:
    named = set(re.findall(r":([a-z_0-9]+)", text))
    values = dict.fromkeys(named, None) if named else (None,) * text.count("?")
    assert schema.execute(f"EXPLAIN {text}", values).fetchall()


def test_no_statement_about_rows_is_left_in_python() -> None:
    found = {path for path, tree in modules().items() if any(ROWS.search(text) for text in texts(tree))}
    assert found == {f"ompycord/store/{name}" for name in OF_ANY_TABLE}


def test_what_sql_is_left_in_python_frames_statements_and_says_why() -> None:
    found = {
        path
        for path, tree in modules().items()
        if path.startswith("ompycord/store/") and any(FRAME.match(text) for text in texts(tree))
    }
    assert found == {f"ompycord/store/{name}" for name in IN_PYTHON}


# -- the loader --------------------------------------------------------------------------------------------------------


def test_a_statement_comes_without_its_comments_and_its_end() -> None:
    assert Statements("x", GOOD).one("all_rows") == "SELECT a FROM t"


def test_a_statement_over_many_rows_is_prepared_for_few_sizes() -> None:
    text = "-- X.\n-- name: put\n-- Rows.\n-- rows: 2 columns\nINSERT INTO t VALUES {rows};\n"
    many = Statements("x", text).many("put")
    done = list(many.over([(n, n) for n in range(21)]))
    assert [len(values) // 2 for _, values in done] == [16, 4, 1]
    assert done[-1] == ("INSERT INTO t VALUES (?, ?)", (20, 20))


def test_what_was_taken_is_no_longer_unused() -> None:
    some = Statements("x", GOOD)
    assert some.unused == {"all_rows"}
    some.one("all_rows")
    assert some.unused == frozenset()


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("SELECT 1;\n", "begins with a statement that has no name"),
        ("-- name: a\nSELECT 1;\n", "says no purpose of a"),
        ("-- name: a\n-- rows: 1 columns\nSELECT {rows};\n", "says no purpose of a"),
        ("-- name: a\n-- One.\nSELECT 1\n", "has no whole statement a"),
        ("-- name: a\n-- One.\n", "has no whole statement a"),
        ("-- name: a\n-- One.\nSELECT 1;\n-- Two.\n", "has no whole statement a"),
        ("-- name: a\n-- One.\nSELECT 1;\nSELECT 2;\n", "has two statements under the name a"),
        ("-- name: Add it\n-- One.\nSELECT 1;\n", "names a statement 'Add it'"),
        ("-- name:\n-- One.\nSELECT 1;\n", "names a statement ''"),
        ("-- name: a\n-- One.\nSELECT 1;\n-- name: a\n-- Two.\nSELECT 2;\n", "has two statements a"),
        ("-- name: a\n-- One.\nSELECT {rows};\n", "how wide the rows of a are"),
        ("-- name: a\n-- One.\n-- rows: 2 columns\nSELECT 1;\n", "how wide the rows of a are"),
        ("-- name: a\n-- One.\n-- rows: 2 columns\nSELECT {rows}, {rows};\n", "how wide the rows of a are"),
    ],
)
def test_what_is_not_written_as_it_must_be_is_refused(text: str, refusal: str) -> None:
    with pytest.raises(ValueError, match=re.escape(refusal)):
        Statements("x", text)


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sql/x\.sql has no statement other"):
        Statements("x", GOOD).one("other")


def test_one_row_and_many_are_not_mixed_up() -> None:
    many = "-- name: put\n-- Rows.\n-- rows: 2 columns\nINSERT INTO t VALUES {rows};\n"
    with pytest.raises(ValueError, match="take it by `many`"):
        Statements("x", many).one("put")
    with pytest.raises(ValueError, match="take it by `one`"):
        Statements("x", GOOD).many("all_rows")


def test_a_feature_without_a_file_ends_the_import() -> None:
    with pytest.raises(FileNotFoundError):
        load("nothing")


def test_no_rows_are_no_statement() -> None:
    assert list(Many("VALUES {rows}", columns=1).over([])) == []
