"""Rules of the house that no linter knows.

Durations in full, nothing unpickled, public names listed, heavy libraries on use only.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ompycord.domain.refs import RefKind
from tests.support.sources import PRODUCT, TESTS, product, suite

pytestmark = pytest.mark.xdist_group("source")

SCRIPTS = {"__init__.py", "__main__.py", "_parent_death.py"}
"""Package fronts, and programs that are started and never imported; `*_program.py` are such too."""
CONSTANTS = {"limits.py"}
"""Every name in them is public."""
UNSAFE = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
HEAVY = ("discord", "fastapi", "uvicorn", "aiosqlite", "mcp", "psutil", "prometheus_client", "yaml", "httpx")
NOT_FOR_SETTINGS = (
    *(name for name in HEAVY if name != "yaml"),
    "starlette",
    "structlog",
    "ompycord.agents.converse",
    "ompycord.checks.pytest_parser",
    "ompycord.domain.events",
)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


HANDED_ON = {"__getattr__", "__getattribute__"}


def handed_on(tree: ast.Module, text: str) -> Iterator[int]:
    """The lines of a test's file where a class hands on whatever it does not know."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in HANDED_ON:
                yield node.lineno
            case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)]) if name in HANDED_ON:
                yield node.lineno
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), *_]) if (
                name in HANDED_ON
            ):
                yield node.lineno
            case _:
                pass


def last_name(called: ast.expr) -> str | None:
    """`b` of `a.b(...)`; to unparse every call of the tests takes seconds."""
    match called:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return None


def unexplained_sleeps(tree: ast.Module, text: str) -> Iterator[int]:
    """The lines of a test's file that sleep, by whatever name, without saying why beside it."""
    lines = text.splitlines()
    names = {"asyncio.sleep", "time.sleep"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {f"{one.asname}.sleep" for one in node.names if one.name in {"asyncio", "time"} and one.asname}
        elif isinstance(node, ast.ImportFrom) and node.module in {"asyncio", "time"}:
            names |= {one.asname or one.name for one in node.names if one.name == "sleep"}
    last = {name.rpartition(".")[2] for name in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and last_name(node.func) in last and ast.unparse(node.func) in names:
            long = [*node.args, *(keyword.value for keyword in node.keywords)][:1]
            is_turn = [ast.unparse(one) for one in long] == ["0"]
            if not is_turn and not re.search(r"  # (?!noqa|pyright|type:)\w", lines[node.lineno - 1]):
                yield node.lineno


def offenders(rule: Callable[[ast.Module, str], Iterator[int]]) -> list[str]:
    """Where the tests break a rule."""
    return [
        f"tests/{path}:{line}"
        for path, tree in suite().items()
        for line in rule(tree, (TESTS / path).read_text(encoding="utf-8"))
    ]


def lines_of(rule: Callable[[ast.Module, str], Iterator[int]], text: str) -> list[int]:
    return list(rule(ast.parse(text), text))


def test_no_double_hands_on_what_it_does_not_know() -> None:
    """A double with `__getattr__` fits any port, so nothing notices when the port changes.

    It implements a port in full, or the fault is set below it (`tests/support/database_faults.py`).
    """
    assert offenders(handed_on) == []


@pytest.mark.parametrize(
    "line",
    [
        "    def __getattr__(self, name: str) -> Any: return getattr(self.store, name)",
        "    def __getattribute__(self, name: str) -> Any: ...",
        "    __getattr__ = hand_on",
        "Double.__getattr__ = hand_on",
        'setattr(Double, "__getattr__", hand_on)',
    ],
    ids=["method", "every attribute", "in the class", "from outside", "by its name"],
)
def test_a_double_that_hands_on_is_seen(line: str) -> None:
    assert lines_of(handed_on, f"class Double:\n    store: Any\n{line}\n") == [3]


def test_each_sleep_of_the_tests_says_why() -> None:
    """Tests wait for events and conditions (`tests/support/patience.py`), or until all is `settled`.

    What sleeps all the same says beside it why that guesses no speed. `sleep(0)` is one turn of the loop.
    """
    assert offenders(unexplained_sleeps) == []


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio\nawait asyncio.sleep(1)",
        "import time\ntime.sleep(1)",
        "import asyncio as aio\nawait aio.sleep(0.1)",
        "from asyncio import sleep\nawait sleep(0.1)",
        "from time import sleep as pause\npause(LONG_S)",
        "import asyncio\nawait asyncio.sleep(delay=0.1)",
        "import time\ntime.sleep(1)  # noqa: ASYNC251",
        "import time\ntime.sleep(1)  # pyright: ignore[x]",
        "import time\ntime.sleep(1)  # ",
    ],
)
def test_a_sleep_that_says_nothing_is_seen(text: str) -> None:
    assert lines_of(unexplained_sleeps, text) == [2]


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio\nawait asyncio.sleep(0)",
        "import time\ntime.sleep(1)  # the clock that is under test counts whole seconds",
        "import time\ntime.sleep(1)  # noqa: ASYNC251  # the clock that is under test counts whole seconds",
        "from tests.support.pages import sleep\nsleep(3)",
    ],
)
def test_a_sleep_that_says_why_may_stay(text: str) -> None:
    assert lines_of(unexplained_sleeps, text) == []


