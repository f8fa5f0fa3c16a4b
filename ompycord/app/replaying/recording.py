"""Which runs are recorded: those whose task says so, which is each of them where the settings want it."""

from ompycord.app.wiring.parts import Infrastructure
from ompycord.domain.ids import RunId
from ompycord.model_gateway.tapes.recorder import TapeRecorder
from ompycord.model_gateway.tapes.shelf import TapeShelf
from ompycord.model_gateway.tapes.tape import TapeHead

__all__ = ["Recording"]


class Recording:
    """Makes the recorders of runs."""

    def __init__(self, infrastructure: Infrastructure) -> None:
        self._infrastructure = infrastructure
        self.shelf = TapeShelf(infrastructure.data.path, infrastructure.settings.tapes)

    def of(self, run: RunId) -> TapeRecorder:
        """That of a run, which looks at its first request whether the run is recorded."""
        one = self._infrastructure
        return TapeRecorder(run=run, shelf=self.shelf, head_of=self._head, redactor=one.known.redactor, clock=one.clock)

    async def _head(self, run: RunId) -> TapeHead | None:
        one = self._infrastructure
        record = await one.store.run(run)
        task = None if record is None or record.task is None else await one.store.task(record.task)
        if task is None or not task.record:
            return None
        prepared = await one.store.prepared(run)
        return TapeHead(
            run=run,
            at=one.clock.now_ms(),
            base=None if prepared is None else prepared.base,
            folder=str(one.data.path / "workspaces" / run),
        )
