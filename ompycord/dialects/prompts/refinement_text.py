"""What models are told that Ompycord asks itself about plans: to draft, to criticise, to make the final one.

Counterpart: `engines/refining.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.ports.models import PromptTemplate
from ompycord.domain.reports.findings import ReviewReport
from ompycord.domain.reports.plan import MOST_FILES, MOST_STEPS
from ompycord.domain.reports.refinement import DraftPlan, agreed_files

__all__ = ["CRITIQUE", "DRAFT", "FINAL", "critique_text", "draft_text", "final_text"]

_PATHS: Final = 600
_RULES: Final = f"""\
At most {MOST_STEPS} steps and {MOST_FILES} files. Paths are relative to the root of the repository; `modify` and
`delete` name files that are there, `add` one that is not. Name as checks only those of the repository."""

DRAFT: Final = PromptTemplate(
    id="plan.draft",
    text=f"""\
You plan a change of a git repository for the engineer who will make it. You see the task, the paths of the
repository and some of its files. Plan the smallest change that solves the whole task, with the test that shows it.
{_RULES}""",
)
CRITIQUE: Final = PromptTemplate(
    id="plan.critique",
    text="""\
You review a plan for a change of a git repository before anything is done. Find what is wrong with it: a part of the
task that it leaves out, a step that cannot work on the files that you see, a file or a test that it misses, a risk
that it does not name, more than the task needs. Blocking is what would make the result wrong; all else is a remark.
Say for each how you see it. An empty list is a good review. Do not repeat the plan.""",
)
FINAL: Final = PromptTemplate(
    id="plan.final",
    text=f"""\
You make the final plan for a change of a git repository, out of one or several drafts and a critique. Take over what
the critique is right about, leave what it is wrong about, and keep what was good. Plan nothing that the task does not
need.
{_RULES}""",
)


def draft_text(task: Sequence[str], checks: Sequence[str], paths: Sequence[str], files: Mapping[str, str]) -> str:
    """The task and what there is."""
    shown = "\n".join(paths[:_PATHS]) + (f"\n[{len(paths) - _PATHS:,} more]" if len(paths) > _PATHS else "")
    known = f"Its checks: {', '.join(checks) or 'none'}.\n\nIts paths:\n{shown}"
    content = [f"{path}:\n{_quoted(text)}" for path, text in files.items()]
    return "\n\n".join(("The task:", _quoted("\n\n".join(task)), known, *content))


def critique_text(about: str, drafts: Sequence[DraftPlan]) -> str:
    """The plan that is criticised; of several drafts, where they agree."""
    return "\n\n".join((about, *_drafts(drafts)))


def final_text(about: str, drafts: Sequence[DraftPlan], critique: ReviewReport) -> str:
    """Drafts and critique."""
    found = critique.model_dump_json(indent=1, exclude_defaults=True)
    return "\n\n".join((about, *_drafts(drafts), f"The critique:\n{_quoted(found)}"))


def _drafts(drafts: Sequence[DraftPlan]) -> list[str]:
    plans = [one.plan.model_dump_json(indent=1, exclude_defaults=True) for one in drafts]
    if len(plans) == 1:
        return [f"The plan:\n{_quoted(plans[0])}"]
    agreed = ", ".join(agreed_files([one.plan for one in drafts])) or "none"
    named = [f"Draft {number}:\n{_quoted(plan)}" for number, plan in enumerate(plans, 1)]
    return [*named, f"Files that most drafts name: {agreed}. Draft 1 agrees most with the others."]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
