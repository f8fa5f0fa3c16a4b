"""Parsers of checks by entry points: which one reads a check, with which options.

And the mistakes that one can make.
"""

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any, Literal

import pytest

from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions
from ompycord.checks.registry import CHECK_PARSERS, parser_for
from ompycord.domain.repository import CheckSpec, ParserSpec
from ompycord.entry_points import Registry
from ompycord.errors import ConfigurationError
from tests.support.extension.goose_tests import PARSER as TAP
from tests.support.extension.goose_tests import TapOptions

GROUP = "ompycord.check_parsers"
OURS = ("cargo", "exit", "go", "jest", "junit", "pytest", "unittest", "vitest")


def registry(**more: str) -> Registry[CheckParser[Any]]:
    """Ours and more."""
    modules = {name: f"ompycord.checks.{name}_parser:PARSER" for name in OURS}
    points = [("a", EntryPoint(name, value, GROUP)) for name, value in {**modules, **more}.items()]
    return Registry(group=GROUP, record=CheckParser, what="check parser", declared=points)


WITH_TAP = registry(tap="tests.support.extension.goose_tests:PARSER")


def spec(command: Sequence[str], parser: object = "auto") -> CheckSpec:
    return CheckSpec.model_validate({"name": "unit", "command": command, "parser": parser})


def output(*lines: str) -> CheckOutput:
    return CheckOutput(lines=lines, exit_code=0, report=lambda: None)


def test_ours_are_declared() -> None:
    assert CHECK_PARSERS.names == OURS
    assert tuple(parser.name for parser in CHECK_PARSERS.all()) == OURS


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("pytest", "-q"), "pytest"),
        (("/venv/bin/py.test",), "pytest"),
        (("python3.12", "-m", "pytest"), "pytest"),
        (("python", "-m", "unittest"), "unittest"),
        (("prove", "-r"), "tap"),
        (("make", "test"), "exit"),
        (("go", "test", "./..."), "go"),
        (("go", "vet", "./..."), "exit"),
        (("cargo", "test"), "cargo"),
        (("cargo", "+nightly", "test", "--all"), "cargo"),
        (("cargo", "build"), "exit"),
        (("npx", "jest"), "jest"),
        (("node_modules/.bin/jest", "cart"), "jest"),
        (("npx", "vitest", "run"), "vitest"),
        (("npm", "test"), "exit"),
        (("python", "-m"), "exit"),
    ],
)
def test_auto_goes_by_the_command_and_by_the_exit_code_where_no_parser_knows_it(
    command: tuple[str, ...], name: str
) -> None:
    assert parser_for(spec(command), command, WITH_TAP).name == name


def test_a_named_parser_reads_whatever_the_command_is_with_its_options() -> None:
    lines = output("ok 1", "not ok 2 # TODO", "not ok 3")
    for parser, failed in (("tap", 1), ({"kind": "tap"}, 1), (TapOptions(strict=True), 2)):
        check = spec(("make", "test"), parser)
        reader = parser_for(check, check.command, WITH_TAP).reader(check.parser)
        assert reader is not None
        counts = reader.count(lines)
        assert counts is not None
        assert (counts.passed, counts.failed) == (1, failed)


def test_a_parser_without_options_is_written_as_its_name() -> None:
    assert spec(("x",), {"kind": "exit"}).model_dump()["parser"] == "exit"
    assert spec(("x",), TapOptions(strict=True)).model_dump()["parser"] == {"kind": "tap", "strict": True}
    assert spec(("x",)).parser == ParserSpec()


def test_auto_passes_over_a_parser_that_cannot_be_imported_and_keeps_why() -> None:
    parsers = registry(aaa="no_such_module_of_taps:PARSER")
    assert parser_for(spec(("pytest",)), ("pytest",), parsers).name == "pytest"
    (why,) = parsers.broken
    assert why.startswith("The check parser aaa of a cannot be imported")
    with pytest.raises(ConfigurationError, match="check parser aaa of a cannot be imported"):
        parser_for(spec(("pytest",), "aaa"), ("pytest",), parsers)


class Auto(ParserOptions):
    """Takes a name that is none."""

    kind: Literal["auto"] = "auto"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


@pytest.mark.parametrize("options", [Auto, ParserOptions])
def test_a_parser_has_a_name_of_its_own(options: type[ParserOptions]) -> None:
    with pytest.raises(TypeError):
        CheckParser(options=options, parser=None)


def test_options_of_another_parser_are_refused() -> None:
    with pytest.raises(ValueError, match="strict"):
        CHECK_PARSERS.get("pytest").options.of(TapOptions())
    assert TAP.options.of(ParserSpec(kind="tap")) == TapOptions()
