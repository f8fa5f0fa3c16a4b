"""The step `checks`: every check of the repository, in a checkout of what was collected."""

from collections.abc import Sequence

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import CheckFinished, CheckStarted, EffectFinished
from ompycord.domain.repository import CheckSpec
from ompycord.domain.results import CheckResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok

__all__ = ["run_checks"]


async def run_checks(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Run one check after the other. Files of the agent outside its tree are not in the checkout."""
    repository = context.repository(task)
    if not repository.checks:
        return ok(order, CheckResult(), message=f"No check is configured for {repository.name}.")
    results: list[CheckFinished] = []
    async with context.results.checkout(order.run, repository) as path:
        for spec in repository.checks:
            await context.record(order.run, CheckStarted(check=spec.name))
            result = await context.checks.run(order.run, spec, path)
            await context.record(order.run, result)
            results.append(result)
    passed = _verdict(results)
    return ok(
        order,
        CheckResult() if passed is None else CheckResult(passed=passed),
        message=_sentence(results, repository.checks),
    )


def _verdict(results: Sequence[CheckFinished]) -> bool | None:
    """Failed where one failed, unproved where one proved nothing (tool missing, no test collected), else passed."""
    statuses = {result.status for result in results}
    if statuses & {"failed", "timeout"}:
        return False
    return None if statuses & {"missing", "error"} else True


def _sentence(results: Sequence[CheckFinished], specs: tuple[CheckSpec, ...]) -> str:
    bad = [result for result in results if result.status != "passed"]
    if not bad:
        return f"{', '.join(spec.name for spec in specs)} passed."
    first = min(bad, key=lambda result: result.status not in {"failed", "timeout"})
    match first.status:
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
