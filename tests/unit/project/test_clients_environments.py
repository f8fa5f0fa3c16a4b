"""What the libraries' tests need is installed once, and a failure to install it skips them with its reason."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients import environments

FAILING = "print('resolving'); print('no such host'); raise SystemExit(1)"


@pytest.fixture
def installers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What would have been run, in place of running it."""
    ran: list[tuple[str, ...]] = []

    async def note(_folder: Path, arguments: tuple[str, ...]) -> None:
        ran.append(arguments)

    monkeypatch.setattr(environments, "_install", note)
    return ran


def _find(monkeypatch: pytest.MonkeyPatch, path: str | None) -> None:
    """Node and npm are both found at this path, or not at all."""

    def which(_name: str) -> str | None:
        return path

    monkeypatch.setattr(environments.shutil, "which", which)


@pytest.mark.parametrize("install", [environments.python_with, environments.node_with], ids=["python", "node"])
async def test_an_environment_is_installed_again_only_for_other_requirements(
    tmp_path: Path,
    installers: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    install: Callable[..., Any],
) -> None:
    _find(monkeypatch, "/bin/tool")
    folder = tmp_path / "library"
    await install(folder, "library==1")
    first = len(installers)
    assert first > 0
    assert installers[-1][-1] == "library==1"
    await install(folder, "library==1")
    assert len(installers) == first
    (folder / "left.txt").touch()
    await install(folder, "library==2")
    assert len(installers) == 2 * first
    assert not (folder / "left.txt").exists()


@pytest.mark.posix
async def test_a_failed_installer_skips_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = tmp_path / "npm"
    failing.write_text(f"#!{sys.executable}\n{FAILING}\n")
    failing.chmod(0o700)
    _find(monkeypatch, str(failing))
    with pytest.raises(pytest.skip.Exception, match=r"library@1 could not be installed: no such host"):
        await environments.node_with(tmp_path / "library", "library@1")
    assert not (tmp_path / "library" / environments.STAMP).exists()


async def test_without_node_the_test_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _find(monkeypatch, None)
    with pytest.raises(pytest.skip.Exception, match="node or npm is missing"):
        await environments.node_with(tmp_path, "library@1")
