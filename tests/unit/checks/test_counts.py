"""What pytest and unittest counted, from what they wrote; hostile reports count nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.checks.counts import unittest_counts
from ompycord.checks.junit import junit_counts

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="5">
<testcase classname="tests.test_a" name="test_ok" time="0.1"/>
<testcase classname="tests.test_a" name="test_ok2"><system-out>x</system-out></testcase>
<testcase classname="tests.test_a" name="test_bad"><failure message="no">E</failure></testcase>
<testcase classname="" name="tests/test_b.py"><error message="collection failure">E</error></testcase>
<testcase classname="tests.test_a" name="test_later"><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_junit_report_is_counted_by_its_cases() -> None:
    counts = junit_counts(REPORT)
    assert counts is not None
    assert (counts.passed, counts.failed, counts.skipped) == (2, 2, 1)
    assert counts.failing == ["tests.test_a::test_bad", "tests/test_b.py"]


def test_a_case_that_fails_and_then_errs_counts_once() -> None:
    counts = junit_counts(b"<testsuite><testcase name='t'><failure/><error/></testcase></testsuite>")
    assert counts is not None
    assert (counts.passed, counts.failed) == (0, 1)


def test_only_twenty_names_are_kept_and_each_is_bounded() -> None:
    case = b"<testcase name='%s'><failure/></testcase>" % (b"n" * 2000)
    counts = junit_counts(b"<testsuite>" + case * 30 + b"</testsuite>")
    assert counts is not None
    assert counts.failed == 30
    assert [len(name) for name in counts.failing] == [500] * 20


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not xml",
        REPORT[:-30],
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>',
        b"<testsuite>&nbsp;</testsuite>",
        b"<testsuite><testcase name='\xff'/></testsuite>",
    ],
)
def test_what_is_no_plain_report_counts_nothing(raw: bytes) -> None:
    assert junit_counts(raw) is None


@pytest.mark.parametrize(
    ("closing", "expected"),
    [
        (["Ran 4 tests in 0.001s", "", "OK"], (4, 0, 0)),
        (["Ran 1 test in 0.001s", "", "OK"], (1, 0, 0)),
        (["Ran 7 tests in 0.001s", "", "OK (skipped=2, expected failures=1)"], (5, 0, 2)),
        (["Ran 9 tests in 1.2s", "", "FAILED (failures=1, errors=1, skipped=2)"], (5, 2, 2)),
        (["Ran 2 tests in 1.2s", "", "FAILED (unexpected successes=1)"], (1, 1, 0)),
        (["Ran 0 tests in 0.000s", "", "OK"], (0, 0, 0)),
        (["Ran 0 tests in 0.000s", "", "NO TESTS RAN"], (0, 0, 0)),
        (["Ran 3 tests in 1s", "", "FAILED"], (2, 1, 0)),
    ],
)
def test_unittests_closing_lines_are_counted(closing: list[str], expected: tuple[int, int, int]) -> None:
    counts = unittest_counts(["...", "-" * 70, *closing, "left over by atexit"])
    assert counts is not None
    assert (counts.passed, counts.failed, counts.skipped) == expected


def test_the_last_closing_lines_count_and_name_what_failed() -> None:
    lines = [
        "Ran 5 tests in 0.1s",
        "",
        "OK",
        "FAIL: test_x (tests.test_total.TotalTest.test_x)",
        "ERROR: test_y (tests.test_total.TotalTest.test_y)",
        "Ran 3 tests in 0.1s",
        "",
        "FAILED (failures=1, errors=1)",
    ]
    counts = unittest_counts(lines)
    assert counts is not None
    assert (counts.passed, counts.failed) == (1, 2)
    assert [name.split()[0] for name in counts.failing] == ["test_x", "test_y"]


@pytest.mark.parametrize("lines", [[], ["OK"], ["Ran 4 tests in 1s"], ["Ran many tests in 1s", "OK"]])
def test_without_closing_lines_nothing_is_counted(lines: list[str]) -> None:
    assert unittest_counts(lines) is None


@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), max_size=40)
        | st.sampled_from(["Ran 2 tests in 1s", "OK", "FAILED (a=²)"])
    )
)
def test_any_output_can_be_read(lines: list[str]) -> None:
    counts = unittest_counts(lines)
    assert counts is None or min(counts.passed, counts.failed, counts.skipped) >= 0


@given(st.binary(max_size=200))
def test_any_report_can_be_read(raw: bytes) -> None:
    junit_counts(b"<testsuite>" + raw + b"</testsuite>")
