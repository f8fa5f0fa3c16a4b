"""Pure: what Python code does that reaches beyond itself into the run of the tests; on the syntax tree, by name.

Who wants to hide such an act can: names are built, calls are wrapped. So a finding is a reason to look, and none is no
proof (docs/contracts/runs.md, *Evidence*).
"""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["acts_on_others", "answers", "imported_names", "is_too_much", "parsed"]

_CALLS: Final = frozenset(
    {
        "os._exit", "os.abort", "atexit.register", "atexit.unregister", "sys._getframe", "sys._current_frames",
        "sys.settrace", "sys.setprofile", "threading.settrace", "threading.setprofile", "threading._register_atexit",
        "inspect.stack", "inspect.trace", "inspect.currentframe", "inspect.getouterframes", "inspect.getinnerframes",
        "traceback.extract_stack", "traceback.walk_stack", "traceback.print_stack", "gc.get_objects",
        "gc.get_referrers", "gc.get_referents", "sys.modules", "sys.meta_path", "sys.path_hooks", "sys.excepthook",
        "sys.unraisablehook", "sys.addaudithook", "sys.monitoring", "importlib.reload", "os.execv", "os.execve",
        "os.execvp", "os.execl", "os.execlp", "os.killpg", "ctypes.pythonapi",
    }
)  # fmt: skip
"""Functions and tables by which code ends a process, looks at its callers or at what else is loaded."""
_RUNNERS: Final = frozenset(
    {"unittest", "pytest", "_pytest", "doctest", "nose", "nose2", "pluggy", "hypothesis", "builtins"}
)
_RARE: Final = frozenset({"_exit", "_getframe", "_current_frames", "_register_atexit", "get_referrers", "get_objects"})
"""Of those the names that nothing else bears, however it is reached."""
_WORDS: Final = re.compile(
    r"pytest|unittest|junit|testsuite|testcase|conftest|sitecustomize|(?<![a-z])tests?[/_\\*]|_test[.*]|^tests$",
    re.IGNORECASE,
)
"""What code says in a string that looks for the tests or for their runner."""
_MAGIC: Final = frozenset({"exec", "eval", "setattr", "delattr", "__import__", "compile", "globals", "vars"})
_COMPARES: Final = frozenset({"__eq__", "__ne__", "__le__", "__ge__", "__lt__", "__gt__"})
_HOOKS: Final = frozenset({"load_tests", "pytest_plugins", "setUpModule", "tearDownModule"})
_SIZE: Final = 400_000
_DEEPEST: Final = 80
_BRACES: Final = 20_000


def parsed(text: str) -> ast.Module | None:
    """The syntax tree; None where it is no Python, or so large or so nested that reading it might harm this process."""
    if is_too_much(text):
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_too_much(text: str) -> bool:
    """Whether it is larger or more nested than anything that a person writes.

    Reading more could take minutes: f-strings take the square of their braces (Python 3.11).
    """
    return len(text) > _SIZE or text.count("{") > _BRACES or _depth(text) > _DEEPEST


def _depth(text: str) -> int:
    """How deep its brackets nest, or deeper: those in strings count too."""
    deepest = depth = 0
    for sign in text:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth = max(depth - 1, 0)
    return deepest


def imported_names(body: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that imports bind, anywhere in it."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    return frozenset(
        alias.asname or alias.name.partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    )


def acts_on_others(body: Iterable[ast.stmt], foreign: Collection[str]) -> list[str]:
    """What the statements of a test do to others: calls from the list above, and changes of what `foreign` names hold.

    `foreign` are names of modules, classes and functions that the statements did not make; imports of their own are
    added to them.
    """
    statements = list(body)
    others = frozenset(foreign) | imported_names(statements)
    aliases = _aliases(statements)
    found: list[str] = []
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case ast.Attribute() if (call := _call(node, aliases)) is not None:
                found.append(call)
            case ast.Constant(value=str(text)) if text in _RARE:
                found.append(text)
            case ast.ImportFrom() | ast.Import():
                found += [name for name in _imported(node) if name in _CALLS]
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
                found += [f"a change of {name}" for name in _targets(node) if name.partition(".")[0] in others]
            case ast.Call(func=ast.Name(id=name)) if name in _MAGIC and _touches(node, others):
                found.append(name)
            case ast.Call(func=ast.Attribute(attr="start", value=ast.Call() as inner)) if "patch" in _dotted(
                inner.func
            ):
                found.append("a patch that stays")
            case _:
                pass
    return found


def _touches(node: ast.Call, others: Collection[str]) -> bool:
    """Whether a call changes what it did not make; one that runs text may do anything."""
    if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr", "vars"):
        return bool(node.args) and _dotted(node.args[0]).partition(".")[0] in others
    return True


