"""Keeps the tests of files that mark one `xdist_group` on one worker; used by tests/conftest.py.

pytest-xdist 3.8 appends the group's name to `Item._nodeid`, which pytest 9.2 does not read any more: its own grouping
does nothing, silently, and every worker starts what such a file shares.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from xdist.scheduler import LoadGroupScheduling

MARK: Final = "pytest.mark." + "xdist_group("
_NAMED: Final = re.compile(re.escape(MARK) + r"""["']([^"']+)["']""")


class FileGroupScheduling(LoadGroupScheduling):
    """Like `--dist loadgroup`, with the group taken from the file's text: the controller sees ids only."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or super()._split_scope(nodeid)


def group_of(nodeid: str) -> str | None:
    """The name of the group that the test's file marks; None where the test may run anywhere."""
    return _group_of_file(Path(nodeid.split("::", 1)[0]))


@cache
def _group_of_file(file: Path) -> str | None:
    found = _NAMED.search(file.read_text("utf-8")) if file.is_file() else None
    return found[1] if found is not None else None
