"""The passes behind a plan as text: who drafted it, what the critique found, who made the final one."""

from typing import Final

from ompycord.domain.reports.findings import ReviewFinding
from ompycord.domain.reports.refinement import Refinement
from ompycord.render.phrases import count
from ompycord.render.reports.plan_lines import plan_lines
from ompycord.render.sanitizer import Sanitizer

__all__ = ["critique_lines", "passes_lines", "passes_sentence", "point_line"]

_NAME: Final = 60
_TITLE: Final = 160
_PATH: Final = 100
_WHY: Final = 300


def passes_sentence(passes: Refinement, sanitizer: Sanitizer) -> str:
    """`2 drafts (native, gpt-5) agree on 3 files · critique by gpt-5: 2 points · final by sonnet.`"""
    names = ", ".join(sanitizer.line(one.by, _NAME) for one in passes.drafts)
    is_one = len(passes.drafts) == 1
    drafts = f"Draft by {names}" if is_one else f"{len(passes.drafts)} drafts ({names})"
    agreed = "" if is_one else f", most of which name {count(len(passes.agreed), 'file')} in common"
    parts = [f"{drafts}{agreed}"]
    if passes.critique is not None:
        points = count(len(passes.critique.findings), "point") if passes.critique.findings else "nothing"
        parts.append(f"critique by {sanitizer.line(passes.critic or '', _NAME)}: {points}")
    if passes.final_by is not None:
        parts.append(f"final by {sanitizer.line(passes.final_by, _NAME)}")
    return f"{' · '.join(parts)}."


def critique_lines(passes: Refinement, sanitizer: Sanitizer) -> list[str]:
    """The critique's summary and each point; empty without one."""
    if passes.critique is None:
        return []
    return [
        sanitizer.line(passes.critique.summary, 600), *(point_line(one, sanitizer) for one in passes.critique.findings)
    ]  # fmt: skip


def point_line(finding: ReviewFinding, sanitizer: Sanitizer) -> str:
    """One point of a critique."""
    where = f"{sanitizer.line(finding.path, _PATH)}: " if finding.path else ""
    why = f" {sanitizer.line(finding.why, _WHY)}" if finding.why else ""
    return f"{'🔴' if finding.is_blocking else '▫'} {where}{sanitizer.line(finding.title, _TITLE)}.{why}"


def passes_lines(passes: Refinement, sanitizer: Sanitizer) -> list[str]:
    """All of it: the sentence, the critique, every draft whole."""
    lines = [passes_sentence(passes, sanitizer)]
    if critique := critique_lines(passes, sanitizer):
        lines += [f"Critique by {sanitizer.line(passes.critic or '', _NAME)}:", *critique]
    for number, draft in enumerate(passes.drafts, 1):
        which = f" {number}" if len(passes.drafts) > 1 else ""
        lines += [f"Draft{which} by {sanitizer.line(draft.by, _NAME)}:", *plan_lines(draft.plan, sanitizer)]
    return lines
