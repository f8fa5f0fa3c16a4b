"""Where the other runs of a run's chain are in Discord; used by `message_renderer.py`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ompycord.conductor import Snapshots
from ompycord.domain.folds.follow_up import waits_for
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunChains, Surfaces
from ompycord.domain.records import OutboxKind, Surface
from ompycord.domain.run import RunRecord, RunState
from ompycord.render.render_context import RunLink

__all__ = ["ChainLinks", "LinkStore", "RunLinks", "card_number"]


class LinkStore(RunChains, Surfaces, Protocol):
    """Which runs follow one another, and where their messages stand."""


class ChainLinks(NamedTuple):
    """The other runs that a run's messages name."""

    follows: RunLink | None = None
    followed_by: tuple[RunLink, ...] = ()
    """Those whose card is posted."""
    waits_for: RunLink | None = None


def card_number(surface: Surface) -> int:
    """The number of a card among its run's."""
    return int(surface.ref) if surface.ref.isdigit() else 1


class RunLinks:
    """Finds them."""

    def __init__(
        self, *, store: LinkStore, snapshots: Snapshots, url: Callable[[str | None, str, str | None], str]
    ) -> None:
        """`url` gives the address of a message by its server, channel and id."""
        self._store = store
        self._snapshots = snapshots
        self._url = url

    async def of(self, record: RunRecord, snapshot: StatusSnapshot) -> ChainLinks:
        """What a run's messages name. Raises StorageError."""
        first = await self._waits_for(record) if snapshot.state is RunState.QUEUED else None
        runs = [run for run in (snapshot.follows, first, *snapshot.followed_by) if run is not None]
        if not runs:
            return ChainLinks()
        links = await self._links_to(record.guild, list(dict.fromkeys(map(RunId, runs))))
        after = (links.get(run) for run in snapshot.followed_by)
        return ChainLinks(
            follows=links.get(snapshot.follows),
            followed_by=tuple(link for link in after if link is not None and link.url is not None),
            waits_for=links.get(first),
        )

    async def _waits_for(self, record: RunRecord) -> str | None:
        """The run of its chain that must end before a queued follow-up starts."""
        if record.chain is None:
            return None
        first = waits_for(record, await self._store.chain(RunId(record.first)))
        return None if first is None else first.id

    async def _links_to(self, guild: str | None, runs: Sequence[RunId]) -> dict[str | None, RunLink]:
        """Titles and first cards: such a card says where its run continues or ended, and keeps its address."""
        found: dict[str | None, RunLink] = {}
        for run, folded in (await self._snapshots.folded_of(runs)).items():
            cards = [one for one in await self._store.surfaces(run) if one.kind is OutboxKind.CARD and one.message]
            card = min(cards, key=card_number, default=None)
            url = self._url(guild, card.channel, card.message) if card is not None else None
            found[run] = RunLink(title=folded.snapshot.title, url=url)
        return found
