"""What a repository's files tell of its languages, checks and set-up; and what its section leaves alone in the file."""

from typing import Any

import pytest
import yaml

from ompycord.app.repositories.detection import detect
from ompycord.app.repositories.section import inserted
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import RefusedInWords

VALUES: dict[str, Any] = {"path": "/srv/shop", "checks": [{"name": "unit", "command": ["make", "test"]}]}


@pytest.mark.parametrize(
    ("files", "languages", "checks", "setup"),
    [
        ({"a.py": "", "tests/test_a.py": "", "pyproject.toml": "[tool.pytest.ini_options]"}, ("Python",),
         [["{python}", "-m", "pytest", "-q"]], []),
        ({"a.py": "", "tests/test_a.py": "", "pyproject.toml": "dev = ['pytest']", "uv.lock": ""}, ("Python",),
         [[".venv/bin/pytest", "-q"]], [["uv", "sync", "--frozen", "--no-install-project"]]),
        ({"a.py": "", "tests/__init__.py": "", "tests/test_a.py": ""}, ("Python",),
         [["{python}", "-m", "unittest"]], []),
        ({"a.ts": "", "package.json": '{"scripts": {"test": "vitest run"}}', "pnpm-lock.yaml": ""}, ("TypeScript",),
         [["pnpm", "test"]], [["pnpm", "install", "--frozen-lockfile"]]),
        ({"a.js": "", "package.json": '{"scripts": {"test": "echo no test specified && exit 1"}}'}, ("JavaScript",),
         [], []),
        ({"a.go": "", "go.mod": "", "go.sum": ""}, ("Go",), [["go", "test", "./..."]], [["go", "mod", "download"]]),
        ({"src/lib.rs": "", "Cargo.toml": ""}, ("Rust",), [["cargo", "test", "--quiet"]], []),
        ({"a.c": "", "Makefile": "all:\n\tcc a.c\ntest: all\n\t./a.out\n"}, ("C",), [["make", "test"]], []),
        ({"a.py": "", "node_modules/x/test_y.py": "", "README.md": ""}, ("Python",), [], []),
        ({"package.json": "no JSON", "a.ts": ""}, ("TypeScript",), [], []),
    ],
    ids=["pytest", "uv", "unittest", "vitest", "no script", "go", "rust", "make", "vendored", "broken"],
)  # fmt: skip
def test_files_tell_what_checks_and_readies_it(
    files: dict[str, str], languages: tuple[str, ...], checks: list[list[str]], setup: list[list[str]]
) -> None:
    found = detect(list(files), files)
    assert found.languages == languages
    assert [check["command"] for check in found.checks] == checks
    assert [step["command"] for step in found.setup] == setup
    assert bool(found.notes) or bool(checks), "without a check a person is told"
    hosts = list(found.hosts)
    RepositorySpec.model_validate(
        {"name": "x", "path": "/x", "checks": found.checks, "setup": found.setup, "setup_hosts": hosts}
    )


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"log: {level: info}\n",
        b"log: {level: info}",
        b"# mine\nrepositories:\n  a:   # keep\n    path: /a   # here\n\n# between\nagents:\n  x: {kind: rehearsal}\n",
        b"repositories:\r\n    a:\r\n        path: /a\r\nlog:\r\n    level: info\r\n",
        b"\xef\xbb\xbfrepositories:\n  a: {path: /a}\n",
        b"repositories:\n  a:\n    path: /a\n    checks:\n      - name: t\n        command: [sh, -c, |\n",
        b"repositories:\n  a:\n    path: /a\n    note: |\n      words\n      more\nlog: {level: info}\n",
        b"repositories:\n  a: {path: /a}",
        "repositories:\n  ä:\n    path: /ü   # ö\nx: 1\n".encode(),
    ],
)
def test_a_section_is_added_and_no_other_byte_is_changed(before: bytes) -> None:
    try:
        yaml.safe_load(before)
    except yaml.YAMLError:
        with pytest.raises(RefusedInWords, match="no YAML"):
            inserted(before, "shop", VALUES)
        return
    after = inserted(before, "shop", VALUES)
    start = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    grown = len(after) - len(before)
    assert any(after[:at] + after[at + grown :] == before for at in range(max(0, start - 40), start + 1)), (
        "something was put in at one place"
    )
    old: dict[str, Any] = yaml.safe_load(before) or {}
    new = yaml.safe_load(after)
    assert new["repositories"].pop("shop") == VALUES
    assert new == {"repositories": {}, **old}
    assert (b"\r\n" in before) == (b"\r\n" in after)


@pytest.mark.parametrize(
    "before", [b"a: 1\nrepositories: {}\nlog: {}\n", b"repositories: {}   # none yet\r\nb: {}\r\n"]
)
def test_the_empty_mapping_that_init_writes_is_replaced_by_the_section(before: bytes) -> None:
    after = inserted(before, "shop", VALUES)
    start, _, end = before.partition(b"{}")
    assert after.startswith(start)
    assert after.endswith(end)
    assert yaml.safe_load(after)["repositories"] == {"shop": VALUES}


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (b"repositories: {a: {path: /a}}\n", "Put this under repositories by hand:\n\n  shop:"),
        (b"repositories: []\n", "by hand"),
        (b"repositories:\n  shop:\n    path: /a\n", "has a repository shop already"),
        (b"log: {level: info}\n---\nx: 1\n", "no YAML|by hand"),
        (b"{log: {level: info}}\n", "by hand"),
    ],
    ids=["one line", "list", "there already", "two documents", "all in one line"],
)
def test_a_file_of_another_form_is_left_alone_with_what_to_paste(before: bytes, words: str) -> None:
    with pytest.raises(RefusedInWords, match=words):
        inserted(before, "shop", VALUES)
