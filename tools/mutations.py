"""The small faults that can be put into a source, each with its exact place in the bytes of the file.

Counterpart of `mutants.py`, which puts them in and looks whether a test notices.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

__all__ = ["Mutation", "applied", "is_different", "mutations"]

_OTHER: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: (r"<", "<="),
    ast.LtE: (r"<=", "<"),
    ast.Gt: (r">", ">="),
    ast.GtE: (r">=", ">"),
    ast.Eq: (r"==", "!="),
    ast.NotEq: (r"!=", "=="),
    ast.In: (r"\bin\b", "not in"),
    ast.NotIn: (r"\bnot\s+in\b", "in"),
    ast.Is: (r"\bis\b", "is not"),
    ast.IsNot: (r"\bis\s+not\b", "is"),
}
_NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_ORDERED_BY_TYPE: Final = {"isinstance", "issubclass"}
"""Calls whose swapped arguments are an error at once, which no test needs to see."""


class Mutation(NamedTuple):
    """One fault. `start` and `stop` count bytes, `line` counts from one."""

    kind: str
    line: int
    start: int
    stop: int
    before: str
    after: str


def applied(source: bytes, mutation: Mutation) -> bytes:
    """The source with the fault in it."""
    return source[: mutation.start] + mutation.after.encode() + source[mutation.stop :]


def mutations(source: bytes) -> list[Mutation]:
    """Every fault that this file can have, in the order of their places. Raises SyntaxError for what is no Python."""
    return sorted(_Finder(source).faults(ast.parse(source)), key=lambda one: (one.start, one.after))


def is_different(source: bytes, mutation: Mutation) -> bool:
    """Whether the faulty source compiles, and to something else. It takes a while: ask it of what is drawn."""
    try:
        return ast.dump(ast.parse(applied(source, mutation))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


class _Finder:
    """Walks one file. Annotations, docstrings, `__all__` and what only a type checker reads have no faults."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def faults(self, node: ast.AST) -> Iterator[Mutation]:
        """Those of a node and of all below it."""
        yield from self._of(node)
        for child in _read_at_runtime(node):
            yield from self.faults(child)

    def _of(self, node: ast.AST) -> Iterator[Mutation]:
        yield from self._of_expression(node)
        match node:
            case ast.Call():
                yield from self._of_call(node)
            case ast.If() | ast.IfExp() | ast.While():
                yield from self._negated(node.test)
            case ast.comprehension():
                for test in node.ifs:
                    yield from self._negated(test)
            case ast.stmt() if _can_go(node):
                yield self._whole("removed", node, "pass")
            case _:
                pass

    def _of_expression(self, node: ast.AST) -> Iterator[Mutation]:
        match node:
            case ast.Compare():
                places = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
                for left, op, right in places:
                    pattern, after = _OTHER[type(op)]
                    yield from self._between("comparison", left, right, pattern, after)
            case ast.BoolOp():
                word, after = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._between("and or", left, right, rf"\b{word}\b", after)
            case ast.UnaryOp(op=ast.Not()):
                yield from self._within("not", *self._gap(self._start(node), node.operand), r"\bnot\b", "")
            case ast.BinOp(op=ast.Add() | ast.Sub()) if not _is_text(node.left) and not _is_text(node.right):
                pattern, after = (r"\+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
                yield from self._between("arithmetic", node.left, node.right, pattern, after)
            case ast.Constant(value=bool()):
                yield self._whole("boolean", node, str(not node.value))
            case ast.Constant(value=int() | float()):
                assert isinstance(node.value, int | float)
                yield self._whole("number", node, repr(node.value + 1))
                yield self._whole("number", node, repr(node.value - 1))
            case _:
                pass

    def _of_call(self, node: ast.Call) -> Iterator[Mutation]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _NAMES:
            yield self._whole("least most", node.func, _NAMES[name])
        match node.args:
            case [first, second, *_] if name not in _ORDERED_BY_TYPE and _are_alike(first, second):
                pass
            case _:
                return
        start, stop = self._start(first), self._stop(second)
        gap = self._source[self._stop(first) : self._start(second)]
        after = self._text(second).encode() + gap + self._text(first).encode()
        yield Mutation("swapped", first.lineno, start, stop, self._source[start:stop].decode(), after.decode())

    def _negated(self, test: ast.expr) -> Iterator[Mutation]:
        """Of a condition that no other fault turns round."""
        if isinstance(test, ast.Compare | ast.BoolOp | ast.Constant) or _is_negation(test):
            return
        yield self._whole("negated", test, f"(not ({self._text(test)}))")

    def _between(self, kind: str, left: ast.expr, right: ast.expr, pattern: str, after: str) -> Iterator[Mutation]:
        yield from self._within(kind, *self._gap(self._stop(left), right), pattern, after)

    def _gap(self, start: int, right: ast.expr) -> tuple[int, int]:
        return start, self._start(right)

    def _within(self, kind: str, start: int, stop: int, pattern: str, after: str) -> Iterator[Mutation]:
        found = re.search(pattern.encode(), self._source[start:stop])
        if found is not None:
            line = self._source.count(b"\n", 0, start + found.start()) + 1
            yield Mutation(kind, line, start + found.start(), start + found.end(), found[0].decode(), after)

    def _whole(self, kind: str, node: ast.expr | ast.stmt, after: str) -> Mutation:
        return Mutation(kind, node.lineno, self._start(node), self._stop(node), self._text(node), after)

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def _stop(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr | ast.stmt) -> str:
        return self._source[self._start(node) : self._stop(node)].decode()


def _read_at_runtime(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params"}:
            continue
        children = cast("list[object]", value) if isinstance(value, list) else [value]
        yield from (child for child in children if isinstance(child, ast.AST) and not _is_for_readers(child))


def _is_for_readers(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.JoinedStr():  # Python 3.11 gives no true places inside of these.
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case _:
            return False


def _can_go(node: ast.stmt) -> bool:
    """A statement whose only sense is what it does to the world or to an object."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign():
            return True
        case ast.Return(value=None) | ast.Delete():
            return True
        case ast.Assign():
            return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
        case _:
            return False


def _are_alike(first: ast.expr, second: ast.expr) -> bool:
    """Whether two arguments could be mistaken for one another, as far as their writing shows."""
    if isinstance(first, ast.Starred) or type(first) is not type(second):
        return False
    if isinstance(first, ast.Constant) and isinstance(second, ast.Constant):
        return type(first.value) is type(second.value)
    return True


def _is_negation(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
