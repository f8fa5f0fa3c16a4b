"""The step `setup`: makes the repository's dependencies ready, or takes those that an earlier run made."""

from collections.abc import Sequence
from time import monotonic

from ompycord.domain.configuration.setup import SetupStep
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, SetupFinished, SetupStarted
from ompycord.domain.ids import RunId
from ompycord.domain.ports import SetUpEnd, SetUpPlace
from ompycord.domain.results import SetUpResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok

__all__ = ["set_up"]

_TAIL = 4000
_HOST = 200


async def set_up(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Run the steps one after the other, each confined with the hosts that it names. The first failure ends it."""
    configured = await context.configured(order.run, task)
    steps, secrets = configured.repository.setup, configured.secrets_of("setup")
    if context.set_ups is None:
        return failed(order, FailureClass.ENV, "Nothing makes dependencies ready here.")
    began = monotonic()
    async with context.set_ups.open(order.run, configured.repository.name, steps, secrets) as place:
        is_kept = place.is_kept
        if not is_kept:
            bad = await _perform(order.run, steps, place, context)
            if bad is not None:
                await context.record(order.run, bad)
                return failed(order, FailureClass.ENV, _sentence(bad))
            await place.keep()
        name = await place.provide()
    took = round((monotonic() - began) * 1000)
    await context.record(order.run, SetupFinished(status="cached" if is_kept else "ready", duration_ms=took))
    return ok(order, SetUpResult(kept=name))


async def _perform(
    run: RunId, steps: Sequence[SetupStep], place: SetUpPlace, context: StepContext
) -> SetupFinished | None:
    """The end of the step that failed; None where none did."""
    for number, step in enumerate(steps, start=1):
        await context.record(run, SetupStarted(step=step.name, number=number, of=len(steps)))
        async with context.proxies(run, step.hosts) as listener:
            end = await place.perform(step, listener)
            refused = listener.refused
        if end.status != "done":
            return _failed(step, end, refused, context)
    return None


def _failed(step: SetupStep, end: SetUpEnd, refused: Sequence[str], context: StepContext) -> SetupFinished:
    tail = context.redact("\n".join(end.tail))[-_TAIL:]
    status = "failed" if end.status == "done" else end.status
    return SetupFinished(
        status=status,
        step=step.name,
        detail=context.redact(end.detail)[:_HOST] or None,
        host=refused[-1][:_HOST] if refused else None,
        tail=tail or None,
    )


def _sentence(bad: SetupFinished) -> str:
    host = f" It wanted {bad.host}." if bad.host else ""
    return (
        f"The step {bad.step} of set-up failed: {bad.detail or 'no reason was given'}.{host} The agent did not start."
    )
