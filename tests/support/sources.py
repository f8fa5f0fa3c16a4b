"""The product's and the tests' own source, parsed once: seconds of CPU, so who asks for it marks the group `source`.

All tests of that group run on one worker (`worker_groups.py`).
"""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["PRODUCT", "TESTS", "product", "suite"]

TESTS: Final = Path(__file__).parents[1]
PRODUCT: Final = TESTS.parent / "ompycord"


@cache
def product() -> Mapping[str, ast.Module]:
    """Every module of the product by its path below `ompycord`, in order of these."""
    return _parsed(PRODUCT)


@cache
def suite() -> Mapping[str, ast.Module]:
    """Every file of the tests by its path below `tests`, in order of these."""
    return _parsed(TESTS)


def _parsed(folder: Path) -> Mapping[str, ast.Module]:
    files = sorted(file for file in folder.rglob("*.py") if "__pycache__" not in file.parts)
    return {file.relative_to(folder).as_posix(): ast.parse(file.read_text("utf-8")) for file in files}
