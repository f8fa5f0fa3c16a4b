"""The table of what came of every library and step, printed after the tests; its rows come from all workers.

Its counterparts are test_clients.py, which records the rows, and tests/conftest.py, which registers it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pytest

TABLE: Final = "clients_table"
"""The property under which a test records its row."""


@dataclass(frozen=True)
class Outcome:
    """What came of one step: what failed, or nothing; the requests the bot made, and those that were refused (4xx)."""

    step: str
    problem: str
    requests: int
    refused: int


@dataclass(frozen=True)
class Row:
    """One library's way through the table."""

    library: str
    outcomes: tuple[Outcome, ...]

    def to_property(self) -> list[object]:
        """What a worker can send."""
        return [self.library, *([item.step, item.problem, item.requests, item.refused] for item in self.outcomes)]

    @classmethod
    def from_property(cls, sent: list[list[str | int]]) -> "Row":
        library, *outcomes = sent
        found = (Outcome(str(a), str(b), int(c), int(d)) for a, b, c, d in outcomes)
        return cls(str(library), tuple(found))


def lines(rows: Iterable[Row]) -> list[str]:
    """The table: for each step the requests it took where it passed, then the sums; beneath it what failed."""
    table: list[list[str]] = []
    failures: list[str] = []
    for row in sorted(rows, key=lambda row: row.library.lower()):
        if not table:
            table.append(["library", *(item.step for item in row.outcomes), "requests", "4xx"])
        cells = ["FAILED" if item.problem else f"ok {item.requests}" for item in row.outcomes]
        sums = (sum(item.requests for item in row.outcomes), sum(item.refused for item in row.outcomes))
        table.append([row.library, *cells, *map(str, sums)])
        failures += [f"{row.library}, {item.step}: {item.problem}" for item in row.outcomes if item.problem]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return [*drawn, *failures]


class ClientsTable:
    """Gathers the rows of all workers."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self._rows += [Row.from_property(value) for name, value in report.user_properties if name == TABLE]  # pyright: ignore[reportArgumentType]  # as table.py recorded it

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._rows:
            terminalreporter.section("libraries: requests by step")
            for line in lines(self._rows):
                terminalreporter.line(line)
