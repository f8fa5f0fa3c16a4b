"""Cards and costs say who counted: the provider exactly, we by estimate, or the agent by its own word."""

import csv
import io
from typing import Any

import pytest

from ompycord.domain.folds.snapshot import ModelAccess, StatusSnapshot, Usage
from ompycord.domain.run import RunState
from ompycord.render.cards.cardview import Part
from ompycord.render.cards.view import view
from ompycord.render.costs import costs_csv, costs_text
from ompycord.render.phrases import cost, tokens_used
from ompycord.render.render_context import RenderContext
from tests.support.states import done, hosted

EXACT = Usage(input=61_000, output=4_000, cost_usd=0.42, requests=14)
ESTIMATED = EXACT.model_copy(update={"estimated": 2})
CLAIMED = Usage(input=61_000, output=4_000, cost_usd=0.42)


def lines_of(snapshot: StatusSnapshot, part: Part) -> list[str]:
    card = view(snapshot, RenderContext(confinement="full"), redact=lambda text: text)
    return [line for field in card.fields if field.part is part for line in field.lines]


def access(by: Any, network: Any = "open") -> ModelAccess:
    return ModelAccess(by=by, network=network)


@pytest.mark.parametrize(
    ("usage", "models", "words"),
    [
        (EXACT, access("gateway"), "metered, exact"),
        (ESTIMATED, access("gateway"), "metered, 2 of 14 requests estimated"),
        (Usage(input=1, requests=1, estimated=1), access("gateway"), "metered, 1 of 1 request estimated"),
        (CLAIMED, access("key"), "the agent holds your key; not metered"),
        (Usage(), access("key"), "the agent holds your key; not metered"),
        (CLAIMED, access("login"), "the agent has files of yours; not metered"),
        (CLAIMED, access("agent"), "not metered"),
    ],
)
def test_a_card_says_who_counted(usage: Usage, models: ModelAccess, words: str) -> None:
    assert lines_of(done(usage=usage, models=models), Part.BILLING)[-1] == words


@pytest.mark.parametrize("models", [None, access("gateway"), access("agent")])
def test_a_card_of_a_run_that_used_nothing_says_nothing_of_it(models: ModelAccess | None) -> None:
    assert lines_of(done(usage=Usage(), models=models), Part.BILLING) == []


def test_a_cost_that_an_agent_claims_is_called_that() -> None:
    def facts(usage: Usage, models: ModelAccess | None) -> str:
        return view(done(usage=usage, models=models), RenderContext(), redact=lambda text: text).facts

    assert "$0.42 (not metered)" in facts(CLAIMED, access("key"))
    assert "not metered" not in facts(EXACT, access("gateway"))
    assert "not metered" not in facts(CLAIMED, None)
    assert "about $0.42" in facts(ESTIMATED, access("gateway"))


def test_what_is_reckoned_is_about_so_much_and_what_is_missing_at_least_so_much() -> None:
    assert (cost(EXACT), cost(ESTIMATED)) == ("$0.42", "about $0.42")
    assert (tokens_used(EXACT), tokens_used(ESTIMATED)) == ("61k in, 4k out", "about 61k in, 4k out")
    mixed = ESTIMATED.model_copy(update={"cost_complete": False, "tokens_complete": False})
    assert (cost(mixed), tokens_used(mixed)) == ("at least $0.42", "at least 61k in, 4k out")
    assert cost(Usage(cost_usd=0.001, requests=1, estimated=1)) == "under $0.01"


@pytest.mark.parametrize(
    ("claimed", "state", "note"),
    [
        (0.43, RunState.COMPLETE, "The agent reports $0.43; $0.42 was metered, which counts."),
        (0.424, RunState.COMPLETE, None),
        (0.4243, RunState.COMPLETE, "The agent reports $0.424300; $0.420000 was metered, which counts."),
        (0.30, RunState.SUSPENDED, "The agent reports $0.30; $0.42 was metered, which counts."),
        (0.30, RunState.BUILDING, None),
        (0.0, RunState.COMPLETE, None),
        (None, RunState.COMPLETE, None),
    ],
)
def test_a_claim_that_differs_by_more_than_a_hundredth_is_a_note(
    claimed: float | None, state: RunState, note: str | None
) -> None:
    usage = EXACT.model_copy(update={"claimed_usd": claimed})
    snapshot = done(usage=usage, models=access("gateway")).model_copy(update={"state": state})
    assert lines_of(snapshot, Part.NOTES) == ([note] if note else [])


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("gateway", "network: Ompycord only"),
        ("port", "network: one port"),
        ("open", "network: open"),
        ("none", "network: none"),
    ],
)
def test_a_card_names_what_the_agent_reaches(network: Any, words: str) -> None:
    for is_open in (True, False):  # what it reached counts, not what the settings say now
        context = RenderContext(confinement="full", is_network_open=is_open)
        card = view(hosted(RunState.BUILDING, models=access("gateway", network)), context, redact=lambda text: text)
        assert card.footer.endswith(f"sandbox: full · {words}")


def test_the_sum_names_what_is_estimated_and_what_was_not_metered() -> None:
    runs = [
        done(usage=ESTIMATED, models=access("gateway")), done(usage=EXACT, models=access("gateway")),
        done(usage=CLAIMED, models=access("key")), done(usage=CLAIMED, models=None),
        done(usage=Usage(cost_usd=0.0), models=access("gateway")),
    ]  # fmt: skip
    lines = costs_text(runs, title="All", redact=lambda text: text).splitlines()
    assert lines[1] == "$1.68 · 5 runs · about 244k tokens in, 16k out"
    assert lines[2:4] == [
        "1 run not metered: as the agent reports.",
        "2 of 28 metered requests estimated, the rest exact.",
    ]
    rows = list(csv.DictReader(io.StringIO(costs_csv(runs, redact=lambda text: text))))
    assert [row["counted"] for row in rows] == ["estimated", "exact", "not metered", "reported", "exact"]
    assert [(row["requests"], row["estimated_requests"]) for row in rows][:3] == [("14", "2"), ("14", "0"), ("0", "0")]
