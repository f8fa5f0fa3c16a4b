"""The step `review`: another agent or model reads the result, in a copy that it cannot change, and reports findings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.prompt_text import prompt_text
from ompycord.dialects.prompts.report_text import review_text
from ompycord.dialects.reports.reading import read_report
from ompycord.domain.catalog import Reviewer
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, Note, ReviewFinished, ReviewRefused
from ompycord.domain.folds.snapshot import Check, StatusSnapshot
from ompycord.domain.ports import ReadingCopy
from ompycord.domain.reports.finding_faults import finding_faults
from ompycord.domain.reports.findings import ReviewReport
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.results import ReportResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.engines.reading_agent import AgentReading, read_with_agent
from ompycord.engines.steps.links import lines_of
from ompycord.errors import Refused
from ompycord.render.phrases import count
from ompycord.render.refusals import Audience, refusal_words
from ompycord.text import cut, cut_head

__all__ = ["review"]

_TEXT: Final = 8000
_DIFF: Final = 200_000
_WHY: Final = 300


async def review(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Start the reviewer and read its findings. Never done twice under one key."""
    repository = (await context.configured(order.run, task)).repository
    try:
        reviewer = context.catalog.reviewer_of(task, repository, can_run=context.can_run)
    except Refused as error:
        return failed(order, FailureClass.ENV, f"No review: {refusal_words(error, Audience.DISCORD)}")
    reading = await _read(order, task, context, reviewer)
    if isinstance(reading, EffectFinished) and _is_chosen(reviewer, task, repository):
        why = cut(reading.message or "it did not start", _WHY)
        await context.record(
            order.run, Note(text=f"{reviewer.spec.name} could not review it, so {task.agent} did: {why}")
        )
        reviewer = context.catalog.reviewer_of(task, repository, can_run=lambda spec: False)
        reading = await _read(order, task, context, reviewer)
    if isinstance(reading, EffectFinished):
        return reading
    return await _judged(order, context, reviewer, reading)


def _is_chosen(reviewer: Reviewer, task: Task, repository: RepositorySpec) -> bool:
    """Whether nobody named this reviewer, so that the agent that made the result can do it as well."""
    return repository.reviewer.agent is None and reviewer.spec.name != task.agent


async def _read(
    order: StepOrder, task: Task, context: StepContext, reviewer: Reviewer
) -> AgentReading | EffectFinished:
    own = task.model_copy(update={"agent": reviewer.spec.name, "model": reviewer.model, "files": ()})
    diff, is_whole = await _diff(order, context)
    snapshot = await context.snapshot(order.run)

    async def prompt_of(inbox: LogInbox, files: Path | None, copy: ReadingCopy) -> str:
        facts = await context.planning(order.run)
        evidence = tuple(_evidence(snapshot)) if snapshot is not None else ()
        task_text = prompt_text(own, files)
        return "\n\n".join(review_text(task_text, facts, evidence=evidence, diff=diff, is_whole=is_whole))

    return await read_with_agent(order, own, context, spec=reviewer.spec, purpose="review", prompt_of=prompt_of)


async def _judged(order: StepOrder, context: StepContext, reviewer: Reviewer, reading: AgentReading) -> EffectFinished:
    outcome = reading.outcome
    ended = {"claim": outcome.claim, "ended_by": None if outcome.claim else outcome.ended_by, "until": outcome.until}
    result = ReportResult.model_validate({name: value for name, value in ended.items() if value is not None})
    if not reading.is_over:
        why = outcome.message or "the reviewer broke off"
        return ok(order, result, message=f"No review: {why}", failure=outcome.failure)
    found = await _findings_of(order, context, reading)
    if not isinstance(found, ReviewReport):
        await context.record(order.run, ReviewRefused(faults=found, text=cut_head(reading.text, _TEXT)))
        return ok(order, result, message=f"No valid review: {cut(found[0], 400)}", failure=outcome.failure)
    await context.record(order.run, _finished(found, reviewer))
    blocking = sum(finding.is_blocking for finding in found.findings)
    return ok(order, ReportResult(claim=True, blocking=blocking), message=_sentence(found, reviewer))


async def _findings_of(order: StepOrder, context: StepContext, reading: AgentReading) -> ReviewReport | tuple[str, ...]:
    found = read_report(reading.text, ReviewReport, "review")
    if not isinstance(found, ReviewReport):
        return found
    trees = await context.results.trees(order.run)
    named = {finding.path for finding in found.findings if finding.path is not None}
    return finding_faults(found, await lines_of(trees, named)) or found


def _finished(found: ReviewReport, reviewer: Reviewer) -> ReviewFinished:
    return ReviewFinished(
        by=reviewer.spec.name,
        model=reviewer.model,
        is_second=reviewer.is_second,
        summary=found.summary,
        findings=tuple(sorted(found.findings, key=lambda finding: not finding.is_blocking)),
    )


def _sentence(found: ReviewReport, reviewer: Reviewer) -> str:
    blocking = [finding for finding in found.findings if finding.is_blocking]
    if not blocking:
        return f"{reviewer.spec.name} reviewed it: {count(len(found.findings), 'remark')}."
    return f"{reviewer.spec.name} reviewed it: {count(len(blocking), 'blocking finding')}: {blocking[0].title}."


async def _diff(order: StepOrder, context: StepContext) -> tuple[str, bool]:
    """The beginning of the diff, and whether that is all of it."""
    collected = await context.results.result(order.run)
    if collected is None or collected.diff is None:
        return "", True
    with collected.diff.open("rb") as file:
        read = file.read(_DIFF + 1)
    return read[:_DIFF].decode("utf-8", "replace"), len(read) <= _DIFF


def _evidence(snapshot: StatusSnapshot) -> Iterator[str]:
    """What our own checks showed, in sentences."""
    for check in snapshot.checks:
        if check.ours:
            yield _of_check(check)
    for change in snapshot.evidence[:20]:
        yield f"It changed what proves it: {change.path} ({change.what.replace('_', ' ')})."


def _of_check(check: Check) -> str:
    result, proof = check.result, check.proof
    counted = f": {result.passed} passed, {result.failed or 0} failed" if result and result.passed is not None else ""
    parts = [f"{check.name} {check.status}{counted}"]
    if proof is not None and proof.new_total:
        green = f", {len(proof.new_green)} of them pass without the change too" if proof.new_green else ""
        parts.append(f"{count(proof.new_total, 'new test')}{green}")
    if proof is not None and proof.with_base == "failed":
        parts.append("it fails with the tests of the base")
    return "; ".join(parts) + "."
