"""Pure: files that define how checks run, by their names, and which part of such a file was changed.

Of a file that holds much else (pyproject.toml, package.json) only the parts count that a runner, a linter or a compiler
reads.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Final, cast

__all__ = ["changed_parts", "defining_text", "is_definition", "is_installed"]

_NAMES: Final = (
    # Python
    "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "tox.toml", "noxfile.py",
    "setup.cfg", "pyproject.toml", ".coveragerc", ".coveragerc.*", "mypy.ini", ".mypy.ini", "pyrightconfig.json",
    "ruff.toml", ".ruff.toml", ".flake8", ".pylintrc", "pylintrc", "pylintrc.toml", ".isort.cfg", ".bandit",
    "unittest.cfg", "nose.cfg", ".noserc", "nose2.cfg", "pyvenv.cfg", ".pre-commit-config.yaml", "behave.ini",
    ".behaverc", "robot.toml", "dodo.py", "invoke.yaml", "pants.toml", ".python-version", "sitecustomize.py",
    "usercustomize.py", "*.pth", "*.egg-link", "hatch.toml",
    # any language
    "makefile", "gnumakefile", "*.mk", "*.mak", "justfile", ".justfile", "taskfile.y*ml", "earthfile", "build.bazel",
    "build", "workspace", "workspace.bazel", "module.bazel", ".bazelrc", "cmakelists.txt", "*.cmake", "ctest*.cmake",
    "cmakepresets.json", "meson.build", "meson_options.txt", "meson.options", "sconstruct", "sconscript", "build.ninja",
    "configure", "configure.ac", "makefile.am", "makefile.in", ".tool-versions", "mise.toml", ".mise.toml", ".envrc",
    ".env", ".env.test", ".env.local", ".env.test.local", ".gitattributes",
    # JavaScript and TypeScript
    "package.json", "jest.config.*", "jest.setup.*", "jest-*.json", "vitest.*", "vite.config.*", ".mocharc*",
    "karma.conf.*", "cypress.config.*", "cypress.json", "playwright.config.*", "ava.config.*", "babel.config.*",
    ".babelrc*", ".swcrc", "tsconfig*.json", "jsconfig.json", "jasmine.json", ".nycrc*", "nyc.config.*", ".c8rc*",
    ".taprc", "wdio.conf.*", "protractor.conf.*", "testem.*", ".eslintrc*", "eslint.config.*", ".eslintignore",
    ".prettierrc*", "prettier.config.*", "biome.json*", "deno.json*", "bunfig.toml", "nx.json", "turbo.json",
    "lerna.json", "rush.json", ".npmrc", ".yarnrc*", ".pnpmfile.cjs", "pnpm-workspace.yaml", ".pnp.*", "gruntfile.*",
    "gulpfile.*", "angular.json", ".nvmrc", ".node-version",
    # Go, Rust
    "go.mod", "go.work", ".golangci.*", "cargo.toml", "build.rs", "rust-toolchain", "rust-toolchain.toml",
    "clippy.toml", ".clippy.toml", "rustfmt.toml", ".rustfmt.toml", "nextest.toml",
    # Java and its neighbours
    "pom.xml", "build.gradle*", "settings.gradle*", "gradle.properties", "gradlew", "gradlew.bat", "gradle-wrapper.*",
    "mvnw", "mvnw.cmd", "maven-wrapper.*", "build.xml", "build.sbt", "testng*.xml", "junit-platform.properties",
    # Ruby, PHP, .NET and others
    ".rspec", ".rspec-local", "spec_helper.rb", "rails_helper.rb", "test_helper.rb", "rakefile", "*.rake", "guardfile",
    ".rubocop*.yml", ".simplecov", ".ruby-version", "cucumber.yml", "phpunit*.xml", "phpunit*.xml.dist",
    "phpunit.dist.xml", "phpspec.yml*", "codeception*.yml", "behat.yml*", "phpstan*.neon*", "psalm.xml*",
    "composer.json", "*.runsettings", "*.testsettings", "xunit.runner.json", "directory.build.*",
    "directory.packages.props", "global.json", "nuget.config", "mix.exs", ".formatter.exs", "package.swift",
    "dart_test.yaml", "analysis_options.yaml", "*.cabal", "stack.yaml", "rebar.config", "dune", "dune-project",
    ".shellcheckrc", ".busted", ".luacheckrc", ".proverc",
)  # fmt: skip
_EXACT: Final = frozenset(name for name in _NAMES if "*" not in name)
_PATTERNS: Final = tuple(name for name in _NAMES if "*" in name)
_PATHS: Final = (".cargo/config", ".cargo/config.toml", ".config/nextest.toml", ".mvn/*", ".bundle/config", ".yarn/*")
_INSTALLED: Final = frozenset(
    {"node_modules", "site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox", "vendor", "__pypackages__"}
)
_METADATA: Final = (".dist-info", ".egg-info")


_SIZE: Final = 200_000
"""Characters of a file whose parts are told apart."""


def is_definition(path: str) -> bool:
    """Whether a file of this name defines, in some language, how tests or other checks run."""
    name = PurePosixPath(path).name.lower()
    if name in _EXACT or any(fnmatchcase(name, pattern) for pattern in _PATTERNS):
        return True
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}") for pattern in _PATHS)


def is_installed(path: str) -> bool:
    """Whether it lies where packages are installed, of which a runner may be one, or describes such a package."""
    parts = PurePosixPath(path).parts
    return any(part in _INSTALLED or part.endswith(_METADATA) for part in parts)


def changed_parts(path: str, old: str | None, new: str | None) -> list[str] | None:
    """The parts of a definition that differ; empty where only parts differ that no check reads.

    None where the file has no parts and counts as a whole, or cannot be read as what it should be.
    """
    read = _READERS.get(PurePosixPath(path).name.lower())
    if read is None or max(len(old or ""), len(new or "")) > _SIZE:
        return None
    try:
        before, after = read(old or ""), read(new or "")
        return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    except (ValueError, RecursionError, configparser.Error):
        return None


def defining_text(path: str, text: str) -> str:
    """What of a file says how something runs: its parts as JSON, or all of it where it has none."""
    read = _READERS.get(PurePosixPath(path).name.lower())
    if read is None:
        return text
    try:
        return json.dumps(read(text), default=str, ensure_ascii=False)
    except (ValueError, RecursionError, configparser.Error):
        return text


Parts = dict[str, Any]

_PACKAGING: Final = frozenset(
    {
        "setuptools", "setuptools_scm", "setuptools-scm", "flit", "bumpversion", "bumpver", "commitizen",
        "semantic_release", "towncrier", "scikit-build", "cibuildwheel", "maturin", "versioneer", "dephell",
        "briefcase",
    }
)  # fmt: skip
"""Tables below `tool` that say how a distribution is built."""
_PARTLY: Final = {
    "poetry": ("plugins", "scripts", "packages"),
    "pdm": ("scripts", "plugins"),
    "hatch": ("envs", "env"),
    "rye": ("scripts",),
    "uv": ("sources", "workspace", "override-dependencies"),
}
"""Tables below `tool` of which only these parts decide how something runs."""


_LINE: Final = 2000


def _toml(text: str) -> dict[str, Any]:
    """The document. A line that no person writes is refused: a dotted key takes the square of its length (3.11)."""
    if any(len(line) > _LINE for line in text.splitlines()):
        raise ValueError("a line is too long")
    return tomllib.loads(text)


def _pyproject(text: str) -> Parts:
    document = _toml(text)
    parts: Parts = {}
    for name, table in _table(document.get("tool")).items():
        if name in _PARTLY:
            inner = _table(table)
            parts.update({f"tool.{name}.{key}": inner[key] for key in _PARTLY[name] if key in inner})
        elif name not in _PACKAGING:
            parts |= _deeper(f"tool.{name}", table) if name == "pytest" else {f"tool.{name}": table}
    for name, table in _table(_table(document.get("project")).get("entry-points")).items():
        parts[f"project.entry-points.{name}"] = table
    return parts


def _deeper(name: str, table: object) -> Parts:
    """`tool.pytest.ini_options` as people know it."""
    inner = _table(table)
    return {f"{name}.{key}": value for key, value in inner.items()} if inner else {name: table}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


_SETUP: Final = (
    "metadata",
    "options",
    "sdist",
    "bdist",
    "build",
    "egg_info",
    "install",
    "upload",
    "wheel",
    "bumpversion",
)


def _setup_cfg(text: str) -> Parts:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    parts: Parts = {}
    for name in parser.sections():
        if name == "options.entry_points" or not name.startswith(_SETUP):
            parts[name] = dict(parser.items(name))
    return parts


_DESCRIBES: Final = frozenset(
    {
        "name", "version", "description", "keywords", "author", "authors", "contributors", "maintainers", "license",
        "repository", "bugs", "homepage", "funding", "files", "private", "main", "module", "types", "typings", "bin",
        "man", "directories", "sideEffects", "browser", "publishConfig", "exports", "support", "readme", "time", "icon",
        "autoload", "minimum-stability", "prefer-stable", "archive", "suggest", "categories",
    }
)  # fmt: skip
"""Keys of package.json and composer.json that say what a package is; all others may decide how something runs."""
_DEPENDENCIES: Final = frozenset(
    {
        "dependencies", "devDependencies", "peerDependencies", "peerDependenciesMeta", "optionalDependencies",
        "bundledDependencies", "bundleDependencies", "require", "require-dev",
    }
)  # fmt: skip
_ELSEWHERE: Final = re.compile(r"(?:file|link|portal|workspace|npm|git|github|https?|patch|exec)[:+@]|[./~]")
"""A version that names another place or another package."""


def _package(text: str) -> Parts:
    document = json.loads(text or "{}")
    if not isinstance(document, dict):
        raise ValueError("no object")  # noqa: TRY004  # of what a file says, not of an argument
    parts: Parts = {}
    for name, value in cast("dict[str, Any]", document).items():
        if name in _DEPENDENCIES:
            placed = {key: at for key, at in _table(value).items() if _ELSEWHERE.match(str(at))}
            if placed:
                parts[name] = placed
        elif name not in _DESCRIBES:
            parts[name] = value
    return parts


_CRATE: Final = frozenset({"dependencies", "dev-dependencies", "build-dependencies", "target"})
_CRATE_PACKAGE: Final = frozenset({"autotests", "autobenches", "build", "edition", "links", "metadata", "workspace"})


def _cargo(text: str) -> Parts:
    parts: Parts = {}
    for name, value in _toml(text).items():
        if name == "package":
            inner = _table(value)
            parts |= {f"package.{key}": inner[key] for key in _CRATE_PACKAGE if key in inner}
        elif name in _CRATE:
            placed = {key: at for key, at in _table(value).items() if _table(at).keys() & {"path", "git", "package"}}
            if placed:
                parts[name] = placed
        else:
            parts[name] = value
    return parts


def _go_mod(text: str) -> Parts:
    """`replace` and `toolchain`; a module that is required is none of a check's."""
    parts: Parts = {}
    block = ""
    for line in (found.partition("//")[0].strip() for found in text.splitlines()):
        if line.endswith("("):
            block = line[:-1].strip()
        elif line == ")":
            block = ""
        else:
            word, _, rest = (block, "", line) if block else line.partition(" ")
            if word in ("replace", "toolchain", "tool", "godebug"):
                parts.setdefault(word, []).append(rest.strip())
    return parts


_READERS: Final[Mapping[str, Callable[[str], Parts]]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "package.json": _package,
    "composer.json": _package,
    "cargo.toml": _cargo,
    "go.mod": _go_mod,
}
