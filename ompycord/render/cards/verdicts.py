"""Why a run ended unchecked, without a result or failed, in one sentence each.

Counterpart of `domain.snapshot.Verification`.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.folds.snapshot import Check, StatusSnapshot
from ompycord.domain.run import EndedBy, FailureClass, RunKind
from ompycord.domain.task import Mode
from ompycord.render.cards.evidence import evidence_summary
from ompycord.render.cards.names import agent_name
from ompycord.render.cards.reports import review_sentence
from ompycord.render.phrases import and_list, count, duration, sentence
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Sanitizer

__all__ = [
    "FAILURE_WORDS",
    "check_line",
    "failing_tests",
    "failure_sentence",
    "partial_sentence",
    "unchanged_sentence",
    "unchecked_sentence",
]

_LINE: Final = 240
_NAME: Final = 60

FAILURE_WORDS: Final[dict[FailureClass, str]] = {
    FailureClass.TRANSIENT: "A temporary error persisted.",
    FailureClass.REPAIRABLE: "The agent says that it failed.",
    FailureClass.SUSPEND: "It could not continue.",
    FailureClass.POLICY: "Its result breaks a rule of this repository and was refused.",
    FailureClass.ENV: "This machine lacks something that the run needs.",
    FailureClass.INTERNAL: "An error in Ompycord ended it; the log has the details.",
    FailureClass.CANCELLED: "It was cancelled.",
    FailureClass.LOST: "Contact with its agent was lost.",
    FailureClass.VERIFY: "Its checks failed, and no round was left to repair it.",
    FailureClass.LOOP: "It was ended because it went in circles.",
    FailureClass.PLAN: "No valid plan was made.",
}


def unchanged_sentence(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """That there is no result; only the agent's last message, which stands below, is left."""
    silent = "" if (snapshot.summary or snapshot.last_words or "").strip() else " It said nothing."
    # A branch is of an earlier start, which was stopped while its result was being published.
    kept = f" Branch {sanitizer.line(snapshot.branch, 100)} holds an earlier round." if snapshot.branch else ""
    return f"{agent_name(snapshot, sanitizer)} changed nothing in the repository.{silent}{kept}"


