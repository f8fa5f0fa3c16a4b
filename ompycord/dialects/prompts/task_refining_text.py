"""What models are told that Ompycord asks itself to refine a task: to draft it, to criticise it, to finish it.

Counterpart: `engines/refining_task.py`.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.ports.models import PromptTemplate
from ompycord.domain.reports.findings import ReviewReport

__all__ = ["CRITICISE", "DRAFT_TASK", "FINISH_TASK", "about_text", "critique_of", "final_of", "given_text"]

_PATHS: Final = 400
_RULES: Final = """\
Keep everything that the person asks for, and every name, number and word that they quote. Ask for nothing else. Say
what is to be seen when it is done. Where the person left something open, say so instead of deciding it.
Name a file only where you see its path. Write to the engineer, in the person's language, in plain text."""

DRAFT_TASK: Final = PromptTemplate(
    id="task.draft",
    text=f"""\
You write a task for an engineer who will change a git repository, out of the words of the person who wants it. The
engineer sees the repository and not the person. Write the whole task anew.
{_RULES}""",
)
CRITICISE: Final = PromptTemplate(
    id="task.critique",
    text="""\
You review a task for an engineer before anything is done. Compare it with the words of the person who wants it. Find
what it leaves out, what it adds or decides that nobody asked for, what two engineers would understand in two ways, and
what could not be checked when it is done. Blocking is what would make the result another one than the person wants; all
else is a remark. Say for each how you see it. An empty list is a good review. Do not repeat the task.""",
)
FINISH_TASK: Final = PromptTemplate(
    id="task.final",
    text=f"""\
You write the final task for an engineer who will change a git repository, out of the words of the person who wants it,
a draft and its critique. Take over what the critique is right about, leave what it is wrong about.
{_RULES}""",
)


def about_text(task: Sequence[str], checks: Sequence[str], paths: Sequence[str]) -> str:
    """The person's words and what there is."""
    shown = "\n".join(paths[:_PATHS]) + (f"\n[{len(paths) - _PATHS:,} more]" if len(paths) > _PATHS else "")
    known = f"Checks of the repository: {', '.join(checks) or 'none'}.\n\nIts paths:\n{shown}"
    return "\n\n".join(("The person's words:", _quoted("\n\n".join(task)), known))


def critique_of(about: str, draft: str) -> str:
    """The task that is criticised."""
    return f"{about}\n\nThe task:\n{_quoted(draft)}"


def final_of(about: str, draft: str, critique: ReviewReport) -> str:
    """Draft and critique."""
    found = critique.model_dump_json(indent=1, exclude_defaults=True)
    return f"{about}\n\nThe draft:\n{_quoted(draft)}\n\nThe critique:\n{_quoted(found)}"


def given_text(final: str, written: str) -> str:
    """What the agent is given: the refined task, and the words that it was made of."""
    return (
        f"{final}\n\nThe task above was refined from these words, which count where the two differ:\n{_quoted(written)}"
    )


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
