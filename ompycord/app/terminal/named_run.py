"""What commands that decide something about a run share: the run that is meant, who decides, and what became of it."""

from typing import Any

from ompycord.conductor import Snapshots
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import short_id
from ompycord.domain.ports import RunFilter, RunRecords
from ompycord.domain.records import Committed
from ompycord.errors import RefusedInWords

__all__ = ["decided", "load_named", "person_at_terminal"]


async def load_named(store: RunRecords, snapshots: Snapshots, ending: str, *, listed_by: str) -> LoadedRun:
    """The run whose id ends so. Raises RefusedInWords, which names the command by which runs are listed."""
    found = await store.runs(RunFilter(ending=ending, limit=2))
    if not found:
        raise RefusedInWords(f"There is no run {ending.lower()}. `{listed_by}` lists them.")
    if len(found) > 1:
        raise RefusedInWords(f"Several runs end in {ending.lower()}: give more characters.")
    return await snapshots.load(found[0])


def person_at_terminal(name: str) -> Person:
    """Whoever reaches the control socket has the rights of the bot's own user."""
    return Person(id="", name=f"{name} (terminal)", role=Role.ADMIN)


def decided(loaded: LoadedRun, committed: Committed) -> dict[str, Any]:
    """What became of a decision, as JSON."""
    first = committed.earlier
    return {
        "run": short_id(loaded.run),
        "decided": committed.fresh,
        "earlier": None if first is None else {"by": first.by_name, "action": first.action},
    }
