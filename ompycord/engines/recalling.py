"""What a step's agent is given of earlier work, recorded before its first start; counterpart of `memory/recall.py`."""

from collections.abc import Collection

from ompycord.domain.ids import RunId
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.errors import StorageError, WorkspaceError
from ompycord.telemetry import get_logger

__all__ = ["recalled_text"]

log = get_logger(__name__)


async def recalled_text(run: RunId, task: Task, context: StepContext) -> tuple[str, ...]:
    """Paragraphs; the same ones for each start of a run, none where nothing fits. A memory that fails costs no run."""
    if context.memory is None:
        return ()

    async def paths() -> Collection[str] | None:
        try:
            return (await context.results.trees(run)).base
        except WorkspaceError:  # a step that works without a clone of its own
            return None

    snapshot = await context.snapshot(run)
    before = snapshot.recalled if snapshot is not None else None
    text = "\n".join(part for part in (task.prompt, task.done_when) if part)
    try:
        recall = await context.memory.recall(run, text, before=before, paths=paths)
    except StorageError as error:
        log.warning("memory.not_asked", run=run, cause=str(error))
        return ()
    if recall.facts is not None:
        await context.record(run, recall.facts)
    return recall.text
