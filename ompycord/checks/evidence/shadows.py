"""Pure: new files that are loaded instead of, or together with, what runs the tests."""

import re
import sys
from pathlib import PurePosixPath
from typing import Final

from ompycord.checks.evidence.change import EvidenceScope
from ompycord.checks.evidence.test_paths import is_source

__all__ = ["is_compiled", "is_empty_package", "shadowed"]

_RUNNERS: Final = frozenset(
    {
        "pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli",
        "colorama", "attr", "attrs", "nose", "nose2", "hypothesis", "coverage", "pytest_cov", "xdist", "execnet",
        "tox", "nox", "mypy", "ruff", "black", "flake8", "pylint", "pyflakes", "pycodestyle", "behave", "robot",
        "mock", "trial", "twisted", "pytest_asyncio", "pytest_timeout", "pytest_randomly", "testtools", "green",
        "ward",
    }
)  # fmt: skip
"""Python modules of runners and of what they import, beside the standard library."""
_ANYWHERE: Final = frozenset(
    {"pytest", "_pytest", "unittest", "doctest", "nose", "nose2", "minitest", "rspec"}
    | {"phpunit", "jest", "vitest", "mocha", "jasmine", "chai", "testify", "gtest", "busted"}
)
"""Names that a source file of a result has no other reason to bear, in whatever folder."""
_STANDARD: Final = sys.stdlib_module_names - {"test", "this", "antigravity", "idlelib", "__main__", "__future__"}
"""The standard library, without what no runner imports and projects call a folder."""
_COMPILED: Final = frozenset(
    {
        "pyc",
        "pyo",
        "pyd",
        "so",
        "dylib",
        "dll",
        "class",
        "jar",
        "war",
        "node",
        "beam",
        "elc",
        "exe",
        "o",
        "a",
        "whl",
        "egg",
    }
)
_MODULE: Final = re.compile(r"(?P<name>[^\W\d]\w*)(?:\.[\w.-]+)?\.(?:py|pyc|pyo|so|pyd)")
_INITIALISES: Final = re.compile(r"__init__(?:\.[\w.-]+)?\.(?:py|pyc|pyo|so|pyd)")


def is_compiled(path: str) -> bool:
    """Whether it is code that is loaded and that nobody reads: `x.pyc`, `x.so`, `x.class`."""
    at = PurePosixPath(path)
    return at.suffix[1:].lower() in _COMPILED or ".so." in at.name or "__pycache__" in at.parts


def shadowed(path: str, scope: EvidenceScope, *, is_link: bool) -> str | None:
    """The module that a new file stands in the way of; None where it does not."""
    at = PurePosixPath(path)
    stem = at.stem if is_source(path) else at.name.partition(".")[0]
    owner = at.parent.name if _INITIALISES.fullmatch(at.name) else stem
    if owner.lower() in _ANYWHERE and (is_source(path) or is_link or is_compiled(path)):
        return owner
    for root in scope.import_roots:
        name = _module_at(path, root, is_link=is_link)
        if name is not None and _is_runners(name, scope) and not _has_module(name, root, scope):
            return name
    return None


def _is_runners(name: str, scope: EvidenceScope) -> bool:
    return name in _STANDARD or name in _RUNNERS or name in scope.modules


def _module_at(path: str, root: str, *, is_link: bool) -> str | None:
    """The top-level module that a path is, for imports from `root`."""
    prefix = f"{root}/" if root else ""
    if not path.startswith(prefix):
        return None
    name, _, rest = path[len(prefix) :].partition("/")
    if rest:
        return name if _INITIALISES.fullmatch(rest) else None
    found = _MODULE.fullmatch(name)
    return found["name"] if found else name if is_link else None


def _has_module(name: str, root: str, scope: EvidenceScope) -> bool:
    """Whether the base had a module of that name there, which is then the project's own."""
    at = f"{root}/{name}" if root else name
    return f"{at}.py" in scope.base_paths or f"{at}/__init__.py" in scope.base_paths


def is_empty_package(path: str, text: str | None) -> bool:
    """Whether it only makes a folder a package: an `__init__.py` without a statement."""
    if PurePosixPath(path).name != "__init__.py" or text is None:
        return False
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())
