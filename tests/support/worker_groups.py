"""Keeps the tests of files that mark one `xdist_group` on one worker, and begins with the longest; used by
tests/conftest.py.

pytest-xdist 3.8 appends the group's name to `Item._nodeid`, which pytest 9.2 does not read any more: its own grouping
does nothing, silently, and every worker starts what such a file shares. A test of half a minute that begins last leaves
all workers but its own without work for as long, so those of the files in tests/longest.txt begin first.
"""

import re
from collections import OrderedDict
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

from xdist.scheduler import LoadGroupScheduling

MARK: Final = "pytest.mark." + "xdist_group("
_NAMED: Final = re.compile(re.escape(MARK) + r"""["']([^"']+)["']""")


LONGEST: Final = Path(__file__).parents[1] / "longest.txt"


class FileGroupScheduling(LoadGroupScheduling):
    """Like `--dist loadgroup`, with the group taken from the file's text: the controller sees ids only."""

    def schedule(self) -> None:
        has_begun = self.collection is not None
        super().schedule()
        if not has_begun:
            put_first(self.workqueue, read_longest(LONGEST))

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or super()._split_scope(nodeid)


def read_longest(file: Path) -> frozenset[str]:
    """The files whose tests begin first, as the parts of ids before `::`."""
    lines = (line.split("#", 1)[0].strip() for line in file.read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


def put_first(work: OrderedDict[str, dict[str, bool]], files: Collection[str]) -> None:
    """Let the tests of these files begin before all others; `work` has sets of tests by their ids."""
    for scope in [one for one, tests in work.items() if any(test.split("::", 1)[0] in files for test in tests)]:
        work.move_to_end(scope, last=False)


def group_of(nodeid: str) -> str | None:
    """The name of the group that the test's file marks; None where the test may run anywhere."""
    return _group_of_file(Path(nodeid.split("::", 1)[0]))


@cache
def _group_of_file(file: Path) -> str | None:
    found = _NAMED.search(file.read_text("utf-8")) if file.is_file() else None
    return found[1] if found is not None else None
