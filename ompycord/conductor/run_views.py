"""Runs as other programs see them: their rows, and what their snapshots say where a declared fact needs them."""

from collections.abc import Sequence

from ompycord.conductor.snapshots import Snapshots
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord
from ompycord.render.run_view import GIVEN_OUT, RunView, facts_at

__all__ = ["run_views"]


async def run_views(records: Sequence[RunRecord], snapshots: Snapshots) -> list[RunView]:
    """The views of these runs, in their order. Raises StorageError.

    Snapshots are read only where something of them is shown: a list of a hundred runs would fold as many.
    """
    wanted = [RunId(record.id) for record in records] if facts_at(*GIVEN_OUT) else []
    folded = await snapshots.folded_of(wanted) if wanted else {}
    found = ((record, folded.get(RunId(record.id))) for record in records)
    return [RunView.of(record, one.snapshot if one else None) for record, one in found]
