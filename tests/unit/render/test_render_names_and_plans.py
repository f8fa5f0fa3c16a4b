"""What a card calls a run that nobody titled, how it counts a plan that did not go well, and which time it shows."""

import pytest

from ompycord.domain.events import Phase
from ompycord.domain.run import RunState
from ompycord.render.board import BoardRow, board_message
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import short_title
from ompycord.render.cards.view import view
from ompycord.render.sanitizer import Sanitizer
from ompycord.render.summary import summary_message
from tests.support.payloads import as_seen, plain_sign
from tests.support.states import MINUTE, NOON, done, external, hosted, render_context

INERT = Sanitizer(str)


@pytest.mark.parametrize(
    ("title", "prompt", "run_name", "shown"),
    [
        ("", "", "nightly-42", "nightly-42"),
        ("", "", None, "Untitled run"),
        ("", "Upgrade all.", "nightly-42", "Upgrade all."),
        ("Upgrade", "Upgrade all.", "nightly-42", "Upgrade"),
        (" \u200b", "", "nightly-42", "nightly-42"),
    ],
)
def test_a_run_without_a_title_has_the_name_that_its_sender_gave(
    title: str, prompt: str, run_name: str | None, shown: str
) -> None:
    snapshot, near = external(RunState.BUILDING, title=title, prompt=prompt), render_context(run_name=run_name)
    assert short_title(snapshot, near, INERT) == shown
    mirror = summary_message(snapshot, near, url="https://discord.com/channels/1/77", sign=plain_sign, redact=str)
    board = board_message([BoardRow(snapshot=snapshot, render_context=near)], sign=plain_sign, redact=str)
    assert shown in as_seen(mirror)
    assert shown in as_seen(board)


@pytest.mark.parametrize(
    ("statuses", "note"),
    [
        (("done", "failed", "skipped", "skipped"), "1 of 4 steps done"),
        (("done", "failed", "active", "pending"), "step 3 of 4"),
        (("skipped",), "0 of 1 step done"),
        (("done", "done"), "2 of 2 steps done"),
    ],
)
def test_what_failed_or_was_skipped_is_not_counted_as_done(statuses: tuple[str, ...], note: str) -> None:
    plan = [Phase.model_validate({"title": f"Step {number}", "status": one}) for number, one in enumerate(statuses)]
    assert headline_of(hosted(RunState.BUILDING, plan=tuple(plan)), render_context(), INERT).note == note


def test_a_run_that_has_ended_shows_its_end_whatever_comes_after_it() -> None:
    """Else each event of the cleaning up would edit a result that people were called for."""
    ended = done(ended_at=NOON + MINUTE, last_event_at=NOON + 2 * MINUTE)
    for near in (render_context(), render_context(result_url="https://discord.com/channels/1/77/1")):
        assert view(ended, near, redact=str).at == NOON + MINUTE
    at_work = hosted(RunState.BUILDING, last_event_at=NOON + 2 * MINUTE)
    assert view(at_work, render_context(), redact=str).at == NOON + 2 * MINUTE