def test_there_is_something_to_look_at() -> None:
    assert len(product()) > 250
    assert len(suite()) > 500


def test_nothing_is_unpickled() -> None:
    assert {path: found for path, tree in product().items() if (found := UNSAFE & set(imported(tree)))} == {}


def test_a_span_of_time_is_never_cut_to_its_part_below_a_day() -> None:
    """`timedelta.seconds` is that; `total_seconds()` is what people mean."""
    uses = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        if "datetime" in set(imported(tree))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"seconds", "microseconds"}
    ]
    assert uses == []


def test_every_module_lists_its_public_names() -> None:
    def lists(tree: ast.Module) -> bool:
        return any(
            isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "__all__" for to in node.targets)
            for node in tree.body
        )

    silent = [
        path
        for path, tree in product().items()
        if not path.startswith("playground/")  # a process of its own, whose modules nobody else imports
        and Path(path).name not in SCRIPTS | CONSTANTS
        and not path.endswith("_program.py")
        and not lists(tree)
    ]
    assert silent == []


def test_the_settings_load_no_heavy_library_and_no_adapter() -> None:
    program = (
        "import json, sys, ompycord.settings\n"
        f"print(json.dumps([name for name in {NOT_FOR_SETTINGS!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["keys", "--help"]], ids=" ".join)
def test_a_small_command_loads_no_heavy_library(arguments: list[str]) -> None:
    program = (
        "import json, sys; from ompycord.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_a_refs_form_is_written_in_one_file_alone() -> None:
    """`domain/refs.py`: no other code begins a text with a kind's prefix, looks for one, or names one in SQL."""
    prefix = re.compile(f"({'|'.join(kind for kind in RefKind if kind)}):")

    def beginnings(tree: ast.AST) -> Iterator[ast.Constant]:
        """Whole strings and the first parts of f-strings; later parts begin nothing, docstrings only speak of it."""
        spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        later = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values[1:]}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken | later:
                yield node

    found = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        if path != "domain/refs.py"
        for node in beginnings(tree)
        if prefix.match(str(node.value))
    ]
    found += [
        str(file)
        for file in (*PRODUCT.rglob("*.sql"), *Path("alembic-free-migrations").glob("*.sql"))
        if re.search(f"'{prefix.pattern}", file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_line_of_the_log_gives_its_own_name_twice() -> None:
    """`log.error("x", event=...)` is a TypeError of structlog, raised where something had failed already."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and any(keyword.arg == "event" for keyword in node.keywords)
        and ast.unparse(node.func.value).endswith("log")
    ]
    assert found == []
