"""Keeps the tests of a file that marks an `xdist_group` on one worker; used by tests/conftest.py.

pytest-xdist 3.8 appends the group's name to `Item._nodeid`, which pytest 9.2 does not read any more: its own grouping
does nothing, silently, and every worker starts what such a file shares.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadGroupScheduling

MARK = "pytest.mark." + "xdist_group("


class FileGroupScheduling(LoadGroupScheduling):
    """Like `--dist loadgroup`, with the group taken from the file's text: the controller sees ids only."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or super()._split_scope(nodeid)


def group_of(nodeid: str) -> str | None:
    """The test's file, by its path from the root, where that marks a group; None where the test may run anywhere."""
    file = nodeid.split("::", 1)[0]
    return file if _marks_a_group(Path(file)) else None


@cache
def _marks_a_group(file: Path) -> bool:
    return file.is_file() and MARK in file.read_text("utf-8")
