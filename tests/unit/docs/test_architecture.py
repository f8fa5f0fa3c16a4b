"""ARCHITECTURE.md draws what is there: every file and every name on its two paths exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
STEP = re.compile(r"^  (?P<file>[a-z_/]+\.py)(?: {1,}(?P<name>[A-Za-z_]\w*(?:\.\w+)?) {2,})?", re.MULTILINE)
FILES = set((ROOT / "ompycord").rglob("*.py"))
FILE = re.compile(r"`((?:[a-z_]+/)*[a-z_]+\.py)`")


def names_in(file: Path) -> set[str]:
    """Functions, classes and `Class.method` of a module."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


def test_the_two_paths_name_what_exists() -> None:
    steps = [(match["file"], match["name"]) for match in STEP.finditer(TEXT.partition("## Two paths")[2])]
    assert len(steps) > 15
    missing = [f"{file} {name}" for file, name in steps if not (ROOT / "ompycord" / file).is_file()]
    missing += [f"{file} {name}" for file, name in steps if name and name not in names_in(ROOT / "ompycord" / file)]
    assert missing == []


def test_the_map_names_files_of_its_packages() -> None:
    rows = re.findall(r"^\| `([a-z_]+)/`.*\|([^|]*)\|$", TEXT, re.MULTILINE)
    assert len(rows) > 12
    missing = [
        f"{package}/{file}"
        for package, last in rows
        for file in FILE.findall(last)
        if not {ROOT / "ompycord" / package / file, ROOT / "ompycord" / file} & FILES
    ]
    assert missing == []
