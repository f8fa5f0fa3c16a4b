"""The passes by which a task was refined, as text: who drafted it, what the critique found, what changed in the end."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

import regex

from ompycord.domain.reports.task_passes import TaskPasses
from ompycord.render.phrases import count
from ompycord.render.reports.passes import point_line
from ompycord.render.sanitizer import Sanitizer

__all__ = ["task_passes_lines", "task_passes_sentence"]

_NAME: Final = 60
_SUMMARY: Final = 600
_TEXT: Final = 4000
_SENTENCE: Final = regex.compile(r"[^\n.!?]*[.!?]*\s*")
_MOST_SENTENCES: Final = 300
"""Of each text; a longer one is shown without its difference."""


def task_passes_sentence(passes: TaskPasses, sanitizer: Sanitizer) -> str:
    """`Draft by m-1 · critique by m-2: 2 points · final by m-1.`"""
    points = count(len(passes.critique.findings), "point") if passes.critique.findings else "nothing"
    named = (("Draft", passes.draft_by, ""), ("critique", passes.critic, f": {points}"), ("final", passes.final_by, ""))
    return " · ".join(f"{what} by {sanitizer.line(by, _NAME)}{end}" for what, by, end in named) + "."


def task_passes_lines(passes: TaskPasses, sanitizer: Sanitizer) -> list[str]:
    """All of it: the sentence, the final text, the critique, the draft with what became of it."""
    lines = [task_passes_sentence(passes, sanitizer), *sanitizer.prose(passes.final, _TEXT).splitlines()]
    critique = [sanitizer.line(passes.critique.summary, _SUMMARY)]
    critique += [point_line(one, sanitizer) for one in passes.critique.findings]
    lines += ["", f"Critique by {sanitizer.line(passes.critic, _NAME)}:", *critique]
    lines += ["", "From draft to final ([-left out-], {+added+}):"]
    return [*lines, *sanitizer.prose(_changes(passes.draft, passes.final), 2 * _TEXT).splitlines()]


def _changes(before: str, after: str) -> str:
    """The draft with what was left out and what was added, sentence by sentence."""
    old, new = _SENTENCE.findall(before), _SENTENCE.findall(after)
    if max(len(old), len(new)) > _MOST_SENTENCES:
        return before
    return "".join(_marked(old, new))


def _marked(old: list[str], new: list[str]) -> Iterator[str]:
    for kind, first, end, new_first, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        removed, came = "".join(old[first:end]), "".join(new[new_first:new_end])
        if kind == "equal":
            yield removed
            continue
        yield f"[-{removed}-]" if removed else ""
        yield f"{{+{came}+}}" if came else ""
