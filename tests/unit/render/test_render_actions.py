"""The records of a card's buttons: names, rights, and which of them a person can ever see."""

from collections import Counter

from ompycord.domain.access import ACTIONS as RULES
from ompycord.domain.access import Role
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import FailureClass, RunKind, RunOutcome, RunState, SuspendReason
from ompycord.render.cards.actions import ACCEPT, ACTIONS, CARD_ACTIONS, OFFERS, Situation
from ompycord.render.cards.view import view
from ompycord.render.render_context import RenderContext
from tests.support.states import BRANCH, FILES, SCENES, hosted


def offered(snapshot: StatusSnapshot, render_context: RenderContext | None = None) -> list[str]:
    """The product's own card."""
    card = view(snapshot, render_context or RenderContext(), redact=str)
    return [button.label for button in card.buttons if button.action]


def test_a_posted_button_keeps_its_name() -> None:
    names = {"stop", "resume", "cancel", "retry", "again", "say", "details", "diff", "checks", "raise", "takeover"}
    names |= {"checkout", "follow", "continue", "replan", "giveup", "accept", "address", "closepr", "ready", "publish"}
    names |= {"goback", "raiseacc"}
    names |= {"waitfor", "buildon", "goon"}
    assert {action.name for action in CARD_ACTIONS} == names


def test_a_name_has_one_record_that_is_offered() -> None:
    assert set(Counter(action.name for action in CARD_ACTIONS).values()) == {1}


def test_every_action_has_a_right_that_is_a_rule() -> None:
    assert {action.right for action in ACTIONS} <= RULES.keys()


def test_who_may_press_what() -> None:
    """The role that somebody needs who did not ask for the run."""
    least = {action.name: RULES[action.right].least for action in CARD_ACTIONS}
    assert least == {
        **dict.fromkeys(("details", "diff", "checks", "checkout"), Role.VIEWER),
        **dict.fromkeys(("say", "retry", "again", "takeover", "follow", "address"), Role.RUNNER),
        **dict.fromkeys(("stop", "resume", "cancel", "raise", "continue", "replan", "giveup", "accept"), Role.APPROVER),
        "raiseacc": Role.ADMIN,
        **dict.fromkeys(("closepr", "ready", "publish", "goback", "waitfor", "buildon", "goon"), Role.APPROVER),
    }


def test_every_situation_offers_something() -> None:
    assert OFFERS.keys() == set(Situation)
    assert all(OFFERS.values())


def test_a_planned_action_is_on_no_card_of_the_product() -> None:
    labels = {label for scene in SCENES.values() for label in offered(*scene)}
    assert labels == {action.label for action in CARD_ACTIONS - {ACCEPT}} | {"Accept 2 changed tests"}


def test_what_needs_the_clone_is_gone_with_it_from_a_card_of_the_product() -> None:
    scene = SCENES["failed checks"]
    assert offered(scene.snapshot) == ["Check out", "Diff", "Follow up…", "Checks", "Retry…"]
    without = offered(scene.snapshot, RenderContext(is_expired=True))
    assert without == ["Check out", "Follow up…", "Checks", "Retry…", "Details"]


def test_nothing_is_offered_that_cannot_work() -> None:
    """A run that failed before it began has no branch, no diff, no check and no clone to take over."""
    nothing = hosted(RunState.FAILED, failure=FailureClass.ENV)
    assert offered(nothing) == ["Retry…", "Details"]
    assert "Diff" not in offered(hosted(RunState.BUILDING, files=FILES, files_total=2))  # it is collected at the end
    assert "Check out" not in offered(hosted(RunState.PUBLISHING, branch=BRANCH))


def test_a_follow_up_is_offered_where_there_is_something_to_go_on_with() -> None:
    """A result, a session, or the answer of an agent that changed nothing."""
    for known in ({"branch": BRANCH}, {"session": "s-1"}):
        assert "Follow up…" in offered(hosted(RunState.FAILED, failure=FailureClass.REPAIRABLE, **known))
        assert "Follow up…" not in offered(hosted(RunState.BUILDING, **known))
    assert "Follow up…" in offered(hosted(RunState.COMPLETE, outcome=RunOutcome.NO_CHANGES))
    assert "Follow up…" not in offered(hosted(RunState.COMPLETE, branch=BRANCH, kind=RunKind.EXTERNAL))


def test_a_button_keeps_its_place_from_state_to_state() -> None:
    orders = [[action.name for action in offers if not action.is_planned] for offers in OFFERS.values()]
    before = {(first, second) for order in orders for n, first in enumerate(order) for second in order[n + 1 :]}
    assert not {(second, first) for first, second in before} & before


def test_an_agent_that_runs_elsewhere_can_be_asked_to_end_once_and_nothing_else() -> None:
    elsewhere = hosted(RunState.BUILDING, kind=RunKind.EXTERNAL)
    assert offered(elsewhere) == ["Details", "Cancel run"]
    assert offered(elsewhere.model_copy(update={"cancel_requested": True})) == ["Details"]


def test_a_paused_run_with_a_result_can_be_put_back_and_details_make_room() -> None:
    paused = {"reason": SuspendReason.HUMAN, "resume_to": RunState.REPAIRING}
    assert offered(hosted(RunState.SUSPENDED, **paused)) == ["Resume", "Say…", "Take over", "Details", "Cancel run"]
    with_result = hosted(RunState.SUSPENDED, **paused, commit="c" * 40)
    assert offered(with_result) == ["Resume", "Say…", "Take over", "Go back…", "Cancel run"]
    assert "Go back…" not in offered(with_result, RenderContext(is_expired=True))
    used_up = with_result.model_copy(update={"reason": SuspendReason.BUDGET})
    assert offered(used_up) == ["Raise the limit", "Resume", "Say…", "Take over", "Cancel run"]


def test_nothing_can_be_said_to_a_run_that_is_being_published() -> None:
    assert offered(hosted(RunState.BUILDING)) == ["Stop", "Say…", "Details", "Cancel run"]
    assert offered(hosted(RunState.PUBLISHING)) == ["Stop", "Details", "Cancel run"]