def _targets(node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) -> list[str]:
    """Dotted names of what is changed inside of something: `cart.total`, not `cart`."""
    targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
    parts = [
        part for target in targets for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
    ]
    return [_dotted(part) for part in parts if isinstance(part, ast.Attribute | ast.Subscript)]


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression, through calls and indices; empty where it begins with neither name nor import."""
    parts: list[str] = []
    while True:
        match node:
            case ast.Attribute():
                parts.append(node.attr)
                node = node.value
            case ast.Subscript():
                node = node.value
            case ast.Call():
                node = node.func
            case ast.Name():
                return ".".join((node.id, *reversed(parts)))
            case _:
                return ""


def _aliases(body: Iterable[ast.stmt]) -> dict[str, str]:
    """What the names of imports stand for: `import os as o`, `from os import path as p`."""
    found: dict[str, str] = {}
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Import):
            found.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom):
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _call(node: ast.Attribute, aliases: dict[str, str]) -> str | None:
    """The watched function or table that an attribute is; None where it is none."""
    name = _full(node, aliases)
    return name if name in _CALLS else node.attr if node.attr in _RARE else None


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def answers(old: str | None, new: str, test_names: Collection[str]) -> list[str]:
    """What the new text of a file without tests does to the run of the tests, and its old one did not, or less."""
    after = parsed(new)
    if after is None:
        return ["more than can be read"] if is_too_much(new) and not (old and is_too_much(old)) else []
    before = parsed(old) if old is not None else None
    known = Counter(_answers(before, test_names)) if before is not None else Counter[str]()
    return list(Counter(_answers(after, test_names)) - known)


def _answers(tree: ast.Module, test_names: Collection[str]) -> list[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    aliases = _aliases(tree.body)
    nodes = [node for node in ast.walk(tree) if id(node) not in docstrings]
    return [found for node in nodes for found in _answer(node, aliases, test_names)]


def _answer(node: ast.AST, aliases: dict[str, str], test_names: Collection[str]) -> list[str]:
    match node:
        case ast.Attribute():
            call = _call(node, aliases)
            return [] if call is None else [call]
        case ast.Import() | ast.ImportFrom():
            return [name for name in _imported(node) if name in _CALLS or name.partition(".")[0] in _RUNNERS]
        case ast.Constant(value=str(text)):
            is_word = text in _RARE or _WORDS.search(text) or any(name in text for name in test_names)
            return [f"the text {text[:60]!r}"] if is_word else []
        case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name in _COMPARES and _is_constant(node):
            return [f"{node.name} that is always the same"]
        case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name in _HOOKS or node.name.startswith("pytest_"):
            return [node.name]
        case ast.Compare() if _is_bomb(node, aliases):
            return ["the clock compared with a fixed date"]
        case ast.Assign():
            hooks = [part.id for part in node.targets if isinstance(part, ast.Name) and part.id in _HOOKS]
            return _compared(node) + hooks
        case _:
            return []


_CLOCKS: Final = frozenset(
    {"time.time", "time.time_ns", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"}
    | {"datetime.date.today", "datetime.now", "datetime.utcnow", "date.today"}
)
_EPOCH: Final = 100_000_000
"""Seconds since 1970 begin to be a date of our time above it."""


def _is_bomb(node: ast.Compare, aliases: dict[str, str]) -> bool:
    """Whether code does something else from a date on: `time.time() > 1893456000`."""
    sides = [node.left, *node.comparators]
    return any(_reads_clock(side, aliases) for side in sides) and any(_is_date(side, aliases) for side in sides)


def _reads_clock(node: ast.expr, aliases: dict[str, str]) -> bool:
    calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return any(_full(call, aliases) in _CLOCKS for call in calls)


def _is_date(node: ast.expr, aliases: dict[str, str]) -> bool:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value > _EPOCH
        case ast.Call(func=call, args=[ast.Constant(value=int()), *_]):
            return _full(call, aliases) in {"datetime.datetime", "datetime.date", "datetime", "date"}
        case ast.Constant(value=str(text)):
            return text[:4].isdigit()
        case _:
            return False


def _full(node: ast.expr, aliases: dict[str, str]) -> str:
    """A dotted name with what its import stands for."""
    first, dot, rest = _dotted(node).partition(".")
    return f"{aliases.get(first, first)}{dot}{rest}"


def _compared(node: ast.Assign) -> list[str]:
    """`__eq__ = lambda *_: True`, also as an attribute."""
    names = [part.id if isinstance(part, ast.Name) else getattr(part, "attr", "") for part in node.targets]
    always = isinstance(node.value, ast.Lambda) and isinstance(node.value.body, ast.Constant)
    return [f"{name} that is always the same" for name in names if name in _COMPARES and always]


def _is_constant(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
    return bool(returned) and all(isinstance(value, ast.Constant) and value.value is not None for value in returned)
