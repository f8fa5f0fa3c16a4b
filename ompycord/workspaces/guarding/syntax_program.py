"""The program that parses changed files, as `syntax.py` starts it: confined, since parsers read what an agent wrote.

On standard input: for each file a line of JSON (`language`, `size`) and its bytes. On standard output a line of JSON
for each, in their order: `{}` where it parses, `line` and `detail` where not, `skipped` where nothing can be told. It
imports nothing of Ompycord.
"""

import ast
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import tree_sitter_go
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_GRAMMARS: Final[dict[str, tuple[Callable[[], object], ...]]] = {
    "go": (tree_sitter_go.language,),
    # What is TypeScript or typed by Flow in a .js is no error of its own.
    "javascript": (tree_sitter_javascript.language, tree_sitter_typescript.language_tsx),
    "rust": (tree_sitter_rust.language,),
    "tsx": (tree_sitter_typescript.language_tsx,),
    "typescript": (tree_sitter_typescript.language_typescript,),
}
_NEWER: Final = frozenset({"type_alias_statement", "type_parameter"})
"""Python that this interpreter may be too old for (PEP 695); strings within f-strings are another (PEP 701)."""
_SHOWN: Final = 80


def checked(language: str, source: bytes) -> dict[str, Any]:
    """The answer for one file."""
    if language == "python":
        return _python(source)
    first: dict[str, Any] = {}
    for grammar in _GRAMMARS[language]:
        found = _error(Parser(Language(grammar())).parse(source).root_node)
        if found is None:
            return {}
        first = first or found
    return first


def _python(source: bytes) -> dict[str, Any]:
    try:
        compile(source, "<file>", "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        if _is_newer(source):
            return {"skipped": True}
        return {"line": max(error.lineno or 1, 1), "detail": error.msg[:_SHOWN]}
    except ValueError as error:  # a zero byte
        return {"line": 1, "detail": str(error)[:_SHOWN]}
    except (RecursionError, MemoryError):
        return {"skipped": True}
    return {}


def _is_newer(source: bytes) -> bool:
    """Whether it parses as Python of a version after this interpreter's."""
    root = Parser(Language(tree_sitter_python.language())).parse(source).root_node
    if root.has_error:
        return False
    return any(node.type in _NEWER or (node.type == "interpolation" and _holds_string(node)) for node in _nodes(root))


def _holds_string(node: Node) -> bool:
    return any(inner.type in {"string", "comment"} for inner in _nodes(node))


def _nodes(root: Node) -> Iterator[Node]:
    ahead = [root]
    while ahead:
        node = ahead.pop()
        yield node
        ahead.extend(reversed(node.children))


def _error(root: Node) -> dict[str, Any] | None:
    """The first place that does not parse; None where all does."""
    if not root.has_error:
        return None
    node = root
    while not (node.is_error or node.is_missing):
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            break
        node = inner
    line = node.start_point.row + 1
    if node.is_missing:
        return {"line": line, "detail": f"{node.type} is missing"[:_SHOWN]}
    text = (node.text or b"").decode("utf-8", "replace").strip().splitlines()
    return {"line": line, "detail": f"unexpected: {text[0]}"[:_SHOWN] if text else "it does not parse"}


def main() -> int:
    """Answer until the input ends."""
    while header := sys.stdin.buffer.readline():
        request = json.loads(header)
        source = sys.stdin.buffer.read(request["size"])
        sys.stdout.write(json.dumps(checked(request["language"], source)) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
