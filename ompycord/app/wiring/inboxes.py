"""Inboxes of agents, as the risk of each request and the roles of now allow."""

from functools import partial

from ompycord.app.wiring.parts import Infrastructure, Workers
from ompycord.conductor import EventRecorder, Inboxes
from ompycord.conductor.risk.assessment import Clone, RiskAssessment
from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Workspaces
from ompycord.workspaces.reading.clone_texts import read_text_in

__all__ = ["inboxes_of"]


def inboxes_of(
    infrastructure: Infrastructure, workers: Workers, recorder: EventRecorder, standing: StandingPermissions
) -> Inboxes:
    """What agents get of people, as the risk of each request and the roles of now allow."""
    catalog, store = infrastructure.settings.catalog, infrastructure.store
    risk = RiskAssessment(
        catalog=catalog,
        store=store,
        clone_of=partial(_clone_of, workers.workspaces),
        is_confined=workers.launcher.level != "none",
        standing=standing,
    )
    return Inboxes(
        history=store,
        bus=infrastructure.bus,
        record=recorder.record,
        slots=infrastructure.slots,
        assess=risk.assess,
        still=infrastructure.still,
    )


async def _clone_of(workspaces: Workspaces, run: RunId) -> Clone | None:
    """The clone of a run, as what its agent asks is judged by it."""
    prepared = await workspaces.workspace(run)
    return None if prepared is None else Clone(str(prepared.path.resolve()), read_text_in(prepared.path))
