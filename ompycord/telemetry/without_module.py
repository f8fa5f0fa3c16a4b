"""Libraries load what makes them prettier wherever it happens to be installed.

A server that runs for weeks need not keep it.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["without_module"]


@contextmanager
def without_module(package: str) -> Generator[None]:
    """Inside the block a package that nobody loaded yet is as if it were not installed; afterwards it can be imported.

    Only around imports and constructors that say themselves that they do without (bench footprint: rich with pygments,
    which comes with typer, is 4 MiB in structlog's and the MCP SDK's hands).
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # pyright: ignore[reportArgumentType]  # the import system's own word for "not there"
    try:
        yield
    finally:
        del sys.modules[package]
