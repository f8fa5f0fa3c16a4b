"""Pure: what a change of a Python file with tests did to the tests that it had.

Only one kind of change leaves them as they were: every old line stands, and what is new are tests under new names and
what these need. Everything is judged on the syntax tree; nothing is imported.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from ompycord.checks.evidence.change import Finding
from ompycord.checks.evidence.lines import every_line_stands
from ompycord.checks.evidence.python_acts import acts_on_others, imported_names, parsed

__all__ = ["changed_python_tests", "python_tests"]

_SKIPS: Final = frozenset(
    {
        "skip", "skipif", "skipIf", "skipUnless", "skipTest", "SkipTest", "xfail", "expectedFailure", "importorskip",
        "pytestmark", "__test__", "collect_ignore", "collect_ignore_glob", "nottest", "deselect", "__unittest_skip__",
        "usefixtures", "only",
    }
)  # fmt: skip
_HOOKS: Final = ("pytest", "setup", "setUp", "teardown", "tearDown", "load_tests", "__", "addModuleCleanup")
"""How the names of functions begin that a runner calls by itself."""
_LISTED: Final = 3
_MOST: Final = 2000
"""Statements that are judged one by one; more is no addition that a person reads."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def changed_python_tests(old: str, new: str) -> list[Finding]:
    """What became of the tests of `old`; empty where all of them stand and only new ones were added."""
    before, after = parsed(old), parsed(new)
    if before is None or after is None:
        return [("test_changed", "it cannot be read as Python")]
    lost = _lost(python_tests(before), python_tests(after))
    if lost:
        return lost
    additions: list[tuple[ast.stmt, bool]] = []
    if not _stands(before.body, after.body, additions, in_class=False):
        return [_described(before, after)]
    if len(additions) > _MOST:
        return [("test_changed", f"adds {len(additions)} statements")]
    judged = _Additions(before)
    refused = next((found for found in (judged.refused(one, in_class) for one, in_class in additions) if found), None)
    if refused is not None:
        return [refused]
    return [] if every_line_stands(old.splitlines(), new.splitlines()) else [("test_changed", "lines of it")]


def python_tests(tree: ast.Module) -> dict[str, str]:
    """The tests of a module by qualified name, each with its whole text in one form."""
    found: dict[str, str] = {}
    for name, node in _functions(tree.body, ""):
        if name.rpartition(".")[2].startswith("test"):
            found[name] = ast.dump(node)
    return found


def _functions(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, Function]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + node.name, node
            case ast.ClassDef():
                yield from _functions(node.body, f"{prefix}{node.name}.")
            case ast.If() | ast.Try() | ast.With():
                yield from _functions(
                    [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)], prefix
                )
            case _:
                pass


def _lost(before: dict[str, str], after: dict[str, str]) -> list[Finding]:
    """Tests that are missing, skipped or changed, each kind once with the first names."""
    kinds: dict[str, list[str]] = {"test_removed": [], "test_skipped": [], "test_changed": []}
    for name, text in before.items():
        now = after.get(name)
        if now is None:
            kinds["test_removed"].append(name)
        elif now != text:
            kinds["test_skipped" if _skips(now) > _skips(text) else "test_changed"].append(name)
    return [(kind, _listed(names)) for kind, names in kinds.items() if names]


def _skips(dump: str) -> int:
    return sum(dump.count(f"'{word}'") for word in _SKIPS)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _stands(
    before: list[ast.stmt], after: list[ast.stmt], additions: list[tuple[ast.stmt, bool]], *, in_class: bool
) -> bool:
    """Whether every old statement is there, in its order; the new ones are added to `additions`."""
    dumps = [ast.dump(node) for node in before]
    at = 0
    for node in after:
        if at < len(before) and (ast.dump(node) == dumps[at] or _grew(before[at], node, additions)):
            at += 1
        else:
            additions.append((node, in_class))
    return at == len(before)


def _grew(old: ast.stmt, new: ast.stmt, additions: list[tuple[ast.stmt, bool]]) -> bool:
    """Whether it is the same class with more in it."""
    if not (isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef)) or _head(old) != _head(new):
        return False
    inside: list[tuple[ast.stmt, bool]] = []
    if not _stands(old.body, new.body, inside, in_class=True):
        return False
    additions += inside
    return True


def _head(node: ast.ClassDef) -> list[str]:
    return [node.name, *(ast.dump(part) for part in (*node.decorator_list, *node.bases, *node.keywords))]


def _described(before: ast.Module, after: ast.Module) -> Finding:
    """What was changed outside of the tests themselves: a set-up, a helper, a constant."""
    if _skips(ast.dump(after)) > _skips(ast.dump(before)):
        return "test_skipped", None
    now = {ast.dump(node) for node in after.body}
    missing = [name for node in before.body if ast.dump(node) not in now for name in _bound(node)]
    return "test_changed", _listed(missing) or None


class _Additions:
    """Judges what was added to an old module."""

    def __init__(self, before: ast.Module) -> None:
        self._known = _known(before)
        self._foreign = imported_names(before.body) | _top_names(before)
        self._packages = {
            alias.name.partition(".")[0]
            for old in before.body
            if isinstance(old, ast.Import)
            for alias in old.names
            if alias.asname is None
        }

    def refused(self, node: ast.stmt, in_class: bool) -> Finding | None:
        """Why an added statement may change what the old tests do; None where it is a new test or what one needs."""
        names = [] if self._is_imported(node) else _bound(node)
        word = _listed(names) or type(node).__name__.lower()
        if _skips(ast.dump(node)) and not _is_test(node):
            return "test_skipped", word
        acts = acts_on_others([node], self._foreign)
        if acts:
            return "test_changed", f"adds {acts[0]}"
        is_known = any(name in self._known or name.startswith(_HOOKS) for name in names)
        return ("test_changed", f"adds {word}") if is_known or not _is_addition(node, in_class) else None

    def _is_imported(self, node: ast.stmt) -> bool:
        """Whether it imports more of a package that is imported already: `import cart.line` beside `import cart`."""
        if not isinstance(node, ast.Import):
            return False
        return all(alias.asname is None and alias.name.partition(".")[0] in self._packages for alias in node.names)


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, Function) and node.name.startswith("test")


def _is_addition(node: ast.stmt, in_class: bool) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _is_test(node) or (not in_class and not node.decorator_list)
        case ast.ClassDef() if not in_class:
            return all(_is_member(member) for member in node.body)
        case ast.Import() | ast.ImportFrom() if not in_class:
            return all(alias.name != "*" for alias in node.names)
        case ast.Assign() | ast.AnnAssign() if not in_class:
            return True
        case _:
            return False


def _is_member(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Assign() | ast.AnnAssign() | ast.Pass():
            return True
        case ast.ClassDef():
            return all(_is_member(member) for member in node.body)
        case ast.Expr():
            return isinstance(node.value, ast.Constant)
        case _:
            return False


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement binds where it stands."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        case _:
            return []


def _top_names(tree: ast.Module) -> frozenset[str]:
    return frozenset(name for node in tree.body for name in _bound(node))


def _known(tree: ast.Module) -> frozenset[str]:
    """Every name that the old module uses or binds, arguments (fixtures) and words in strings among them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                names.add(node.id)
            case ast.arg():
                names.add(node.arg)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names.update(_bound(node))
            case ast.Constant(value=str(text)) if text.isidentifier():
                names.add(text)
            case _:
                pass
    return frozenset(names)
