"""A queued run's card says who paused everything, instead of promising a start."""

from ompycord.domain.run import RunState
from ompycord.render.cards.textform import text_form
from tests.support.states import hosted, render_context


def test_a_queued_run_says_who_paused_it() -> None:
    queued = hosted(RunState.QUEUED)
    paused = text_form(queued, render_context(paused_by="Ada"), redact=str)
    assert "Ada paused Ompycord; it starts once an admin unpauses." in paused
    assert "Starts when a slot is free." not in paused
    assert "paused" not in text_form(queued, render_context(), redact=str)
