"""Pure: languages, checks and set-up of a repository, as its files tell; only what is sure enough to be run.

Counterpart: `adding.py`, which reads the files.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple, cast

__all__ = ["READ", "Detected", "detect"]

LANGUAGES: Final = {
    ".py": "Python", ".js": "JavaScript", ".mjs": "JavaScript", ".jsx": "JavaScript", ".ts": "TypeScript",
    ".tsx": "TypeScript", ".go": "Go", ".rs": "Rust", ".java": "Java", ".kt": "Kotlin", ".rb": "Ruby", ".php": "PHP",
    ".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".cs": "C#", ".swift": "Swift", ".ex": "Elixir", ".sh": "Shell",
}  # fmt: skip
_UNTOLD: Final = re.compile(r"(^|/)(node_modules|vendor|third_party|dist|build|\.venv)/")
READ: Final = (
    "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", "requirements.txt", "requirements-dev.txt", "package.json",
    "Makefile",
)  # fmt: skip
"""The files whose content is read; of all others the name is enough."""
_NONE_WRITTEN: Final = "no test specified"
_NPM: Final = "registry.npmjs.org"
_PYPI: Final = ("pypi.org", "files.pythonhosted.org")


class Detected(NamedTuple):
    """What was found, as settings write it."""

    languages: tuple[str, ...]
    """The most used first."""
    checks: tuple[Mapping[str, Any], ...]
    setup: tuple[Mapping[str, Any], ...]
    hosts: tuple[str, ...]
    notes: tuple[str, ...]
    """What a person should decide, a sentence each."""


def detect(names: Sequence[str], texts: Mapping[str, str]) -> Detected:
    """`names` are the paths of the base's files; `texts` holds those of READ that are there."""
    own = [name for name in names if not _UNTOLD.search(name)]
    found = frozenset(names)
    parts = [part for part in (_python(own, found, texts), _node(found, texts), _go(found), _rust(found)) if part]
    notes = [note for part in parts for note in part.notes]
    if not any(part.checks for part in parts):
        made = _make(texts)
        parts += [made] if made else []
        if not made:
            notes.append("No test command was found: results cannot be verified. Write one under checks.")
    return Detected(
        languages=_languages(own),
        checks=tuple(check for part in parts for check in part.checks),
        setup=tuple(step for part in parts for step in part.setup),
        hosts=tuple(dict.fromkeys(host for part in parts for step in part.setup for host in step.get("hosts", ()))),
        notes=tuple(notes),
    )


class _Part(NamedTuple):
    checks: tuple[Mapping[str, Any], ...] = ()
    setup: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def _languages(names: Sequence[str]) -> tuple[str, ...]:
    counted = Counter(LANGUAGES[suffix] for name in names if (suffix := PurePosixPath(name).suffix) in LANGUAGES)
    return tuple(language for language, _ in counted.most_common(5))


# -- Python


def _python(names: Sequence[str], found: frozenset[str], texts: Mapping[str, str]) -> _Part | None:
    tests = [name for name in names if re.search(r"(^|/)(test_\w+|\w+_test)\.py$", name)]
    if not tests:
        return None
    is_pytest = _is_pytest(names, texts)
    words = ["pytest", "-q"] if is_pytest else ["python", "-m", "unittest", *_discovered(tests)]
    name = "pytest" if is_pytest else "unittest"
    environment = _environment(found, texts)
    if environment is not None:
        program, step = environment
        return _Part(checks=({"name": name, "command": [program(words[0]), *words[1:]]},), setup=(step,))
    if not is_pytest:
        return _Part(checks=({"name": name, "command": ["{python}", *words[1:]]},))
    note = "pytest is taken from Ompycord's own Python. Where the tests need packages, write a step under setup."
    return _Part(checks=({"name": name, "command": ["{python}", "-m", *words]},), notes=(note,))


def _is_pytest(names: Sequence[str], texts: Mapping[str, str]) -> bool:
    written = any("pytest" in texts.get(name, "") for name in READ if name not in ("package.json", "Makefile"))
    return written or any(PurePosixPath(name).name == "conftest.py" for name in names)


def _discovered(tests: Sequence[str]) -> list[str]:
    """Unittest finds `tests/` by itself where that is a package; a folder that is none is named."""
    folders = {name.split("/")[0] for name in tests if "/" in name}
    return ["discover", "-s", folders.pop()] if len(folders) == 1 and len(tests) and "tests" not in folders else []


