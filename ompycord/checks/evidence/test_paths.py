"""Pure: whether a file holds tests, by its path; for many languages, and rather once too often than once too rarely."""

import re
from pathlib import PurePosixPath
from typing import Final

__all__ = ["is_source", "is_test"]

_FOLDERS: Final = frozenset(
    {
        "test", "tests", "testing", "testdata", "test_data", "unittest", "unittests", "unit_tests", "unit-tests",
        "__tests__", "__test__", "__mocks__", "__snapshots__", "__fixtures__", "spec", "specs", "e2e", "cypress",
        "testthat", "androidtest", "integration_test", "integration_tests", "integration-tests", "selftest", "benches",
        "functional_tests", "acceptance",
    }
)  # fmt: skip
"""Names of folders, in small letters, below which everything is a test or belongs to tests."""
_FOLDER_ENDS: Final = (
    ".tests",
    ".test",
    ".unittests",
    ".integrationtests",
    ".specs",
    "-tests",
    "_tests",
    "-test",
    "_test",
)
"""Ends of such names: `Shop.Tests/`, `shop-tests/`."""

_SOURCES: Final = frozenset(
    {
        "py", "pyi", "pyx", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "go", "rs", "java",
        "kt", "kts", "scala", "sc", "groovy", "clj", "cljs", "cljc", "rb", "rake", "php", "phpt", "cs", "fs", "vb",
        "swift", "m", "mm", "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "hxx", "sh", "bash", "zsh", "fish", "bats",
        "ps1", "bat", "cmd", "pl", "pm", "lua", "ex", "exs", "erl", "hs", "ml", "dart", "r", "jl", "nim", "zig", "d",
        "cr", "f90", "sql", "tcl", "awk", "v", "sv", "elm", "coffee", "robot", "feature", "hurl", "rkt", "el", "lisp",
        "sol",
    }
)  # fmt: skip
"""Ends of the names of source files."""
_ALWAYS: Final = frozenset({"bats", "phpt", "robot", "feature", "hurl", "snap", "ambr"})
"""Ends of names of files that are tests wherever they lie. `.t` is Perl's."""
_SPEC: Final = frozenset(
    {
        "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "rb", "lua", "groovy", "kt", "scala",
        "hs", "php", "cr", "coffee", "cs", "swift", "go",
    }
)  # fmt: skip
"""Languages in which `x_spec` names a test and not a specification."""
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[^\W_]+")
_TEST_WORDS: Final = frozenset(
    {"test", "tests", "testcase", "testcases", "cy", "e2e", "unittest", "unittests", "cest", "cept"}
)
_SPEC_WORDS: Final = frozenset({"spec", "specs"})


def is_source(path: str) -> bool:
    """Whether a file is code, by the end of its name."""
    return PurePosixPath(path).suffix[1:].lower() in _SOURCES


def is_test(path: str) -> bool:
    """Whether a file holds tests or belongs to them: by its folders, or by its name where it is code.

    Every language's own way counts: `test*.py`, `*_test.go`, `*.spec.ts`, `CartTests.cs`, `src/test/…`, `t/*.t`.
    """
    at = PurePosixPath(path)
    folders = [part.lower() for part in at.parts[:-1]]
    if any(folder in _FOLDERS or folder.endswith(_FOLDER_ENDS) for folder in folders) or folders[:1] == ["t"]:
        return True
    end = at.suffix[1:].lower()
    if end in _ALWAYS or end == "t":
        return True
    if not at.suffix:  # a script without an end, such as `run-tests`
        return _is_named_so(at.name, end)
    return end in _SOURCES and _is_named_so(at.name.removesuffix(at.suffix), end)


def _is_named_so(stem: str, end: str) -> bool:
    """Whether the first or the last word of a name says *test*: `test_total`, `total.test`, `CartTests`."""
    words = [word.lower() for word in _WORD.findall(stem)]
    if not words:
        return False
    wanted = _TEST_WORDS | _SPEC_WORDS if end in _SPEC else _TEST_WORDS
    if words[0] in wanted or words[-1] in wanted:
        return True
    if end in ("py", "pyi") and stem.startswith("test"):  # unittest finds `test*.py`
        return True
    return end in ("java", "kt", "groovy", "scala") and words[-1] in ("it", "itcase")
