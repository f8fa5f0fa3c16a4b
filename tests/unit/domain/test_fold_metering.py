"""What a run used: what Ompycord metered counts, and what agents claim is kept beside it."""

from typing import Any

from ompycord.domain.events import EventBody, ModelsOpened, RunEvent, UsageUpdated
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import ModelAccess, StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId, Source

RUN = RunId("01JD3V9K2M8Q4W5X6YAB7F3K2M")
AGENT = Source("omp")


def folded(*told: tuple[Source, EventBody]) -> StatusSnapshot:
    events = [RunEvent(run=RUN, source=source, seq=n, at=n, body=body) for n, (source, body) in enumerate(told, 1)]
    return fold(RUN, events).snapshot()


def metered(usd: float | None, exactness: Any = "exact", **more: Any) -> tuple[Source, EventBody]:
    return OMPYCORD, UsageUpdated(input=10, output=1, cost_usd=usd, exactness=exactness, **more)


def claimed(usd: float | None) -> tuple[Source, EventBody]:
    return AGENT, UsageUpdated(input=99, output=9, cost_usd=usd)


def opened(by: Any) -> tuple[Source, EventBody]:
    return OMPYCORD, ModelsOpened(by=by, network="gateway")


def test_what_was_metered_counts_and_the_claim_is_kept_beside_it() -> None:
    snapshot = folded(opened("gateway"), metered(0.5), metered(0.25, "estimated"), claimed(0.9))
    usage = snapshot.usage
    assert (usage.input, usage.output, usage.cost_usd, usage.claimed_usd) == (20, 2, 0.75, 0.9)
    assert (usage.requests, usage.estimated, usage.cost_complete, usage.tokens_complete) == (2, 1, True, True)
    assert snapshot.models == ModelAccess(by="gateway", network="gateway")


def test_an_agent_that_asked_us_for_nothing_cost_nothing_whatever_it_claims() -> None:
    usage = folded(opened("gateway"), claimed(0.9)).usage
    assert (usage.cost_usd, usage.input, usage.claimed_usd) == (0.0, 0, 0.9)


def test_without_our_meter_the_claim_counts() -> None:
    usage = folded(opened("key"), claimed(0.9)).usage
    assert (usage.cost_usd, usage.input, usage.claimed_usd, usage.requests) == (0.9, 99, None, 0)


def test_a_run_that_was_metered_in_one_start_and_not_in_another_cost_at_least_what_was_metered() -> None:
    usage = folded(opened("gateway"), metered(0.5), opened("key"), claimed(0.9)).usage
    assert (usage.cost_usd, usage.cost_complete, usage.tokens_complete) == (0.5, False, False)


def test_without_any_price_the_cost_is_unknown() -> None:
    usage = folded(opened("gateway"), metered(None)).usage
    assert (usage.cost_usd, usage.cost_complete, usage.input) == (None, False, 10)


def test_what_an_earlier_version_metered_still_counts() -> None:
    usage = folded(metered(0.5, None, at_least=True), claimed(0.9)).usage
    assert (usage.cost_usd, usage.tokens_complete, usage.claimed_usd) == (0.5, False, 0.9)


def test_billionths_of_a_dollar_are_summed_without_loss() -> None:
    usage = folded(opened("gateway"), *(metered(0.000_000_4) for _ in range(1000))).usage
    assert usage.cost_usd == 0.0004