def _environment(found: frozenset[str], texts: Mapping[str, str]) -> tuple[Any, Mapping[str, Any]] | None:
    """How its programs are started and what makes its environment, where a lock file says what belongs into it."""
    if "uv.lock" in found:
        step = {
            "name": "packages",
            "command": ["uv", "sync", "--frozen", "--no-install-project"],
            "files": ["uv.lock", "pyproject.toml"],
            "keeps": [".venv"],
            "hosts": list(_PYPI),
        }
        return _in_venv, step
    requirements = next((name for name in ("requirements-dev.txt", "requirements.txt") if name in found), None)
    if requirements is None or _leads_on(texts.get(requirements, "")):
        return None
    step = {
        "name": "packages",
        "command": [
            "sh", "-c", f"python3 -m venv .venv && .venv/bin/python -m pip install -q -r {requirements}",
        ],
        "files": [requirements],
        "keeps": [".venv"],
        "hosts": list(_PYPI),
    }  # fmt: skip
    return _in_venv, step


def _in_venv(program: str) -> str:
    return f".venv/bin/{program}"


def _leads_on(text: str) -> bool:
    """Whether requirements name other files, or the project itself, which set-up does not see."""
    return re.search(r"(?m)^\s*(-r|-c|-e|--requirement|--constraint|--editable|\.|file:)", text) is not None


# -- JavaScript and TypeScript


def _node(found: frozenset[str], texts: Mapping[str, str]) -> _Part | None:
    package = _json(texts.get("package.json", ""))
    if not package:
        return None
    scripts: dict[str, Any] = package.get("scripts") or {}
    script = str(scripts.get("test", ""))
    manager, lock, words = _manager(found)
    setup: tuple[Mapping[str, Any], ...] = ()
    if lock:
        step = {
            "name": "packages",
            "command": words,
            "files": ["package.json", lock],
            "keeps": ["node_modules"],
            "hosts": ["registry.yarnpkg.com" if manager == "yarn" else _NPM],
        }
        setup = (step,)
    if not script or _NONE_WRITTEN in script:
        return _Part(setup=setup)
    parser = next((name for name in ("vitest", "jest") if re.search(rf"\b{name}\b", script)), None)
    check: dict[str, Any] = {"name": "test", "command": [manager, "test"]}
    notes = () if lock else ("There is no lock file of npm, yarn or pnpm: what its tests need is not got ready.",)
    return _Part(checks=(check | ({"parser": parser} if parser else {}),), setup=setup, notes=notes)


def _manager(found: frozenset[str]) -> tuple[str, str, list[str]]:
    if "pnpm-lock.yaml" in found:
        return "pnpm", "pnpm-lock.yaml", ["pnpm", "install", "--frozen-lockfile"]
    if "yarn.lock" in found:
        return "yarn", "yarn.lock", ["yarn", "install", "--frozen-lockfile"]
    return "npm", "package-lock.json" if "package-lock.json" in found else "", ["npm", "ci"]


# -- others


def _go(found: frozenset[str]) -> _Part | None:
    if "go.mod" not in found:
        return None
    step = {
        "name": "modules",
        "command": ["go", "mod", "download"],
        "files": ["go.mod", *(["go.sum"] if "go.sum" in found else [])],
        "variables": {"GOMODCACHE": "{setup}/go"},
        "hosts": ["proxy.golang.org", "sum.golang.org"],
    }
    check = {"name": "go", "command": ["go", "test", "./..."]}
    return _Part(checks=(check,), setup=(step,) if "go.sum" in found else ())


def _rust(found: frozenset[str]) -> _Part | None:
    if "Cargo.toml" not in found:
        return None
    note = "Crates are fetched by the check itself. Where its network is denied, write a step under setup."
    return _Part(checks=({"name": "cargo", "command": ["cargo", "test", "--quiet"]},), notes=(note,))


def _make(texts: Mapping[str, str]) -> _Part | None:
    target = re.search(r"(?m)^(test|check)\s*:(?!=)", texts.get("Makefile", ""))
    return _Part(checks=({"name": target[1], "command": ["make", target[1]]},)) if target else None


def _json(text: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
