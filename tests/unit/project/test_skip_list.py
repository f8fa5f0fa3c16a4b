"""The list of tests that may skip: what is read, what counts as a difference."""

from pathlib import Path

import pytest

from tests.support.skip_list import Skip, differences, read_expected

WINDOWS = Skip("what Windows answers", "tests/a.py::test_windows")
DATA = Skip("shared", "tests/b.py::test_vectors[None]")


def test_a_line_is_a_class_and_an_id_and_shared_lines_hold_where_the_data_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text(f"# why\n\n{WINDOWS.kind} | {WINDOWS.test}\n{DATA.kind} | {DATA.test}\n")
    assert read_expected(file, has_shared=False) == {WINDOWS, DATA}
    assert read_expected(file, has_shared=True) == {WINDOWS}


def test_a_line_without_a_class_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("tests/a.py::test_windows\n")
    with pytest.raises(ValueError, match=r"list\.txt"):
        read_expected(file, has_shared=True)


def test_the_class_is_what_stands_before_the_colon() -> None:
    assert Skip.of(DATA.test, "Skipped: shared: the data is missing") == DATA


def test_what_skips_unasked_is_named() -> None:
    assert differences({WINDOWS}, {WINDOWS, DATA}, set(), is_whole=False) == [
        f"skipped, but not on the list: shared | {DATA.test}"
    ]


def test_what_runs_although_it_is_on_the_list_is_named() -> None:
    assert differences({WINDOWS}, set(), {WINDOWS.test}, is_whole=False) == [
        f"on the list, but it ran: {WINDOWS.kind} | {WINDOWS.test}"
    ]


def test_another_reason_is_a_difference() -> None:
    assert len(differences({WINDOWS}, {WINDOWS._replace(kind="flaky")}, set(), is_whole=True)) == 2


def test_only_the_whole_suite_must_reach_every_line() -> None:
    assert differences({WINDOWS}, set(), set(), is_whole=False) == []
    assert len(differences({WINDOWS}, set(), set(), is_whole=True)) == 1
