"""Pure: the files of a tree that a check's command starts or reads, and those that such a file names in turn."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from posixpath import join, normpath
from typing import Final

from ompycord.checks.evidence.definitions import defining_text, is_definition
from ompycord.checks.evidence.other_tests import holds_tests
from ompycord.checks.python_command import is_python
from ompycord.domain.ports.trees import TreeEntry

__all__ = ["Files", "first_definitions", "import_folders", "modules_of", "named_by_command", "named_by_text"]

_SPLIT: Final = re.compile(r"[\s;&|()<>=\"'`,{}\[\]$@]+")
_INTERPRETERS: Final = re.compile(
    r"""(?:python|pypy)[\d.]*|node|nodejs|deno|bun|ts-node|tsx|ruby|php\d*|perl|lua(?:jit)?|sh|bash|zsh|dash|ksh|fish|pwsh|
    powershell|source|\.|exec|env|xargs|time|include|-include|sinclude|import|load|load_file|require|require_relative|make|gmake|
    just|Rscript|julia|elixir|escript|tclsh|groovy|nix-shell|uv|run""",
    re.VERBOSE,
)
_HERE: Final = frozenset(
    {"dirname", "0", "BASH_SOURCE", "realpath", "readlink", "-f", "pwd", "CURDIR", "PWD", "__file__"}
)
"""Words by which a script names its own folder."""
_SCRIPT_ENDS: Final = frozenset(
    {"sh", "bash", "zsh", "fish", "mk", "mak", "cmake", "rake", "ps1", "bat", "cmd", "bats"}
)
_CONTAINERS: Final = frozenset({"docker", "docker-compose", "podman", "podman-compose", "act"})
_FOR_CONTAINERS: Final = re.compile(
    r"(?:.*\.)?dockerfile(?:\..*)?|containerfile|(?:docker-)?compose[\w.-]*\.ya?ml|\.dockerignore"
)
_RUNNER_FILES: Final = frozenset(
    {
        "makefile", "gnumakefile", "package.json", "tox.ini", "noxfile.py", "justfile", "taskfile.yml",
        "taskfile.yaml", "rakefile", "composer.json", "pyproject.toml", "pytest.ini", "conftest.py", "build.gradle",
        "build.gradle.kts", "cmakelists.txt", "setup.cfg",
    }
)  # fmt: skip
"""Files at the top that name what a runner starts."""
_SUBJECTS: Final = frozenset(
    {
        "grep", "egrep", "fgrep", "rg", "wc", "cat", "head", "tail", "file", "sha256sum", "py_compile", "compileall",
        "ruff", "mypy", "pyright", "pylint", "flake8", "black", "isort", "pyflakes", "pycodestyle", "bandit", "eslint",
        "prettier", "tsc", "stylelint", "markdownlint", "shellcheck", "shfmt", "yamllint", "jsonlint", "xmllint",
        "gofmt", "rustfmt", "rubocop", "phpstan", "phpcs", "hadolint", "codespell", "typos", "vale",
    }
)  # fmt: skip
"""Programs that judge the files among their arguments: `grep -q colour README` checks README."""
_BEFORE_PROGRAM: Final = frozenset(
    {"exec", "env", "time", "!", "if", "then", "do", "command", "nice", "npx", "run", "uv"}
)
_LINKS: Final = 20


@dataclass(frozen=True, slots=True)
class Files:
    """A tree, and where its links lead."""

    entries: Mapping[str, TreeEntry]
    links: Mapping[str, str]
    """By the path of each link."""

    def on_the_way(self, path: str) -> list[str]:
        """The file that a path leads to and the links over which it leads; empty where it leads nowhere."""
        found: list[str] = []
        for _ in range(_LINKS):
            link = next((at for at in _upper(path) if at in self.links), None)
            if link is None:
                break
            found.append(link)
            target = _within(link.rpartition("/")[0], self.links[link])
            if not target:
                return found
            path = target + path[len(link) :]
        return [*found, path] if path in self.entries else found


def _upper(path: str) -> Iterator[str]:
    """The folders of a path from the top down, and the path itself."""
    at = path.find("/")
    while at != -1:
        yield path[:at]
        at = path.find("/", at + 1)
    yield path


def named_by_command(command: Sequence[str], trees: Sequence[Files]) -> set[str]:
    """The files of either tree that the words of a command name, also behind links, options and in a shell's text."""
    found: set[str] = set()
    for part in _simple_commands(command):
        words = [piece for word in part for piece in (word, *_SPLIT.split(word)) if piece]
        subjects = _reads_subjects(part)
        for before, word in pairwise(("", *words)):
            if not subjects or _configures(before, word):
                found.update(_existing((word,), "", trees))
    words = [piece for word in command for piece in _SPLIT.split(word)]
    for module in modules_of(command):
        at = module.replace(".", "/")
        places = (
            f"{root}{at}{end}" for root in ("", "src/", "lib/") for end in (".py", "/__main__.py", "/__init__.py")
        )
        found.update(path for path in places if any(path in tree.entries for tree in trees))
    if any(PurePosixPath(word).name in _CONTAINERS for word in words if word):
        found.update(
            path
            for tree in trees
            for path in tree.entries
            if _FOR_CONTAINERS.fullmatch(PurePosixPath(path).name.lower())
        )
    return found


