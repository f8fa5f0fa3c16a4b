"""A plan as lines of text, and what became of it in a sentence; used by messages, `/omp show` and the terminal."""

from typing import Final

from ompycord.domain.folds.reports import Proposal
from ompycord.domain.reports.plan import Plan
from ompycord.render.phrases import stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = ["plan_closed", "plan_lines"]

_WORDS: Final = 400
_NAME: Final = 60


def plan_closed(proposal: Proposal, sanitizer: Sanitizer) -> str:
    """`Approved by Ada, 12:07.`; what a person wanted to be different."""
    words = sanitizer.line(proposal.words or "", _WORDS)
    who = sanitizer.line(proposal.by or "", _NAME)
    at = f", {stamp(proposal.closed_at, 't')}" if proposal.closed_at is not None else ""
    match proposal.status:
        case "approved":
            return f"Approved by {who}{at}." if who else "The work begins by it; no one needs to approve it here."
        case "changed":
            return f"Sent back by {who}{at}: *{words}*"
        case "rejected":
            return f"Rejected by {who}{at}{f': *{words}*' if words else '.'}"
        case "replaced":
            return "Replaced by a newer plan."
        case "open":
            return "No longer needed."


def plan_lines(plan: Plan, sanitizer: Sanitizer) -> list[str]:
    """All of a plan as lines."""
    lines = [sanitizer.line(plan.summary, 600), "Steps:"]
    for number, step in enumerate(plan.steps, 1):
        about = f" ({', '.join(sanitizer.line(path, 400) for path in step.files)})" if step.files else ""
        lines.append(f"{number}. {sanitizer.line(step.title, 200)}{about}")
    lines.append("Files:")
    for file in plan.files:
        why = f": {sanitizer.line(file.why, 300)}" if file.why else ""
        lines.append(f"- {file.change} {sanitizer.line(file.path, 400)}{why}")
    if plan.checks:
        lines.append(f"Checks: {', '.join(sanitizer.line(check, 300) for check in plan.checks)}")
    if plan.risks:
        lines += ["Risks:", *(f"- {sanitizer.line(risk, 300)}" for risk in plan.risks)]
    return lines
