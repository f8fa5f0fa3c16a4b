"""What the gateway must not do to its loop, measured by the work of its process and not by the machine's clock."""

import pytest

from bench.gateway import PICTURE_STREAMS, overshoot, picture
from tests.support.figures import print_figures

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long]
LAG_MS = 20
SEEN_PER_S = 500
"""Events a second, more than any model sends: at four times that a busy machine reads many of them in one piece."""


async def test_18_a_picture_of_20_mb_holds_up_fifty_streams_for_20_ms_at_most() -> None:
    found = await picture()
    print_figures("18", **found)
    assert found["chunks"] == PICTURE_STREAMS * 60
    assert found["own_ms"] <= LAG_MS


async def test_6_one_answer_that_crosses_its_limit_costs_one_percent_more_at_most() -> None:
    percent = await overshoot(per_s=SEEN_PER_S)
    print_figures("6", overshoot_percent=round(percent, 3))
    assert 0 <= percent <= 1
