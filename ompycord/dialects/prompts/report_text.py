"""What an agent that only reads is asked for: a plan, an answer, a review; and a plan as text for the one that builds.

Counterparts: `dialects/reports/`, which reads what it says, and `engines/steps/`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.folds.planning import PlanningFacts, RefusedReport
from ompycord.domain.ports.agents import AgentPurpose
from ompycord.domain.ports.models import PromptTemplate
from ompycord.domain.reports.plan import MOST_FILES, MOST_STEPS, Plan
from ompycord.text import cut

__all__ = ["ASK", "PLAN", "REFUSED", "REVIEW", "TEMPLATES", "ask_text", "plan_text", "planning_text", "review_text"]

PLAN: Final = "Make a plan for the task below. Change nothing: you work in a copy that you cannot write to."
"""How the text for a planner begins."""
ASK: Final = "Answer the question below. Change nothing: you work in a copy that you cannot write to."
REVIEW: Final = "Review the result of another agent. Change nothing: you work in a copy that you cannot write to."
REFUSED: Final = "was refused. Correct what is named here, and give the whole"
"""Stands in the text of every further try."""
_DIFF: Final = 60_000
_REPORT: Final = 6000
_SHAPE: Final = f"""\
End with the plan as one JSON object in a block that begins with ```json, over several lines:
{{"summary": "what you will do and why it solves the task",
 "steps": [{{"title": "one step", "files": ["path/of/a/file"]}}],
 "files": [{{"path": "path/of/a/file", "change": "add|modify|delete", "why": "a reason"}}],
 "checks": ["names of checks that will prove it"],
 "risks": ["what may go wrong"]}}
At most {MOST_STEPS} steps and {MOST_FILES} files. Paths are relative to the root of the repository. No other fields."""
_REVIEW_SHAPE: Final = """\
End with the review as one JSON object in a block that begins with ```json, over several lines:
{"summary": "what the result does, and what you think of it",
 "findings": [{"severity": "blocking|remark", "title": "what is wrong", "why": "what happens then, and how you see it",
               "path": "path/of/a/file", "line": 12}]}
Blocking is what must not be merged: a wrong result, lost data, a hole, a part of the task that is missing. Style is a
remark. Name only what you have seen in the files; an empty list of findings is a good review."""
_LINKS: Final = """\
Name every place that your answer rests on as `path/of/a/file:line`, relative to the root of the repository. Each of
them is opened afterwards, and those that do not exist are struck out."""

TEMPLATES: Final[Mapping[AgentPurpose, PromptTemplate]] = {
    "plan": PromptTemplate(id="agent.plan", text=f"{PLAN}\n\n{_SHAPE}\n\n{REFUSED}"),
    "answer": PromptTemplate(id="agent.answer", text=f"{ASK}\n\n{_LINKS}"),
    "review": PromptTemplate(id="agent.review", text=f"{REVIEW}\n\n{_REVIEW_SHAPE}\n\n{REFUSED}"),
}
"""What of each of these texts is always the same."""


def planning_text(task: Sequence[str], facts: PlanningFacts, checks: Sequence[str]) -> tuple[str, ...]:
    """Paragraphs for a planner. `task` are those of the task, `checks` the repository's."""
    known = f"The repository's checks: {', '.join(checks) or 'none'}."
    wanted = [_wanted(one.plan, one.words, one.by) for one in facts.wanted[-3:]]
    return (PLAN, *task, *wanted, known, _SHAPE, *_refused(facts.refused, "plan"))


def _wanted(plan: Plan, words: str, by: str) -> str:
    return f"You had made this plan:\n{_quoted(_lines(plan))}\n\n{by} wants it to be different:\n{_quoted(words)}"


def _refused(refused: RefusedReport | None, what: str) -> tuple[str, ...]:
    if refused is None:
        return ()
    faults = "\n".join(f"- {fault}" for fault in refused.faults)
    before = f"What you wrote:\n{_quoted(cut(refused.text, _REPORT))}" if refused.text.strip() else ""
    head = f"Your last {what} {REFUSED} {what} again:\n{faults}"
    return tuple(part for part in (before, head) if part)


def plan_text(plan: Plan, approved_by: str | None) -> tuple[str, ...]:
    """Paragraphs for the agent that builds by a plan."""
    by = f"{approved_by} approved" if approved_by else "This is"
    rule = "Follow it; where that is not possible, do what is right and say why in the end:"
    return (f"{by} this plan for it. {rule}\n{_quoted(_lines(plan))}",)


def ask_text(question: Sequence[str]) -> tuple[str, ...]:
    """Paragraphs for an agent that answers."""
    return (ASK, *question, _LINKS)


def review_text(
    task: Sequence[str], facts: PlanningFacts, *, evidence: Sequence[str], diff: str, is_whole: bool
) -> tuple[str, ...]:
    """Paragraphs for a reviewer. `evidence` are sentences on what the checks showed; `diff` may be its beginning."""
    plan = plan_text(facts.plan, facts.approved_by) if facts.plan is not None else ()
    proofs = "What the checks showed:\n" + "\n".join(f"- {one}" for one in evidence or ("No check ran.",))
    cut_off = "" if is_whole and len(diff) <= _DIFF else "\n[The rest is not shown; read the files.]"
    change = f"What it changed:\n~~~~~diff\n{diff[:_DIFF]}{cut_off}\n~~~~~"
    before = "The task was:\n" + _quoted("\n\n".join(task))
    return (REVIEW, before, *plan, proofs, change, _REVIEW_SHAPE, *_refused(facts.refused_review, "review"))


def _lines(plan: Plan) -> str:
    steps = [f"{number}. {step.title}{_of(step.files)}" for number, step in enumerate(plan.steps, 1)]
    files = [f"- {file.change} {file.path}{f': {file.why}' if file.why else ''}" for file in plan.files]
    checks = [f"Checks: {', '.join(plan.checks)}"] if plan.checks else []
    risks = ["Risks:", *(f"- {risk}" for risk in plan.risks)] if plan.risks else []
    return "\n".join((plan.summary, *steps, "Files:", *files, *checks, *risks))


def _of(files: Sequence[str]) -> str:
    return f" ({', '.join(files)})" if files else ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
