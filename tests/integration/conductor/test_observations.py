"""What an agent shows of its work is projected and wakes nothing else."""

import asyncio

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from tests.integration.conductor.conftest import AppHarness
from tests.support.database_faults import logged_reads
from tests.support.patience import within

EFFECTS = ("effects", "runs")
"""The tables of a look of the driver."""


async def test_an_observation_wakes_the_projector_and_not_the_driver(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    async with harness.running():
        await harness.began()
        await harness.projector.settled()
        async with logged_reads(harness.store) as log, within(60):
            for number in range(50):
                await harness.areas.recorder.observe(run, ev.Note(text=f"{number}"))
            await harness.projector.settled()
            seen = len(log.of(EFFECTS))
            assert seen < 10, "no more than what it does by itself every few seconds"
            harness.infrastructure.wake()
            while len(log.of(EFFECTS)) == seen:  # noqa: ASYNC110  # a thread of the store says it
                await asyncio.sleep(0)
        harness.agent.release()
