"""The parsers of checks, ours and those of other distributions, by the name that configuration gives.

Read by settings and `local.py`. A distribution adds one by an entry point of the group `ompycord.check_parsers` that
names a `CheckParser`.
"""

from collections.abc import Sequence
from typing import Any, Final

from ompycord.checks.parser import AUTO, CheckParser
from ompycord.domain.repository import CheckSpec
from ompycord.entry_points import Registry

__all__ = ["CHECK_PARSERS", "parser_for"]

CHECK_PARSERS: Final[Registry[CheckParser[Any]]] = Registry(
    group="ompycord.check_parsers", record=CheckParser, what="check parser"
)
_EXIT: Final = "exit"


def parser_for(
    spec: CheckSpec, command: Sequence[str], parsers: Registry[CheckParser[Any]] = CHECK_PARSERS
) -> CheckParser[Any]:
    """The parser that a check names; `auto` goes by the command, or by the exit code alone where no parser claims it.

    Raises KeyError for a name that is not declared and ConfigurationError for a parser that cannot be imported;
    settings that were loaded raise neither. One that nothing names and that cannot be imported claims no command.
    """
    if spec.parser.kind != AUTO:
        return parsers.get(spec.parser.kind)
    return next((parser for parser in parsers.usable() if parser.claims(command)), parsers.get(_EXIT))
