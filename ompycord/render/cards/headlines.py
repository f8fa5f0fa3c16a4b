"""A card's headline: glyph, word, colour, one true sentence, and what it offers; one function per group of states.

The reasons why a run ends unchecked or fails are put into words in `verdicts.py`.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, assert_never

from ompycord.domain.folds.snapshot import ProviderWait, StatusSnapshot, Verification
from ompycord.domain.run import RunKind, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Mode
from ompycord.render.cards.actions import Situation
from ompycord.render.cards.asking import request_sentence, waits_for
from ompycord.render.cards.cardview import Colour
from ompycord.render.cards.loops import loop_sentence
from ompycord.render.cards.names import agent_name, run_link
from ompycord.render.cards.preparation import not_started, service_failed, setting_up, setup_failed
from ompycord.render.cards.reports import answered_sentence
from ompycord.render.cards.verdicts import (
    failure_sentence,
    partial_sentence,
    unchanged_sentence,
    unchecked_sentence,
)
from ompycord.render.phrases import and_list, count, money, place, sentence, stamp
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Sanitizer

__all__ = ["WORDS", "Headline", "headline_of", "status_of"]

_LINE: Final = 200
_TITLE: Final = 60
_PLAIN: Final = Sanitizer(str, terminal=True)


class Headline(NamedTuple):
    """The headline of a card."""

    glyph: str
    word: str
    colour: int
    sentence: str
    situation: Situation
    """The situation by which the card's buttons are chosen (`actions.py`)."""
    note: str = ""
    """What follows the word in the title and changes more often: `step 2 of 4`."""
    pulse: str = ""
    """When work started and its last activity; both tick by themselves."""


