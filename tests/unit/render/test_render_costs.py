"""Costs as text and CSV: sums of what is known, words for what is not, nothing that a spreadsheet would run."""

import csv
import io

from ompycord.domain.folds.snapshot import StatusSnapshot, Usage
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunKind, RunState
from ompycord.domain.task import Origin
from ompycord.render.costs import costs_csv, costs_text
from ompycord.render.phrases import cost, tokens, tokens_used

AT = 1_795_000_000_000


def run(number: int, title: str, usage: Usage) -> StatusSnapshot:
    return StatusSnapshot(
        run=RunId(f"01JD00000000000000000000{number:02}"), kind=RunKind.HOSTED, state=RunState.COMPLETE, title=title,
        repository="shop", agent="omp", usage=usage, origin=Origin(requester_name="Mo"), created_at=AT + number,
        last_event_at=AT,
    )  # fmt: skip


def text_of(*snapshots: StatusSnapshot) -> str:
    return costs_text(snapshots, title="Your runs, the last 30 days", redact=lambda text: text)


def test_what_is_known_is_summed_and_what_is_not_is_said() -> None:
    shown = text_of(
        run(1, "Cheap", Usage(input=900, output=10, cost_usd=0.25)),
        run(2, "Dear", Usage(input=60_100, output=4_000, cost_usd=1.5)),
        run(3, "Silent", Usage(input=5, output=1)),
        run(4, "In part", Usage(cost_usd=0.5, cost_complete=False)),
    )
    assert shown.splitlines() == [
        "**Your runs, the last 30 days**",
        "$2.25 · 4 runs · 61k tokens in, 4k out",
        "1 run reported no cost and is not included.",
        "Of 1 run only a part is known; the real cost is higher.",
        "- $1.50 · `000002` Dear · shop · omp · 2026-11-18",
        "- at least $0.50 · `000004` In part · shop · omp · 2026-11-18",
        "- $0.25 · `000001` Cheap · shop · omp · 2026-11-18",
    ]


def test_the_ten_dearest_are_listed_and_the_others_counted() -> None:
    shown = text_of(*(run(number, f"Run {number}", Usage(cost_usd=number / 10)) for number in range(1, 14)))
    lines = shown.splitlines()
    assert [line.split("`")[1] for line in lines if line.startswith("- ")][:2] == ["000013", "000012"]
    assert sum(line.startswith("- ") for line in lines) == 10
    assert lines[-1] == "… and 3 cheaper runs. `csv: True` lists them all."


def test_runs_are_listed_as_far_as_they_fit_into_a_message_and_the_others_counted() -> None:
    runs = [run(number, "T" * 60, Usage(cost_usd=number / 10)) for number in range(1, 14)]
    between = ["```", "x" * 1200, "```"]
    text = costs_text(runs, title="Your runs", redact=str, between=between)
    lines = text.splitlines()
    listed = [line for line in lines if line.startswith("- ")]
    assert lines[2:5] == between
    assert lines[-1] == f"… and {13 - len(listed)} cheaper runs. `csv: True` lists them all."
    assert len(text) <= 2000 < len(text) + len(listed[0])
    assert costs_text(runs, title="x", redact=str, between=["x" * 3000]).count("- $") == 0


def test_no_run_is_said_and_nothing_pings() -> None:
    assert text_of() == "**Your runs, the last 30 days**\nNo runs in this period."
    assert "<@1>" not in text_of(run(1, "Ask <@1> and @everyone", Usage(cost_usd=1.0)))


def test_the_file_is_csv_with_the_newest_first_and_no_formula() -> None:
    found = [
        run(1, '=HYPERLINK("http://x","y")', Usage(input=3, output=2, cache_read=1, cost_usd=0.1234567)),
        run(2, "a, b", Usage(cost_complete=False)),
    ]
    rows = list(csv.DictReader(io.StringIO(costs_csv(found, redact=lambda text: text.replace("b", "[redacted]")))))
    assert [row["run"][-2:] for row in rows] == ["02", "01"]
    assert rows[0]["title"] == "a, [redacted]"
    assert (rows[0]["cost_usd"], rows[0]["cost_complete"]) == ("", "False")
    assert rows[1]["title"].startswith("'=")
    assert (rows[1]["cost_usd"], rows[1]["input_tokens"], rows[1]["cache_read_tokens"]) == ("0.123457", "3", "1")
    assert rows[1]["began"].endswith("Z")


def test_tokens_that_were_never_told_are_unknown_and_told_zeros_are_zeros() -> None:
    assert tokens_used(Usage(cost_usd=0.5)) == "tokens unknown"
    assert tokens_used(Usage(cost_complete=False)) == "tokens unknown"
    assert tokens_used(Usage(cost_usd=0.0)) == "0 in, 0 out"
    assert tokens_used(Usage(cache_read=5, cost_usd=0.5)) == "0 in, 0 out"
    assert text_of(run(1, "Dear", Usage(cost_usd=1.5))).splitlines()[1] == "$1.50 · 1 run · tokens unknown"


def test_numbers_beyond_all_measure_are_called_at_least_so_much() -> None:
    assert cost(Usage(cost_usd=999_999.0)) == "$999,999.00"
    assert cost(Usage(cost_usd=1e6)) == cost(Usage(cost_usd=9e6, cost_complete=False)) == "$1,000,000.00 or more"
    assert tokens(999_999_999_999) == "999999.9M"
    assert tokens(2**53) == "over 1,000,000M"