_PARTS: Final = re.compile(r"&&|\|\||[;&|\n]")


def _simple_commands(command: Sequence[str]) -> Iterator[list[str]]:
    """The command itself, or each command in a shell's text."""
    yield [word for word in command if not _PARTS.search(word) and " " not in word]
    for text in (word for word in command if _PARTS.search(word) or " " in word):
        yield from (part.split() for part in _PARTS.split(text) if part.strip())


def _reads_subjects(words: Sequence[str]) -> bool:
    """Whether a program judges the files that it is given, so that they are what is checked and not how."""
    names = [PurePosixPath(word).name for word in words if "=" not in word and word not in _BEFORE_PROGRAM]
    if names and (is_python(names[0]) or names[0] == "{python}") and "-m" in names[:-1]:
        return names[names.index("-m") + 1] in _SUBJECTS
    return bool(names) and names[0] in _SUBJECTS


def _configures(before: str, word: str) -> bool:
    """Whether a word is no subject all the same: the value of an option, or a file that defines a check by its name."""
    return (
        before.startswith("--")
        or before in ("-f", "-c")
        or (word.startswith("-") and "=" in word)
        or is_definition(word)
    )


def modules_of(command: Sequence[str]) -> set[str]:
    """The Python modules after each `-m`."""
    words = [part for word in command for part in _SPLIT.split(word)]
    return {after for before, after in pairwise(words) if before == "-m" and after}


def import_folders(command: Sequence[str]) -> set[str]:
    """Folders that a command adds to where modules are imported from, by PYTHONPATH, `-I`, `-s` or `--rootdir`."""
    words = [part for word in command for part in _SPLIT.split(word)]
    pairs = pairwise(words)
    values = [
        after for before, after in pairs if before in ("PYTHONPATH", "-s", "-t", "--rootdir", "-I", "--start-directory")
    ]
    return {_within("", folder) or "" for value in values for folder in value.split(":")}


def first_definitions(tree: Files) -> set[str]:
    """Files at the top of a tree from which runners take what they start."""
    return {path for path in tree.entries if "/" not in path and path.lower() in _RUNNER_FILES}


_TEXT: Final = 200_000
"""Characters of a script that are read."""


def named_by_text(path: str, text: str, trees: Sequence[Files]) -> set[str]:
    """The files that a script or a runner's file at `path` starts.

    Scripts, and what follows an interpreter or an option.
    """
    words = [word for word in _SPLIT.split(defining_text(path, text[:_TEXT])) if word]
    found: set[str] = set()
    folder = str(PurePosixPath(path).parent)
    before = ""
    for word in words:
        for existing in _existing((word,), "" if folder == "." else folder, trees):
            if not holds_tests(existing) and _is_started(existing, before, trees):
                found.add(existing)
        before = before if word in _HERE else word
    return found


def _is_started(path: str, before: str, trees: Sequence[Files]) -> bool:
    if PurePosixPath(path).suffix[1:].lower() in _SCRIPT_ENDS or is_definition(path):
        return True
    if any(tree.entries[path].mode == "100755" for tree in trees if path in tree.entries):
        return True
    return before.startswith("-") or _INTERPRETERS.fullmatch(PurePosixPath(before).name or before) is not None


def _existing(words: Iterable[str], folder: str, trees: Sequence[Files]) -> Iterator[str]:
    """The files that words name, from the top or from `folder`, and the links on the way."""
    for word in filter(None, words):
        for start in dict.fromkeys(("", folder)):
            path = _within(start, word.lstrip("/"))  # `$(dirname "$0")/x` leaves `/x`
            if path:
                for tree in trees:
                    yield from tree.on_the_way(path)


def _within(folder: str, word: str) -> str | None:
    """A relative path without `.` and `..`; None where it leads out."""
    if word.startswith("/"):
        return None
    path = normpath(join(folder, word)) if folder else normpath(word)
    return None if path == ".." or path.startswith("../") else "" if path == "." else path
