"""Nothing is read: the exit code of a check decides."""

from typing import Final, Literal

from ompycord.checks.parser import CheckParser, ParserOptions

__all__ = ["PARSER", "ExitOptions"]


class ExitOptions(ParserOptions):
    """The exit code alone."""

    kind: Literal["exit"] = "exit"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


PARSER: Final = CheckParser(options=ExitOptions, parser=None)