def headline_of(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    """The headline of any snapshot.

    What a person must do comes before what the provider does, and that before the state. A paused run needs to be
    resumed first: no agent waits there for what it asked.
    """
    is_paused = snapshot.state is RunState.SUSPENDED and snapshot.reason is not SuspendReason.WAITING
    if render_context.waits_for_slot and not snapshot.needs_person and not snapshot.is_final and not is_paused:
        return _answered(snapshot, render_context, sanitizer)
    if snapshot.needs_person and not is_paused:
        return _asking(snapshot, render_context, sanitizer)
    if snapshot.provider_wait is not None and not snapshot.is_final and snapshot.state is not RunState.SUSPENDED:
        return _waiting_for_provider(snapshot, render_context, sanitizer)
    return _HEADLINES[snapshot.state](snapshot, render_context, sanitizer)


def status_of(snapshot: StatusSnapshot) -> str:
    """What a run is, in the words of its card: `Waiting for Ada`. Not escaped: whoever shows it sanitizes it."""
    return headline_of(snapshot, RenderContext(), _PLAIN).word


# -- before and during the work ---------------------------------------------------------------------------------------


def _queued(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    if render_context.waits_for is not None:
        other = run_link(render_context.waits_for, sanitizer)
        text = f"Waits for {other}, which works on the same branch; starts with its result once that has ended."
        return Headline("⏳", "Queued", Colour.GREY, text, Situation.QUEUED)
    note = place(render_context.queue_place) if render_context.queue_place else ""
    when = f"Starts {stamp(render_context.starts_at)}." if render_context.starts_at else "Starts when a slot is free."
    if render_context.shortage is not None:
        when = render_context.shortage
    if render_context.paused_by is not None:
        when = f"{sanitizer.line(render_context.paused_by, _TITLE)} paused Ompycord; it starts once an admin unpauses."
    text = f"{when}{_taken(render_context, sanitizer)}"
    if render_context.no_room is not None:
        text = f"{sanitizer.line(render_context.no_room, _LINE)} It starts by itself then."
    return Headline("⏳", "Queued", Colour.GREY, text, Situation.QUEUED, note)


def _taken(render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """Who holds the slots, as a sentence behind another; empty where that is not known."""
    holders = [f"*{sanitizer.line(one.title, _TITLE)}* ({one.word})" for one in render_context.slot_holders]
    if not holders:
        return ""
    if render_context.are_slots_shared:
        return f" At work in this server: {and_list(holders)}."
    slots = {1: "The slot is", 2: "Both slots are"}.get(len(holders), f"All {len(holders)} slots are")
    return f" {slots} taken: {and_list(holders)}."


def _answered(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    agent = agent_name(snapshot, sanitizer)
    text = f"Answered; waiting for a slot. {agent} takes the next free one, before any queued run."
    return Headline("⏳", "Answered", Colour.GREY, text, Situation.WORKING)


def _working(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    made = setting_up(snapshot, sanitizer)
    if made is not None:
        pulse = _pulse(snapshot, render_context)
        return Headline("🔵", made.word, Colour.BLURPLE, made.sentence, Situation.WORKING, made.note, pulse)
    doing = sanitizer.line(snapshot.message, _LINE) if snapshot.message else _WORK[snapshot.state](snapshot, sanitizer)
    text = sentence(doing)
    if snapshot.message and snapshot.state is RunState.REPAIRING:
        text = f"{text} {_repairs(snapshot, sanitizer)}"
    if snapshot.cancel_requested:
        text = f"Cancel requested; the agent will see it with its next report. {text}"
    note = _NOTES.get(snapshot.state, _no_note)(snapshot)
    situation = Situation.PUBLISHING if snapshot.state is RunState.PUBLISHING else Situation.WORKING
    if snapshot.open_overlaps:
        situation = Situation.OVERLAPPING
    pulse = _pulse(snapshot, render_context)
    return Headline("🔵", WORDS[snapshot.state], Colour.BLURPLE, text, situation, note, pulse)


def _reviewing(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    """Its sentence is not that of the checks, which stands in the message until the review ends."""
    is_again = snapshot.previous is RunState.REVIEWING
    headline = _working(snapshot, render_context, sanitizer)
    return headline if is_again else headline._replace(sentence=_WORK[RunState.REVIEWING](snapshot, sanitizer))


def _pulse(snapshot: StatusSnapshot, render_context: RenderContext) -> str:
    if render_context.silent_since is not None:
        return f"No activity since {stamp(render_context.silent_since)}"
    began = snapshot.started_at or snapshot.created_at
    return f"Started {stamp(began)} · last activity {stamp(snapshot.last_event_at)}"


def _progress(snapshot: StatusSnapshot) -> str:
    """`step 2 of 4`: of phases that were skipped or failed none is counted as done."""
    active = [index for index, phase in enumerate(snapshot.plan, 1) if phase.status == "active"]
    if active:
        return f"step {active[0]} of {len(snapshot.plan)}"
    done = sum(phase.status == "done" for phase in snapshot.plan)
    return f"{done} of {count(len(snapshot.plan), 'step')} done" if snapshot.plan else ""


def _round(snapshot: StatusSnapshot) -> str:
    """`round 2 of 3`; empty in the first one."""
    return f"round {snapshot.round} of {snapshot.max_rounds}" if snapshot.round > 1 else ""


def _no_note(snapshot: StatusSnapshot) -> str:
    return ""


_NOTES: Final[dict[RunState, Callable[[StatusSnapshot], str]]] = {
    RunState.BUILDING: _progress,
    RunState.VERIFYING: _round,
    RunState.REPAIRING: _round,
    RunState.REVIEWING: _round,
}


def _preparing(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    repository = sanitizer.line(snapshot.repository, 60) if snapshot.repository else "the repository"
    return f"Making a fresh copy of {repository}; nothing has changed yet."


def _building(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    agent = agent_name(snapshot, sanitizer)
    if snapshot.loop is not None:
        return loop_sentence(snapshot.loop, agent, sanitizer)
    if snapshot.mode is Mode.ASK:
        return f"{agent} is reading the code, which it cannot change."
    for phase in snapshot.plan:
        for step in phase.steps:
            if phase.status == "active" and step.status == "active":
                return f"{agent} is working on: {sanitizer.line(step.title, 120)}"
    return (
        f"{agent} is running elsewhere and reports here."
        if snapshot.kind is RunKind.EXTERNAL
        else f"{agent} is working."
    )


def _verifying(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    shown = [check for check in snapshot.checks if check.ours or snapshot.kind is RunKind.EXTERNAL]
    running = [sanitizer.line(check.name, 40) for check in shown if check.status == "running"]
    over = len(shown) - len(running)
    who = "The agent runs its own checks" if snapshot.kind is RunKind.EXTERNAL else "Running the project's checks"
    names = f": {and_list(running)}" if running else ""
    return f"{who}{names}{f', {over} of {len(shown)} finished' if over and running else ''}."


def _publishing(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    branch = f"branch {sanitizer.line(snapshot.branch, 100)}" if snapshot.branch else "a branch of its own"
    return f"Putting the result on {branch}. Main stays unchanged."


def _repairs(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    return f"{agent_name(snapshot, sanitizer)} is repairing it."


WORDS: Final[dict[RunState, str]] = {
    RunState.PRECHECK: "Preparing",
    RunState.PLANNING: "Planning",
    RunState.AWAITING_APPROVAL: "Planning",
    RunState.BUILDING: "Working",
    RunState.VERIFYING: "Checking",
    RunState.REPAIRING: "Repairing",
    RunState.REVIEWING: "Reviewing",
    RunState.PUBLISHING: "Publishing",
}

_WORK: Final[dict[RunState, Callable[[StatusSnapshot, Sanitizer], str]]] = {
    RunState.PRECHECK: _preparing,
    RunState.PLANNING: lambda snapshot, sanitizer: (
        f"{agent_name(snapshot, sanitizer)} is reading the code and writing a plan."
    ),
    RunState.AWAITING_APPROVAL: lambda snapshot, sanitizer: "The plan is waiting for a decision.",
    RunState.BUILDING: _building,
    RunState.VERIFYING: _verifying,
    RunState.REPAIRING: lambda snapshot, sanitizer: f"Checks failed; {_repairs(snapshot, sanitizer)}",
    RunState.REVIEWING: lambda snapshot, sanitizer: "Another agent reads the result; no check is red.",
    RunState.PUBLISHING: _publishing,
}


# -- waiting ----------------------------------------------------------------------------------------------------------


def _asking(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    word = f"Waiting for {waits_for(snapshot, render_context, sanitizer)}"
    situation = Situation.PLAN_READY if snapshot.state is RunState.AWAITING_APPROVAL else Situation.ASKING
    if snapshot.state is RunState.SUSPENDED:
        situation = Situation.STOPPED
    return Headline("🟡", word, Colour.YELLOW, request_sentence(snapshot, sanitizer), situation)


def _waiting_for_provider(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    wait = snapshot.provider_wait or ProviderWait(since=snapshot.last_event_at)
    text = f"It said: {sentence(sanitizer.line(wait.message, _LINE))}" if wait.message else "It is refusing for now."
    attempt = wait.attempt is not None and f"Try {wait.attempt}{f' of {wait.of}' if wait.of else ''}"
    again = " ".join(part for part in (attempt or "Next try", stamp(wait.until) if wait.until else "") if part)
    known = attempt or wait.until
    text = f"{text} {f'{again}. ' if known else ''}Waiting since {stamp(wait.since)}. Work so far is kept."
    return Headline("⏸", "Waiting for the provider", Colour.GREY, text, Situation.PROVIDER_REFUSES)


def _suspended(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    text = sentence(sanitizer.line(snapshot.message, _LINE)) if snapshot.message else ""
    later = f"Tries again {stamp(snapshot.wake_at)}." if snapshot.wake_at else ""
    spent = money(snapshot.usage.cost_usd) if snapshot.usage.cost_usd is not None else ""
    match snapshot.reason:
        case SuspendReason.HUMAN if snapshot.is_circling:
            word = "Going in circles"
            parts = [text, "Nothing is lost. If it does so again after Continue, it is ended and its work is kept."]
        case SuspendReason.HUMAN | None:
            word, parts = "Stopped", [text or "The agent was stopped.", "Nothing is lost; continue with Resume."]
        case SuspendReason.WAITING:
            word, parts = "Answered", ["Answered; the agent will be started again automatically."]
        case SuspendReason.OVERLAP:
            word = "Waiting for other work"
            parts = [text, "It goes on by itself once that is merged, closed or ended; Resume goes on now."]
        case SuspendReason.LOST:
            word = "Lost contact"
            parts = [f"No activity since {stamp(snapshot.last_event_at)}.", "It continues with the next event."]
        case SuspendReason.BUDGET:
            word = "Budget reached"
            limit = f" of {money(snapshot.budget_usd)}" if snapshot.budget_usd else ""
            parts = [f"The budget{limit} is used up{f': {spent} spent' if spent else ''}.", "Work so far is kept."]
        case SuspendReason.ACCOUNT:
            word = "Budget reached"
            parts = [text or "A budget that it shares is used up.", "Work so far is kept; continue with Resume then."]
        case SuspendReason.PROVIDER:
            word = "Waiting for the provider"
            after = f"Resume it {stamp(snapshot.wake_at)}." if snapshot.wake_at else ""
            parts = [text or "It is refusing for now.", after, "Work so far is kept."]
        case SuspendReason.DISK:
            word = "Waiting for disk space"
            parts = [text or "This machine's disk is nearly full.", later, "Work so far is kept."]
        case SuspendReason.INTERRUPTED:
            word = "Interrupted"
            restarts = snapshot.resume_to in {None, RunState.PRECHECK}
            again = "Resume starts it again in a fresh copy." if restarts else "Resume continues with this step."
            parts = [text or "A restart interrupted this step.", again]
        case _:
            assert_never(snapshot.reason)
    situation = _SUSPENDED.get(snapshot.reason or SuspendReason.HUMAN, Situation.STOPPED)
    if snapshot.is_circling:
        return Headline("🟡", word, Colour.YELLOW, " ".join(parts), Situation.CIRCLING)
    return Headline("⏸", word, Colour.GREY, " ".join(part for part in parts if part), situation)


_SUSPENDED: Final = {
    SuspendReason.BUDGET: Situation.OVER_BUDGET,
    SuspendReason.OVERLAP: Situation.WAITING_FOR_WORK,
    SuspendReason.PROVIDER: Situation.PROVIDER_STOPPED,
}


# -- the end ----------------------------------------------------------------------------------------------------------


def _complete(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    if snapshot.outcome is RunOutcome.ANSWERED:
        text = answered_sentence(snapshot, sanitizer)
        return Headline("💬", "Answered", Colour.GREEN, text, Situation.ANSWERED)
    if snapshot.outcome is RunOutcome.NO_CHANGES:
        text = unchanged_sentence(snapshot, sanitizer)
        return Headline("⚪", "Finished · no changes", Colour.GREY, text, Situation.UNCHANGED)
    if snapshot.verification is Verification.VERIFIED:
        number = sum(check.ours for check in snapshot.checks)
        text = {1: "The check passed.", 2: "Both checks passed."}.get(number, f"All {number} checks passed.")
        if snapshot.accepted_by is not None:
            text = (
                f"{text} {sanitizer.line(snapshot.accepted_by, _TITLE)} accepted what it changed of tests and checks."
            )
        if snapshot.review is not None:
            text = f"{text} {sanitizer.line(snapshot.review.by, _TITLE)} reviewed it."
        if snapshot.waits_for_ready:
            text = f"{text} Its pull request is a draft until somebody marks it ready."
        return Headline("✅", "Done · checks passed", Colour.GREEN, text, Situation.VERIFIED)
    if snapshot.verification is Verification.FAILED:
        text = failure_sentence(snapshot, sanitizer)
        return Headline("🔴", "Checks failed", Colour.RED, text, Situation.CHECKS_FAILED)
    text = unchecked_sentence(snapshot, render_context, sanitizer)
    return Headline("⚠", "Done · not verified", Colour.ORANGE, text, Situation.UNVERIFIED)


def _partial(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    if snapshot.kind is RunKind.EXTERNAL:
        text = f"{agent_name(snapshot, sanitizer)} reports that a part is done; not verified here."
    elif snapshot.failure is None and snapshot.branch is not None:
        text = partial_sentence(snapshot, render_context, sanitizer)
    elif snapshot.publishes_again:
        text = "The work is kept; it is being published again."
    else:
        why = f" {sentence(sanitizer.line(snapshot.message, _LINE))}" if snapshot.message else ""
        text = f"The work is kept but not published.{why}"
    return Headline("⚠", "Partly done", Colour.ORANGE, text, Situation.PARTIAL)


def _failed(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    services = service_failed(snapshot, sanitizer)
    before = services or setup_failed(snapshot, sanitizer) or not_started(snapshot, sanitizer)
    if before is not None:
        return Headline("🔴", before.word, Colour.RED, before.sentence, Situation.FAILED)
    words = "Checks failed" if snapshot.verification is Verification.FAILED else "Failed"
    return Headline("🔴", words, Colour.RED, failure_sentence(snapshot, sanitizer), Situation.FAILED)


def _cancelled(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> Headline:
    text = sentence(sanitizer.line(snapshot.message or "It was cancelled", _LINE))
    kept = "Its record stays." if snapshot.branch is None else "Its branch and its record stay."
    return Headline("⚪", "Cancelled", Colour.GREY, f"{text} {kept}", Situation.CANCELLED)


_HEADLINES: Final[dict[RunState, Callable[[StatusSnapshot, RenderContext, Sanitizer], Headline]]] = {
    RunState.QUEUED: _queued,
    RunState.PRECHECK: _working,
    RunState.PLANNING: _working,
    RunState.AWAITING_APPROVAL: _asking,
    RunState.BUILDING: _working,
    RunState.VERIFYING: _working,
    RunState.REPAIRING: _working,
    RunState.REVIEWING: _reviewing,
    RunState.PUBLISHING: _working,
    RunState.SUSPENDED: _suspended,
    RunState.COMPLETE: _complete,
    RunState.PARTIAL: _partial,
    RunState.FAILED: _failed,
    RunState.CANCELLED: _cancelled,
}
