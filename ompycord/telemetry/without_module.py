"""Hides packages from libraries that load them wherever they are installed, only for prettier output.

A server that runs for weeks need not keep them in memory.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["without_module"]


@contextmanager
def without_module(package: str) -> Generator[None]:
    """Inside the block, a package that was not loaded yet counts as not installed; afterwards it can be imported.

    Only around imports and constructors of which it is known that they work without it (bench footprint: rich with
    pygments, which comes with typer, is 4 MiB in structlog's and the MCP SDK's hands).
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # pyright: ignore[reportArgumentType]  # the import system's own word for "not there"
    try:
        yield
    finally:
        del sys.modules[package]
