"""Which test files are near a module: those that import it, those of its area, then those that reach it by imports.

Counterpart of `mutants.py`, which runs them in this order until one of them fails.
"""

import ast
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["Imports", "nearest"]

_AREAS: Final[Mapping[str, Sequence[str]]] = {
    "engines": ("conductor", "workspaces"),
    "http": ("webhook",),
    "mcp_server": ("mcp",),
    "settings": ("app",),
    "testing": ("conductor",),
}
"""Folders of tests whose name is not that of the package."""
_FAR: Final = 12
_KINDS: Final = ("tests/unit/", "tests/contract/", "tests/integration/", "tests/e2e/")
"""The quickest first."""


class Imports:
    """Who imports whom among the modules of these packages; a test file imports the `conftest.py` above it."""

    def __init__(self, root: Path, packages: Sequence[str] = ("ompycord", "tests")) -> None:
        self._root = root
        self._files = {
            _module(file.relative_to(root)): file
            for package in packages
            for file in sorted((root / package).rglob("*.py"))
        }
        self._importers: dict[str, set[str]] = {}
        for module, file in self._files.items():
            for imported in self._imported(module, file):
                self._importers.setdefault(imported, set()).add(module)

    def test_files(self, module: str) -> Iterator[tuple[int, str]]:
        """Every test file that reaches the module, and over how many imports, the nearest first."""
        distances, waiting = {module: 0}, deque([module])
        while waiting:
            imported = waiting.popleft()
            for importer in sorted(self._importers.get(imported, ())):
                if importer not in distances:
                    distances[importer] = distances[imported] + 1
                    waiting.append(importer)
        for name, distance in distances.items():
            if name.rsplit(".", 1)[-1].startswith("test_"):
                yield distance, self._files[name].relative_to(self._root).as_posix()

    def _imported(self, module: str, file: Path) -> set[str]:
        names: set[str] = set()
        for node in ast.walk(ast.parse(file.read_bytes())):
            match node:
                case ast.Import():
                    names |= {alias.name for alias in node.names}
                case ast.ImportFrom(module=str(base), level=0):
                    names |= {name if (name := f"{base}.{alias.name}") in self._files else base for alias in node.names}
                case _:
                    pass
        parts = module.split(".")
        if parts[-1].startswith("test_"):
            names |= {".".join([*parts[:depth], "conftest"]) for depth in range(1, len(parts))}
        return {name for name in names if name in self._files}


def nearest(imports: Imports, file: str, tests: Sequence[str]) -> list[list[str]]:
    """The test files to run for a fault in `file`, by stages; none twice. `tests` are all that there are."""
    reached = sorted(imports.test_files(_module(Path(file))), key=lambda item: (item[0], _pace(item[1]), item[1]))
    direct = [name for distance, name in reached if distance == 1]
    area = file.split("/")[1].removesuffix(".py")
    folders = tuple(
        f"tests/{kind}/{name}/" for kind in ("unit", "integration") for name in (area, *_AREAS.get(area, ()))
    )
    around = sorted((name for name in tests if name.startswith(folders) and name not in direct), key=_pace)
    far = [name for _, name in reached if name not in direct and name not in around]
    return [stage for stage in (direct, around, sorted(far[:_FAR], key=_pace)) if stage]


def _pace(file: str) -> int:
    return next((place for place, folder in enumerate(_KINDS) if file.startswith(folder)), len(_KINDS))


def _module(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