def unchecked_sentence(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """Why it is done but not verified: why the agent's claim could not be proved here."""
    if snapshot.kind is RunKind.EXTERNAL:
        return _why_external(snapshot, sanitizer)
    return _why_unchecked(snapshot, render_context, sanitizer)


def _why_external(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    claimed = and_list([sanitizer.line(check.name, _NAME) for check in snapshot.checks if not check.ours])
    checks = f" Its checks ({claimed}) are unverified." if claimed else ""
    return f"Reported as done by {agent_name(snapshot, sanitizer)}; not verified here.{checks}"


def partial_sentence(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """That the agent says it did a part of its task; what our checks found of that part."""
    claim = f"{agent_name(snapshot, sanitizer)} reports that a part is done."
    ours = [check for check in snapshot.checks if check.ours]
    is_proved = not snapshot.left_out and not snapshot.evidence
    if ours and is_proved and all(check.status == "passed" for check in ours):
        names = and_list([sanitizer.line(check.name, _NAME) for check in ours])
        return f"{claim} {names} passed."
    return f"{claim} {_why_unchecked(snapshot, render_context, sanitizer)}"


def _why_unchecked(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> str:
    ours = [check for check in snapshot.checks if check.ours]
    claimed = [sanitizer.line(check.name, _NAME) for check in snapshot.checks if not check.ours]
    if snapshot.mode is Mode.FAST:
        return "Mode fast runs no checks."
    blind = [check for check in ours if check.status != "passed"]
    if not blind and ours and snapshot.left_out:
        passed = and_list([sanitizer.line(check.name, _NAME) for check in ours])
        return f"{passed} passed here, but not all of its work is in the result."
    if blind:
        passed = [sanitizer.line(check.name, _NAME) for check in ours if check.status == "passed"]
        more = f" (and {len(blind) - 1} more)" if len(blind) > 1 else ""
        return f"{_blind(blind[0], sanitizer)}{more}{f'; {and_list(passed)} passed' if passed else ''}."
    doubt = _doubt(ours, sanitizer) or review_sentence(snapshot, sanitizer)
    if doubt:
        return doubt
    changed = evidence_summary(snapshot, sanitizer)
    if ours and changed:
        return f"{and_list([sanitizer.line(check.name, _NAME) for check in ours])} passed, but {changed}."
    if claimed:
        passed = and_list([sanitizer.line(check.name, _NAME) for check in ours])
        return (
            f"{f'{passed} passed here' if passed else 'No check ran here'}; {and_list(claimed)} was only reported by "
            "the agent."
        )
    if render_context.checks:
        return "The checks did not run."
    where = sanitizer.line(snapshot.repository, _NAME) if snapshot.repository else "this repository"
    return f"No checks are configured for {where}."


def _doubt(checks: Sequence[Check], sanitizer: Sanitizer) -> str:
    """Why checks that passed prove less than they say; empty where they do not, or where changes of tests say it."""
    for check in checks:
        name, proof = sanitizer.line(check.name, _NAME), check.proof
        if proof is not None and proof.canary == "hidden":
            return f"{name} passed, but something hides failing tests: {sanitizer.line(proof.lie or '', _LINE)}."
        if proof is not None and proof.unstable:
            tests = and_list([sanitizer.line(test, _NAME) for test in proof.unstable], most=3)
            return f"{name} passed only when it was run again: {tests}."
        if proof is not None and proof.lost_total:
            return f"{name} passed, but {count(proof.lost_total, 'test')} of the base are gone or skipped."
    return ""


def _blind(check: Check, sanitizer: Sanitizer) -> str:
    name = sanitizer.line(check.name, _NAME)
    if check.is_old_red:
        return f"{name} fails, as it does without this change"
    if check.proof is not None and check.proof.lie:
        return f"{name} cannot be believed: {sanitizer.line(check.proof.lie, _LINE)}"
    match check.status:
        case "missing":
            return _missing(check, sanitizer)
        case "running":
            return f"{name} did not finish"
        case _:
            return f"{name} ended without a result"


def _missing(check: Check, sanitizer: Sanitizer) -> str:
    """Which tool is missing, and of which check where it has another name."""
    name = sanitizer.line(check.name, _NAME)
    why = sanitizer.line(check.result.detail, _LINE).removesuffix(".") if check.result and check.result.detail else ""
    if not why:
        return f"{name} is not installed here"
    return why if why.split(maxsplit=1)[0] == name else f"{name} did not run: {why}"


def failure_sentence(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """What failed, and what became of the work."""
    failed = [
        check
        for check in snapshot.checks
        if check.ours and check.status in {"failed", "timeout"} and not check.is_old_red
    ]
    what = _failed_check(failed[0], snapshot, sanitizer) if failed else ""
    what = what or _failure_words(snapshot, sanitizer)
    if snapshot.kind is RunKind.EXTERNAL:
        return what
    return f"{what} {_main(snapshot, sanitizer)}"


def _main(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    work = f"; the work is on {sanitizer.line(snapshot.branch, 100)}" if snapshot.branch else ""
    return f"Main is unchanged{work}."


def _failure_words(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """The reason: what happened, in our own words, or words of the agent or its provider, marked as theirs."""
    message = sanitizer.line((snapshot.summary if snapshot.kind is RunKind.EXTERNAL else snapshot.message) or "", _LINE)
    if message and _is_agents_word(snapshot):
        return sentence(f"{agent_name(snapshot, sanitizer)} says that it failed: {message}")
    if message:
        return sentence(f"The provider refused: {message}" if snapshot.ended_by is EndedBy.PROVIDER else message)
    return FAILURE_WORDS[snapshot.failure] if snapshot.failure else "It ended without giving a reason."


def _is_agents_word(snapshot: StatusSnapshot) -> bool:
    """Whether the reason was said by the agent itself. Runs of earlier versions do not know it."""
    if snapshot.kind is RunKind.EXTERNAL or snapshot.ended_by is EndedBy.AGENT:
        return True
    return snapshot.ended_by is None and snapshot.failure is FailureClass.REPAIRABLE


def _failed_check(check: Check, snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    name, result = sanitizer.line(check.name, _NAME), check.result
    rounds = f" after {count(snapshot.round, 'round')}" if snapshot.round > 1 else ""
    if check.status == "timeout":
        after = f" after {duration(result.duration_ms)}" if result and result.duration_ms else ""
        return f"{name} took too long and was stopped{after}."
    if result and result.failed:
        total = result.failed + (result.passed or 0)
        return f"{name}: {result.failed} of {count(total, 'test')} failed{rounds}."
    return f"{name} failed{rounds}."


def check_line(check: Check, sanitizer: Sanitizer) -> str:
    """`✅ pytest 412, 0 failed, 38 s`; a check that we did not run is marked as the agent's claim."""
    name, result = sanitizer.line(check.name, _NAME), check.result
    spent = f", {duration(result.duration_ms)}" if result and result.duration_ms is not None else ""
    counts = f" {result.passed:,} passed, {result.failed or 0:,} failed" if result and result.passed is not None else ""
    detail = f": {sanitizer.line(result.detail, 120)}" if result and result.detail else ""
    word = "" if check.ours else " (reported by the agent)"
    match check.status:
        case "running":
            return f"▶ {name} is running{word}"
        case "passed":
            return f"{'✅' if check.ours else '▫'} {name}{counts or ' passed'}{spent}{word}"
        case "failed":
            return f"🔴 {name}{counts or ' failed'}{spent}{'' if counts else detail}{word}"
        case "timeout":
            return f"🔴 {name} took too long{spent}{word}"
        case "missing":
            return f"⚠ {_missing(check, sanitizer)}{word}"
        case "error":
            return f"⚠ {name} ended without a result{spent}{detail}{word}"


def failing_tests(snapshot: StatusSnapshot) -> list[str]:
    """The names of failing tests of our own checks, as the checks gave them."""
    results = [check.result for check in snapshot.checks if check.ours and check.status == "failed"]
    return [name for result in results if result is not None for name in result.failing if name.strip()]
