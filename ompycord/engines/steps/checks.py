"""The step `checks`: every check of the repository, each in a checkout of its own of what was collected.

Before them the result is compared with its base: checks prove nothing of a result that changed the tests or what
defines how they run (docs/contracts/runs.md, *Evidence*).
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import (
    ChangedEvidence,
    CheckFinished,
    ChecksErred,
    CheckStarted,
    EffectFinished,
    EvidenceChanged,
)
from ompycord.domain.repository import CheckSpec
from ompycord.domain.results import CheckResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok

__all__ = ["run_checks"]

_LISTED: Final = 100
"""The most that `events.EvidenceChanged` takes; the total is given beside it."""


async def run_checks(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Run one check after the other. What one of them writes is gone before the next begins."""
    repository = context.repository(task)
    if not repository.checks:
        return ok(order, CheckResult(), message=f"No check is configured for {repository.name}.")
    trees = await context.results.trees(order.run)
    changes = await context.checks.compare(repository.checks, trees)
    if changes:
        await context.record(order.run, EvidenceChanged(changes=changes[:_LISTED], total=len(changes)))
    results: list[CheckFinished] = []
    for spec in repository.checks:
        async with context.results.checkout(order.run, repository, with_git=spec.git) as path:
            await context.record(order.run, CheckStarted(check=spec.name))
            ran = await context.checks.run(order.run, spec, path)
        errors = (ChecksErred(check=spec.name, tests=ran.errors),) if ran.errors else ()
        await context.record(order.run, ran.finished, *errors)
        results.append(ran.finished)
    passed = _verdict(results, changes)
    return ok(
        order,
        CheckResult(tree=trees.name) if passed is None else CheckResult(passed=passed, tree=trees.name),
        message=_sentence(results, repository.checks, changes),
    )


def _verdict(results: Sequence[CheckFinished], changes: Sequence[ChangedEvidence]) -> bool | None:
    """Failed where one failed, unproved where one proved nothing or the result changed what they rest on, else passed.

    A check proves nothing where its tool is missing or it collected no test.
    """
    statuses = {result.status for result in results}
    if statuses & {"failed", "timeout"}:
        return False
    return None if changes or statuses & {"missing", "error"} else True


def _sentence(
    results: Sequence[CheckFinished], specs: tuple[CheckSpec, ...], changes: Sequence[ChangedEvidence]
) -> str:
    bad = [result for result in results if result.status != "passed"]
    if not bad:
        passed = f"{', '.join(spec.name for spec in specs)} passed"
        return f"{passed}, but existing tests or how checks run were changed." if changes else f"{passed}."
    first = min(bad, key=lambda result: result.status not in {"failed", "timeout"})
    match first.status:
        case "missing" if any(result.status == "passed" for result in results):
            return f"{first.check} did not run: {first.detail or 'it is not installed here'}."[:500]
        case "missing":
            return f"No check ran: {first.detail or first.check + ' is not installed here'}."
        case "timeout":
            return f"{first.check} did not end in its time."
        case "failed" if first.failed is not None and first.passed is not None:
            return f"{first.check}: {first.failed} of {first.failed + first.passed} fail."
        case "error":
            return f"{first.check} proved nothing{f': {first.detail}' if first.detail else ''}."[:500]
        case _:
            return f"{first.check} failed{f': {first.detail}' if first.detail else ''}."[:500]
