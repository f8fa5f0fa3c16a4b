"""What is wrong with a review for its result, one sentence for each fault; pure. Counterpart of `findings.py`."""

from collections.abc import Iterator, Mapping
from typing import Final

from ompycord.domain.reports.findings import ReviewReport
from ompycord.domain.reports.plan_faults import path_fault

__all__ = ["finding_faults"]

_MOST: Final = 20


def finding_faults(review: ReviewReport, lines: Mapping[str, int | None]) -> tuple[str, ...]:
    """What its author must correct, a sentence each; `lines` has the result's files, None for one without lines."""
    return tuple(_faults(review, lines))[:_MOST]


def _faults(review: ReviewReport, lines: Mapping[str, int | None]) -> Iterator[str]:
    for number, one in enumerate(review.findings):
        where = f"findings[{number}]"
        if one.is_blocking and not one.why:
            yield f"{where} is blocking and does not say why."
        if one.path is None:
            if one.line is not None:
                yield f"{where} has a line and no path."
            continue
        if (fault := path_fault(one.path)) is not None:
            yield f'{where} "{one.path}" {fault}.'
        elif one.path not in lines:
            yield f'{where} names "{one.path}", which the result does not have.'
        elif one.line is not None and one.line > (lines[one.path] or 0):
            yield f'{where} names line {one.line} of "{one.path}", which has {lines[one.path] or 0}.'
