"""The line that says how far the suite is."""

import pytest

from tests.support.progress import Progress


class Watch:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_before_the_tests_are_known_it_says_so(watch: Watch) -> None:
    progress = Progress(now_s=watch)
    watch.now_s += 30
    assert progress.line() == "progress: 0 of ? tests after 30 s"


def test_it_counts_and_names_what_runs_longest(watch: Watch) -> None:
    progress = Progress(now_s=watch)
    progress.total = 4096
    progress.started("tests/a.py::test_quick")
    progress.started("tests/a.py::test_slow")
    progress.finished("tests/a.py::test_quick")
    watch.now_s += 12
    progress.started("tests/a.py::test_next")
    progress.failed = 1
    watch.now_s += 18.4
    assert progress.line() == (
        "progress: 1 of 4096 tests after 30 s, 1 failed; longest now: tests/a.py::test_slow for 30 s"
    )
