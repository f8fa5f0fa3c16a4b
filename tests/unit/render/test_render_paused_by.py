"""A queued run's card says who paused everything, or that the disk is low, instead of promising a start."""

from ompycord.domain.run import RunState
from ompycord.render.cards.textform import text_form
from tests.support.states import hosted, render_context


def test_a_queued_run_says_who_paused_it() -> None:
    queued = hosted(RunState.QUEUED)
    paused = text_form(queued, render_context(paused_by="Ada"), redact=str)
    assert "Ada paused Ompycord; it starts once an admin unpauses." in paused
    assert "Starts when a slot is free." not in paused
    assert "paused" not in text_form(queued, render_context(), redact=str)


def test_a_queued_run_says_that_it_waits_for_room_on_the_disk() -> None:
    words = "The disk is low (4% free, 4.0 GiB); it starts once there is room."
    low = text_form(hosted(RunState.QUEUED), render_context(shortage=words), redact=str)
    assert words in low
    assert "Starts when a slot is free." not in low
