"""What real runners reported, recorded from their own programs: Go 1.19, Rust 1.94, jest 30, vitest 4."""

from pathlib import Path

import pytest

from ompycord.checks.cargo_parser import CargoOptions, CargoParser
from ompycord.checks.counts import Counts
from ompycord.checks.go_parser import GoOptions, GoParser
from ompycord.checks.jest_parser import JestOptions, JestParser
from ompycord.checks.junit_parser import JunitOptions, JunitParser
from ompycord.checks.parser import CheckOutput
from ompycord.checks.vitest_parser import VitestOptions, VitestParser

DATA = Path(__file__).parents[2] / "data/check_reports"
REPORT = Path("/somewhere/tmp/report-unit")


def lines(name: str, *, code: int = 1, is_cut: bool = False) -> CheckOutput:
    text = (DATA / name).read_text().splitlines()
    return CheckOutput(lines=text, exit_code=code, report=lambda: None, is_cut=is_cut)


def report(raw: bytes | None) -> CheckOutput:
    return CheckOutput(lines=(), exit_code=1, report=lambda: raw)


def told(counts: Counts | None) -> tuple[int, int, int]:
    assert counts is not None
    return counts.passed, counts.failed, counts.skipped


def test_go_names_each_test_its_parts_and_a_package_that_was_not_built() -> None:
    counts = GoParser(GoOptions()).count(lines("go.jsonl"))
    assert told(counts) == (1, 3, 1)
    assert counts is not None
    assert counts.tests == {
        "example.org/cart.TestAdds": "passed",
        "example.org/cart.TestIsWrong": "failed",
        "example.org/cart.TestIsWrong/sub": "failed",
        "example.org/cart.TestLater": "skipped",
        "example.org/cart/broken": "failed",
    }
    assert "got 3, want 4" in dict(counts.errors)["example.org/cart.TestIsWrong/sub"]


def test_go_is_ordered_to_print_json_once() -> None:
    parser = GoParser(GoOptions())
    assert parser.arrange(("go", "test", "./..."), REPORT)[0] == ("go", "test", "-json", "./...")
    assert parser.arrange(("go", "test", "-json"), REPORT)[0] == ("go", "test", "-json")
    assert parser.arrange(("make", "test"), REPORT)[0] == ("make", "test")


def test_cargo_names_each_test_and_what_it_printed() -> None:
    counts = CargoParser(CargoOptions()).count(lines("cargo.txt", code=101))
    assert told(counts) == (2, 1, 1)
    assert counts is not None
    assert counts.tests == {
        "tests::adds": "passed",
        "tests::is_wrong": "failed",
        "tests::later": "skipped",
        "src/lib.rs - total (line 3)": "passed",
    }
    error = dict(counts.errors)["tests::is_wrong"]
    assert "left: 3" in error
    assert "Doc-tests" not in error


def test_what_cargo_cannot_build_is_red_and_not_unknown() -> None:
    counts = CargoParser(CargoOptions()).count(lines("cargo_broken.txt", code=101))
    assert told(counts) == (0, 1, 0)
    assert counts is not None
    assert "no method named `smu`" in counts.errors[0][1]
    assert CargoParser(CargoOptions()).count(CheckOutput(lines=("x",), exit_code=101, report=lambda: None)) is None


@pytest.mark.parametrize("name", ["jest", "vitest"])
def test_reports_in_json_name_each_test_by_its_file_wherever_the_checkout_lies(name: str) -> None:
    parser = JestParser(JestOptions()) if name == "jest" else VitestParser(VitestOptions())
    counts = parser.count(report((DATA / f"{name}.json").read_bytes()))
    folder = "j" if name == "jest" else "v"
    assert told(counts) == (1, 2, 2)
    assert counts is not None
    assert counts.tests == {
        f"{folder}/broken.test.js": "failed",
        f"{folder}/total.test.js total adds": "passed",
        f"{folder}/total.test.js total is wrong": "failed",
        f"{folder}/total.test.js total later": "skipped",
        f"{folder}/total.test.js total someday": "skipped",
    }
    errors = dict(counts.errors)
    assert "missing" in errors[f"{folder}/broken.test.js"]
    assert "4" in errors[f"{folder}/total.test.js total is wrong"]


def test_jest_and_vitest_are_ordered_to_write_their_report_also_behind_npm() -> None:
    jest, vitest = JestParser(JestOptions()), VitestParser(VitestOptions())
    order = ("--json", f"--outputFile={REPORT}")
    assert jest.arrange(("npx", "jest"), REPORT)[0] == ("npx", "jest", *order)
    assert jest.arrange(("npm", "test"), REPORT)[0] == ("npm", "test", "--", *order)
    assert jest.arrange(("npm", "test", "--", "cart"), REPORT)[0] == ("npm", "test", "--", "cart", *order)
    command, env = vitest.arrange(("npx", "vitest"), REPORT)
    assert command[-1] == f"--outputFile.json={REPORT}"
    assert env == {"CI": "1"}


JUNIT = (
    b'<testsuites><testsuite><testcase classname="A" name="x"/><testcase classname="A" name="y">'
    b'<failure message="no">at A.y</failure></testcase></testsuite></testsuites>'
)


def test_any_program_writes_a_junit_report_where_it_is_told() -> None:
    parser = JunitParser(JunitOptions())
    command, env = parser.arrange(("ctest", "--output-junit", "{report}"), REPORT)
    assert command == ("ctest", "--output-junit", str(REPORT))
    assert env == {}
    counts = parser.count(report(JUNIT))
    assert told(counts) == (1, 1, 0)
    assert counts is not None
    assert counts.tests == {"A::x": "passed", "A::y": "failed"}
    assert counts.errors == [("A::y", "no\nat A.y")]


@pytest.mark.parametrize("raw", [None, b"", b"[]", b"{}", b'{"testResults": 7}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_report_is_no_result(raw: bytes | None) -> None:
    assert JestParser(JestOptions()).count(report(raw)) is None
    assert JunitParser(JunitOptions()).count(report(raw)) is None


@pytest.mark.parametrize("raw", [b'{"testResults": [7, {"assertionResults": [3, {"status": "new"}]}]}'])
def test_an_end_that_is_not_known_is_no_pass(raw: bytes) -> None:
    counts = JestParser(JestOptions()).count(report(raw))
    assert told(counts) == (0, 1, 0)


@pytest.mark.parametrize(
    ("parser", "name"), [(GoParser(GoOptions()), "go.jsonl"), (CargoParser(CargoOptions()), "cargo.txt")]
)
def test_of_an_output_that_was_cut_the_names_say_nothing_of_what_is_missing(
    parser: GoParser | CargoParser, name: str
) -> None:
    counts = parser.count(lines(name, is_cut=True))
    assert counts is not None
    assert counts.tests == {}
    assert counts.failed
