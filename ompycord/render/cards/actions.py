"""The buttons of a card: one record each, and which of them a card offers in which order; pure.

Counterpart: `bot/features.py`, which binds a handler to every record that is not planned and refuses to start where one
is missing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import RunKind, RunState, SuspendReason
from ompycord.render.cards.cardview import Button, Style
from ompycord.render.render_context import RenderContext
from ompycord.text.limits import ROW_BUTTONS

__all__ = [
    "ACCEPT",
    "ACTIONS",
    "ADDRESS",
    "AGAIN",
    "BAD",
    "BUILD_ON",
    "CANCEL",
    "CARD_ACTIONS",
    "CHECKS",
    "CHECK_OUT",
    "CLOSE_PR",
    "CONTINUE",
    "DETAILS",
    "DIFF",
    "EDIT",
    "FIX_SETUP",
    "FOLLOW_UP",
    "GIVE_UP",
    "GOOD",
    "GO_BACK",
    "GO_ON",
    "MARK_READY",
    "MOST_BUTTONS",
    "OFFERS",
    "PUBLISH",
    "RAISE",
    "RAISE_SHARED",
    "REPLAN",
    "RESUME",
    "RETRY",
    "RUN_CHECKS",
    "SAY",
    "STOP",
    "SWITCH",
    "TAKEOVER",
    "WAIT_FOR",
    "CardAction",
    "Situation",
    "buttons_for",
]

MOST_BUTTONS: Final = ROW_BUTTONS
"""docs/contracts/cards.md, *Colour and words*: at most five."""

_COLLECTED: Final = frozenset({RunState.VERIFYING, RunState.REPAIRING, RunState.REVIEWING, RunState.PUBLISHING})
_HAS_ROUNDS: Final = _COLLECTED | {RunState.BUILDING}
Offered = Callable[[StatusSnapshot, RenderContext], bool]


def _always(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return True


def _is_ours(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether Ompycord drives the run: an external agent can only be asked to end."""
    return snapshot.kind is RunKind.HOSTED


