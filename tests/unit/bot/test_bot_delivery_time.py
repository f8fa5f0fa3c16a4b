"""A row whose fact the projector has not read yet waits: shown now, it would say nothing and be done."""

import pytest

from ompycord.bot.delivery.deliver import Deliverer
from ompycord.bot.run_view import RunView
from ompycord.domain.records import OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunKind, RunRecord, RunState, SuspendReason
from ompycord.render.render_context import RenderContext
from tests.support.states import hosted

S = RunState


@pytest.mark.parametrize(
    ("stored", "known", "is_notified"),
    [
        (S.SUSPENDED, S.BUILDING, False),
        (S.SUSPENDED, S.SUSPENDED, True),
        (S.BUILDING, S.SUSPENDED, True),
        (S.BUILDING, S.BUILDING, True),
        (S.COMPLETE, S.BUILDING, True),
    ],
)
def test_that_a_run_is_paused_is_told_once_the_pause_is_known(stored: S, known: S, is_notified: bool) -> None:
    reason = SuspendReason.BUDGET if known is S.SUSPENDED else None
    snapshot = hosted(known, reason=reason)
    record = RunRecord(
        id=snapshot.run,
        kind=RunKind.HOSTED,
        task=None,
        guild="1",
        channel="2",
        state=stored,
        created_at=1,
        updated_at=1,
    )
    row = OutboxRow(run=snapshot.run, kind=OutboxKind.NOTICE, ref=str(Ref(RefKind.SUSPENDED, "1")), created_at=1)
    view = RunView(record=record, snapshot=snapshot, position=1, surfaces=(), render_context=RenderContext())
    assert Deliverer._is_notified(row, view) is is_notified  # pyright: ignore[reportPrivateUsage]
