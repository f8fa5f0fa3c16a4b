"""Environments of libraries that are no dependencies of ours: one each, since they exclude one another, and kept."""

import asyncio
import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.patience import within

INSTALL_S = 180.0
STAMP = "installed.txt"


async def python_with(folder: Path, *requirements: str) -> str:
    """The Python of a virtual environment in `folder` that has these from PyPI. Skips where they cannot be had."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is missing")
    python = str(folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    wanted = "\n".join((sys.version, *requirements))
    if _is_installed(folder, wanted):
        return python
    _empty(folder)
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "--quiet")
    await _install(folder, (sys.executable, "-m", "venv", "--without-pip", "env"))
    await _install(folder, (*pip, "install", "--no-input", "--prefer-binary", *requirements))
    (folder / STAMP).write_text(wanted, "utf-8")
    return python


async def node_with(folder: Path, *requirements: str) -> str:
    """The Node.js whose packages are in `folder`. Skips where they cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node or npm is missing")
    wanted = "\n".join((node, *requirements))
    if not _is_installed(folder, wanted):
        _empty(folder)
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--prefix", ".")
        await _install(folder, (npm, "install", *options, *requirements))
        (folder / STAMP).write_text(wanted, "utf-8")
    return node


def _is_installed(folder: Path, wanted: str) -> bool:
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text("utf-8") == wanted


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


async def _install(folder: Path, arguments: tuple[str, ...]) -> None:
    """Run an installer. The test is skipped where it fails, as it does without a network, or takes too long."""
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with within(INSTALL_S):
            output, _ = await process.communicate()
    except TimeoutError:
        pytest.skip(f"{Path(arguments[0]).name} took longer than {INSTALL_S:g} s to install {arguments[-1]}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines()
        reason = lines[-1][:200] if lines else f"exit code {process.returncode}"
        pytest.skip(f"{arguments[-1]} could not be installed: {reason}")