def _is_open(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and not snapshot.is_final


def _has_clone(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and not render_context.is_expired


def _can_be_cancelled(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether the run can be cancelled, which is possible once, whoever drives it."""
    return not (snapshot.cancel_requested or snapshot.is_final)


def _has_diff(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether a result was collected, from which on there is a diff, and its clone is still there."""
    is_collected = snapshot.is_final or snapshot.state in _COLLECTED
    return _has_clone(snapshot, render_context) and is_collected and snapshot.files_total > 0


def _has_branch(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and snapshot.is_final and snapshot.branch is not None


def _can_follow(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether there is something with which a follow-up goes on: a result, a session, or an agent's answer."""
    has_something = snapshot.branch is not None or snapshot.session is not None or snapshot.outcome is not None
    return _is_ours(snapshot, render_context) and snapshot.is_final and has_something


def _can_accept(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and snapshot.to_accept > 0


def accept_words(snapshot: StatusSnapshot) -> str:
    """`Accept 2 changed tests`; changes of another kind are called changes."""
    is_tests = bool(snapshot.evidence) and all(change.what.startswith("test_") for change in snapshot.evidence)
    noun = "changed test" if is_tests else "change of checks" if snapshot.evidence else "lost test"
    plural = "changes of checks" if noun == "change of checks" else f"{noun}s"
    return f"Accept {snapshot.to_accept} {noun if snapshot.to_accept == 1 else plural}"


def _has_open_pull_request(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether its chain has a pull request that is open, as far as the forge was looked at."""
    seen = snapshot.pull_request_now
    return _is_ours(snapshot, render_context) and snapshot.is_final and seen is not None and seen.state == "open"


def _can_be_addressed(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether something in it waits for an answer, and no later run of the chain has the button."""
    seen = snapshot.pull_request_now
    if seen is None or not _has_open_pull_request(snapshot, render_context) or snapshot.followed_by:
        return False
    return bool(seen.threads or seen.outdated or seen.refused) or seen.ci == "red"


def _waits_for_ready(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and snapshot.waits_for_ready


def _is_unpublished(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and snapshot.is_unpublished


def _may_run_again(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether doing the whole work again is what one may want: a decision on this result comes first."""
    is_decided = not (snapshot.waits_for_ready or snapshot.is_unpublished or snapshot.publishes_again)
    return _is_ours(snapshot, render_context) and is_decided


def _has_checks(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_ours(snapshot, render_context) and bool(snapshot.checks)


def _can_be_resumed(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _has_clone(snapshot, render_context) and not snapshot.is_final


def _is_over_shared_budget(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return snapshot.state is RunState.SUSPENDED and snapshot.reason is SuspendReason.ACCOUNT


def _can_go_back(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether a paused run has the result of a round; its limit is raised first where that is used up."""
    is_paused = snapshot.state is RunState.SUSPENDED and snapshot.reason is not SuspendReason.BUDGET
    has_result = snapshot.commit is not None and snapshot.resume_to in _HAS_ROUNDS
    return is_paused and has_result and _has_clone(snapshot, render_context)


def _listens(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    return _is_open(snapshot, render_context) and snapshot.state is not RunState.PUBLISHING


def _overlaps(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether other work changes the same files and a person may still say what to do."""
    return _is_ours(snapshot, render_context) and bool(snapshot.open_overlaps)


def _can_be_built_on(snapshot: StatusSnapshot, render_context: RenderContext) -> bool:
    """Whether one of those works is on a branch, and this run is not itself on another run's branch."""
    is_on_branch = any(one.other.branch is not None for one in snapshot.overlaps)
    return _is_open(snapshot, render_context) and is_on_branch and snapshot.follows is None


@dataclass(frozen=True, slots=True)
class CardAction:
    """One button of a card."""

    name: str
    """At most 8 characters, so that the signed id fits (docs/contracts/commands-and-buttons.md, *Component ids*).

    Posted buttons contain it: it never changes.
    """
    label: str
    right: str
    """The rule of `domain.access` that decides who may press it."""
    style: Style = "secondary"
    emoji: str | None = None
    offered_when: Offered = _always
    """Whether it makes sense for this run at all; `OFFERS` decides where on the card."""
    opens_form: bool = False
    """Whether its answer is a form, which must be Discord's first answer."""
    words: Callable[[StatusSnapshot], str] | None = None
    """Its label on the card of one run, where that says more."""
    is_planned: bool = False
    """Whether it is only planned: it is drawn in tests and never offered."""


STOP = CardAction("stop", "Stop", "stop", offered_when=_is_open)
SAY = CardAction("say", "Say…", "say", offered_when=_listens, opens_form=True)
DIFF = CardAction("diff", "Diff", "details", offered_when=_has_diff)
DETAILS = CardAction("details", "Details", "details")
CHECKS = CardAction("checks", "Checks", "details", offered_when=_has_checks)
CHECK_OUT = CardAction("checkout", "Check out", "details", "primary", offered_when=_has_branch)
CANCEL = CardAction("cancel", "Cancel run", "cancel", "danger", offered_when=_can_be_cancelled)
RESUME = CardAction("resume", "Resume", "resume", "primary", offered_when=_can_be_resumed)
RAISE = CardAction("raise", "Raise the limit", "raise", "primary", offered_when=_is_open, opens_form=True)
RAISE_SHARED = CardAction(
    "raiseacc", "Raise…", "admin", "primary", offered_when=_is_over_shared_budget, opens_form=True
)
"""The limit of an account that the run shares with others."""
RETRY = CardAction("retry", "Retry…", "retry", "primary", offered_when=_may_run_again, opens_form=True)
AGAIN = CardAction("again", "Run again…", "retry", offered_when=_may_run_again, opens_form=True)
"""Both open the task of the run in a form; the word says whether it failed."""
CONTINUE = CardAction("continue", "Continue", "resume", "primary", offered_when=_can_be_resumed)
REPLAN = CardAction("replan", "Change plan…", "resume", offered_when=_can_be_resumed, opens_form=True)
GIVE_UP = CardAction("giveup", "Stop", "cancel", "danger", offered_when=_can_be_resumed)
"""What a person decides about an agent that goes in circles."""
GO_BACK = CardAction("goback", "Go back…", "resume", offered_when=_can_go_back, opens_form=True)
"""The work is put back to the result of an earlier round, which is chosen in the form."""
TAKEOVER = CardAction("takeover", "Take over", "say", offered_when=_can_be_resumed)

EDIT = CardAction("edit", "Edit", "say", offered_when=_is_open, is_planned=True)
SWITCH = CardAction("switch", "Switch agent", "resume", offered_when=_is_open, is_planned=True)
RUN_CHECKS = CardAction("runcheck", "Run checks", "retry", "primary", offered_when=_has_clone, is_planned=True)
FIX_SETUP = CardAction("fixsetup", "Fix setup", "retry", offered_when=_is_ours, is_planned=True)
GOOD = CardAction("good", "Good", "details", emoji="👍", offered_when=_is_ours, is_planned=True)
BAD = CardAction("bad", "Not good", "details", emoji="👎", offered_when=_is_ours, is_planned=True)
ACCEPT = CardAction(
    "accept", "Accept changed tests", "approve", "success", offered_when=_can_accept, words=accept_words
)
"""A person has read what the run changed of tests and checks, and takes it."""
MARK_READY = CardAction("ready", "Mark ready", "publish", "success", offered_when=_waits_for_ready)
"""The draft of a verified result asks for review from then on."""
PUBLISH = CardAction("publish", "Publish again", "resume", "primary", offered_when=_is_unpublished)
"""The work is done and only its publication failed: that is tried again."""
FOLLOW_UP = CardAction("follow", "Follow up…", "new", offered_when=_can_follow, opens_form=True)
"""Another run on the branch of one that has ended, in its agent's session."""

ADDRESS = CardAction("address", "Address review", "new", "primary", offered_when=_can_be_addressed)
"""A follow-up with the open threads of its pull request, and with what is red in its CI."""
CLOSE_PR = CardAction("closepr", "Close PR", "cancel", offered_when=_has_open_pull_request)


WAIT_FOR = CardAction("waitfor", "Wait for it", "stop", "primary", offered_when=_overlaps)
"""The run stops until the other work that changes the same files is over, and goes on by itself then."""
BUILD_ON = CardAction("buildon", "Build on it", "cancel", offered_when=_can_be_built_on)
"""The task starts again on the other work's branch, and this run is cancelled."""
GO_ON = CardAction("goon", "Go on", "resume", offered_when=_overlaps)
"""The run goes on beside it."""


class Situation(StrEnum):
    """The part of a card's headline that decides what is offered."""

    QUEUED = "queued"
    WORKING = "working"
    PUBLISHING = "publishing"
    OVERLAPPING = "overlapping"
    """It works, and other work changes the same files."""
    WAITING_FOR_WORK = "waiting for other work"
    PLAN_READY = "plan ready"
    ASKING = "asking"
    PROVIDER_REFUSES = "provider refuses"
    STOPPED = "stopped"
    CIRCLING = "going in circles"
    OVER_BUDGET = "over budget"
    PROVIDER_STOPPED = "stopped by the provider"
    UNCHANGED = "unchanged"
    ANSWERED = "answered"
    VERIFIED = "verified"
    CHECKS_FAILED = "checks failed"
    UNVERIFIED = "unverified"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


_PAUSED: Final = (RESUME, SAY, TAKEOVER, GO_BACK, DETAILS, CANCEL)
_VOTES: Final = (GOOD, BAD)

OFFERS: Final[dict[Situation, tuple[CardAction, ...]]] = {
    Situation.QUEUED: (EDIT, SAY, DETAILS, CANCEL),
    Situation.WORKING: (STOP, SAY, DIFF, DETAILS, CANCEL),
    Situation.PUBLISHING: (STOP, DIFF, DETAILS, CANCEL),
    Situation.OVERLAPPING: (WAIT_FOR, BUILD_ON, GO_ON, STOP, DETAILS, CANCEL),
    Situation.WAITING_FOR_WORK: (RESUME, BUILD_ON, SAY, DETAILS, CANCEL),
    Situation.PLAN_READY: (SAY, DETAILS, CANCEL),  # the plan's own message has its buttons
    Situation.ASKING: (STOP, SAY, DETAILS, CANCEL),
    Situation.PROVIDER_REFUSES: (SWITCH, STOP, SAY, DETAILS, CANCEL),
    Situation.STOPPED: (RAISE_SHARED, *_PAUSED),
    Situation.CIRCLING: (CONTINUE, REPLAN, GIVE_UP, TAKEOVER, GO_BACK, DETAILS),
    Situation.OVER_BUDGET: (RAISE, *_PAUSED),
    Situation.PROVIDER_STOPPED: (SWITCH, *_PAUSED),
    Situation.UNCHANGED: (FOLLOW_UP, AGAIN, *_VOTES, DETAILS),  # no diff, no checks, no branch to open
    Situation.ANSWERED: (FOLLOW_UP, AGAIN, DETAILS, *_VOTES),
    Situation.VERIFIED: (CHECK_OUT, DIFF, FOLLOW_UP, MARK_READY, ADDRESS, CLOSE_PR, AGAIN, DETAILS, *_VOTES),
    Situation.CHECKS_FAILED: (CHECK_OUT, DIFF, FOLLOW_UP, CHECKS, RETRY),
    Situation.UNVERIFIED: (
        *(ACCEPT, RUN_CHECKS, CHECK_OUT, DIFF, FOLLOW_UP, ADDRESS, CLOSE_PR, FIX_SETUP, DETAILS),
        *_VOTES,
    ),
    Situation.PARTIAL: (CHECK_OUT, DIFF, FOLLOW_UP, PUBLISH, ADDRESS, CLOSE_PR, RETRY, DETAILS),
    Situation.FAILED: (CHECK_OUT, DIFF, FOLLOW_UP, CHECKS, RETRY, DETAILS),
    Situation.CANCELLED: (CHECK_OUT, DIFF, AGAIN, DETAILS),
}
"""What a card offers, in an order that keeps each button in its place from state to state."""

ACTIONS: Final = frozenset(action for offered in OFFERS.values() for action in offered)
"""Every action that some card offers."""
CARD_ACTIONS: Final = frozenset(action for action in ACTIONS if not action.is_planned)
"""The actions that the product offers, each with a handler."""


def buttons_for(
    situation: Situation,
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    actions: Collection[CardAction],
    *,
    most: int = MOST_BUTTONS,
) -> tuple[Button, ...]:
    """What the card of this run offers, out of `actions`, in order, at most so many.

    *Details* makes room for *Cancel run*: `/omp show` has the same.
    """
    offered = [
        action for action in OFFERS[situation] if action in actions and action.offered_when(snapshot, render_context)
    ]
    if len(offered) > most and {DETAILS, CANCEL} <= {*offered}:
        offered.remove(DETAILS)
    return tuple(
        Button(
            action=action.name,
            label=action.words(snapshot) if action.words else action.label,
            style=action.style,
            emoji=action.emoji,
            ref=snapshot.run,
        )
        for action in offered[:most]
    )
