"""The step `checks`: every check of the repository, on what was collected.

Before them the result is compared with its base: checks prove nothing of a result that changed the tests or what
defines how they run, unless they pass with the base's own too (docs/contracts/runs.md, *Evidence*).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ompycord.domain.configuration.repository_file import Configured
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import (
    ERROR_LENGTH,
    CheckFinished,
    CheckProved,
    ChecksErred,
    CheckStarted,
    EffectFinished,
    EvidenceChanged,
    FailedTest,
)
from ompycord.domain.ports import Comparison
from ompycord.domain.results import CheckResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.engines.verification import Verified, Verifier

__all__ = ["run_checks"]

_LISTED: Final = 100
"""The most that `events.EvidenceChanged` takes; the total is given beside it."""
_LINE: Final = 500


async def run_checks(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Run one check after the other. What one of them writes is gone before the next begins."""
    configured = await context.configured(order.run, task)
    repository = configured.repository
    if not repository.checks:
        return ok(order, CheckResult(), message=f"No check is configured for {repository.name}.")
    trees = await context.results.trees(order.run)
    compared = await context.checks.compare(repository.checks, trees)
    if compared.changes:
        changed = EvidenceChanged(changes=compared.changes[:_LISTED], total=len(compared.changes))
        await context.record(order.run, changed)
    verifier = Verifier(
        run=order.run,
        configured=configured,
        context=context,
        trees=trees,
        compared=compared,
        versions=await _versions(configured, context),
    )
    results: list[Verified] = []
    for spec in repository.checks:
        await context.record(order.run, CheckStarted(check=spec.name))
        verified = _redacted(await verifier.verify(spec), context.redact)
        errors = (ChecksErred(check=spec.name, tests=verified.errors),) if verified.errors else ()
        proved = () if verified.proved is None else (verified.proved,)
        await context.record(order.run, verified.finished, *proved, *errors)
        results.append(verified)
    passed = _verdict(results, compared)
    return ok(
        order,
        CheckResult(tree=trees.name) if passed is None else CheckResult(passed=passed, tree=trees.name),
        message=_sentence(results, compared)[:_LINE],
    )


async def _versions(configured: Configured, context: StepContext) -> dict[str, str]:
    """Of the services that checks use."""
    services = configured.services_of("checks")
    if not services or context.services is None:
        return {}
    return {one.name: one.version for one in await context.services.versions(services)}


def _redacted(verified: Verified, redact: Callable[[str], str]) -> Verified:
    """Without secrets: a check may have some that the agent, which reads what failed, has not."""
    finished = verified.finished
    shown = finished.model_copy(
        update={
            "detail": redact(finished.detail) if finished.detail else finished.detail,
            "failing": tuple(map(redact, finished.failing)),
        }
    )
    errors = tuple(FailedTest(test=redact(one.test), error=redact(one.error)[:ERROR_LENGTH]) for one in verified.errors)
    return replace(verified, finished=shown, errors=errors)


def _verdict(results: Sequence[Verified], compared: Comparison) -> bool | None:
    """Failed where one failed, unproved where one proved nothing or cannot be believed, else passed."""
    if any(result.is_red for result in results):
        return False
    if any(result.finished.status != "passed" or result.proved is None for result in results):
        return None
    proofs = [result.proved for result in results if result.proved is not None]
    is_open = any(not change.put_back for change in compared.changes)
    return None if is_open or not all(proof.is_honest and proof.is_whole for proof in proofs) else True


def _sentence(results: Sequence[Verified], compared: Comparison) -> str:
    bad = [result for result in results if result.finished.status != "passed"]
    if not bad:
        return _passed(results, compared)
    first = min(bad, key=lambda result: not result.is_red)
    if first.proved is not None and first.proved.only_old:
        return f"{first.finished.check} fails as it does on the base."
    if first.proved is not None and first.proved.lie:
        return f"{first.finished.check} cannot be believed: {first.proved.lie}."
    return _not_passed(first.finished, results)


def _not_passed(finished: CheckFinished, results: Sequence[Verified]) -> str:
    match finished.status:
        case "missing" if any(result.finished.status == "passed" for result in results):
            return f"{finished.check} did not run: {finished.detail or 'it is not installed here'}."
        case "missing":
            return f"No check ran: {finished.detail or finished.check + ' is not installed here'}."
        case "timeout":
            return f"{finished.check} did not end in its time."
        case "failed" if finished.failed is not None and finished.passed is not None:
            return f"{finished.check}: {finished.failed} of {finished.failed + finished.passed} fail."
        case "error":
            return f"{finished.check} proved nothing{f': {finished.detail}' if finished.detail else ''}."
        case _:
            return f"{finished.check} failed{f': {finished.detail}' if finished.detail else ''}."


def _passed(results: Sequence[Verified], compared: Comparison) -> str:
    """That all passed, and the first reason not to believe it."""
    for result in results:
        why = "" if result.proved is None else _doubt(result.proved)
        if why:
            return f"{result.finished.check} {why}."
    passed = f"{', '.join(result.finished.check for result in results)} passed"
    proofs = [result.proved for result in results if result.proved is not None]
    if any(not change.put_back for change in compared.changes) or any(proof.with_base == "failed" for proof in proofs):
        return f"{passed}, but existing tests or how checks run were changed."
    return f"{passed}."


def _doubt(proof: CheckProved) -> str:
    """Why a check that passed proves less; empty where it does not, or where changes of tests say it themselves."""
    if proof.canary == "hidden":
        return f"cannot be believed: {proof.lie or 'something hid a failing test'}"
    if proof.unstable:
        return f"passed only when it was run again: {', '.join(proof.unstable[:3])}"
    if proof.lost_total:
        return f"passed, but {proof.lost_total} tests that passed on the base are gone or skipped"
    return ""
