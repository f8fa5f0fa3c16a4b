"""A parser of checks: its options, what it does to the command and how it counts; every parser's module ends with one.

Counterpart: `registry.py`, which finds them by the entry points of `ompycord.check_parsers`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, Self, TypeVar, get_args, get_origin

from ompycord.checks.counts import Counts
from ompycord.checks.probes.probe import RunnerProbe
from ompycord.domain.repository import ParserSpec

__all__ = ["AUTO", "AutoOptions", "CheckOutput", "CheckParser", "OutputParser", "ParserOptions"]

AUTO = "auto"


class ParserOptions(ParserSpec):
    """The options of one parser: it gives `kind` its one value and adds fields of its own."""

    @classmethod
    def of(cls, spec: ParserSpec) -> Self:
        """The options of `spec`; a parser that is only named has its defaults.

        Raises ValueError for those of another parser.
        """
        return spec if isinstance(spec, cls) else cls.model_validate(spec.model_dump())


class AutoOptions(ParserOptions):
    """The parser that knows the command; where none does, the exit code alone counts."""

    kind: Literal["auto"] = "auto"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOutput:
    """The output of a check's program."""

    lines: Sequence[str]
    """The last lines that it wrote, shortened."""
    is_cut: bool = False
    """Whether it wrote more lines than these."""
    exit_code: int | None
    """None where it did not end by itself."""
    report: Callable[[], bytes | None]
    """Reads the report file that `arrange` was given; None where there is none, it is too large or something else."""


class OutputParser(Protocol):
    """Reads how a test run went. Made with its options, for one run of one check."""

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """The command and the variables with which it writes what `count` reads; `report` may be written."""
        ...

    def count(self, output: CheckOutput) -> Counts | None:
        """The counts; None where they cannot be read. The output is hostile. May block."""
        ...


O_contra = TypeVar("O_contra", bound=ParserOptions, contravariant=True)


class MakeParser(Protocol[O_contra]):
    """A parser's class."""

    def __call__(self, options: O_contra) -> OutputParser: ...


OptionsT = TypeVar("OptionsT", bound=ParserOptions)


def _claims_nothing(command: Sequence[str]) -> bool:
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckParser(Generic[OptionsT]):
    """One way to read a check's result. Raises TypeError where its options are not what a parser needs."""

    options: type[OptionsT]
    parser: MakeParser[OptionsT] | None
    """None where the exit code alone decides."""
    claims: Callable[[Sequence[str]], bool] = _claims_nothing
    """Whether `auto` reads the result of this command with it.

    The first parser by name that claims a command has it.
    """
    probe: Callable[[], RunnerProbe] | None = None
    """Makes what its runner is started with where we look into its process; None where it has no such way."""
    never_green: Mapping[int, str] = field(default_factory=dict[int, str])
    """Exit codes that mean nothing about the code, each with the reason that is shown."""

    def __post_init__(self) -> None:
        own, kind = self.options.__name__, self.options.model_fields["kind"]
        if get_origin(kind.annotation) is not Literal or get_args(kind.annotation) != (kind.default,):
            raise TypeError(f"{own}.kind must be a Literal of one name, which is its default")
        if kind.default == AUTO:
            raise TypeError(f"{own}.kind: {AUTO} chooses among parsers and is none")

    @property
    def name(self) -> str:
        """Its name in configuration."""
        return str(self.options.model_fields["kind"].default)

    def reader(self, spec: ParserSpec) -> OutputParser | None:
        """The parser with its options, or with its defaults where `spec` is `auto`.

        None where the exit code decides.
        """
        if self.parser is None:
            return None
        options: Any = self.options() if spec.kind == AUTO else self.options.of(spec)
        return self.parser(options)
