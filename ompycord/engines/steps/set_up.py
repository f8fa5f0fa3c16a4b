"""The step `setup`: makes the dependencies ready, or takes those that an earlier run made; then tries the services."""

from collections.abc import Sequence
from time import monotonic

from ompycord.domain.configuration.repository_file import Configured
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.configuration.setup import SetupStep
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, ServiceFailed, ServicesReady, SetupFinished, SetupStarted
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
_NAME = 60


async def set_up(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Run the steps one after the other, each confined with the hosts that it names, then try the services.

    The first failure ends it.
    """
    configured = await context.configured(order.run, task)
    name = ""
    if configured.repository.setup:
        made = await _dependencies(order, configured, context)
        if isinstance(made, EffectFinished):
            return made
        name = made
    services = configured.repository.services
    if services:
        number = len(configured.repository.setup) + 1
        names = ", ".join(one.name for one in services)[:_NAME]
        await context.record(order.run, SetupStarted(step=names, number=number, of=number))
        if (bad := await _try_services(order.run, services, context)) is not None:
            await context.record(order.run, bad)
            return failed(order, FailureClass.ENV, _service_sentence(bad))
    return ok(order, SetUpResult(kept=name) if name else SetUpResult())


async def _dependencies(order: StepOrder, configured: Configured, context: StepContext) -> EffectFinished | str:
    """The name of what is kept, or the step's failure."""
    steps, secrets = configured.repository.setup, configured.secrets_of("setup")
    if context.set_ups is None:
        return failed(order, FailureClass.ENV, "Nothing makes dependencies ready here.")
    began = monotonic()
    async with context.set_ups.open(order.run, configured.repository.name, steps, secrets) as place:
        is_kept = place.is_kept
        if not is_kept:
            bad = await _perform(order.run, configured, place, context)
            if bad is not None:
                await context.record(order.run, bad)
                return failed(order, FailureClass.ENV, _sentence(bad))
            await place.keep()
        name = await place.provide()
    took = round((monotonic() - began) * 1000)
    await context.record(order.run, SetupFinished(status="cached" if is_kept else "ready", duration_ms=took))
    return name


async def _try_services(run: RunId, services: Sequence[ServiceSpec], context: StepContext) -> ServiceFailed | None:
    """Start them once, before an agent is paid that could not use them."""
    if context.services is None:
        return ServiceFailed(service=services[0].name, detail="nothing starts services here")
    began = monotonic()
    bad = await context.services.try_out(run, services)
    if bad is not None:
        tail = None if bad.tail is None else context.redact(bad.tail)[-_TAIL:]
        return bad.model_copy(update={"detail": context.redact(bad.detail), "tail": tail})
    shown = await context.services.versions(services)
    await context.record(run, ServicesReady(services=shown, duration_ms=round((monotonic() - began) * 1000)))
    return None


def _service_sentence(bad: ServiceFailed) -> str:
    return f"The service {bad.service} did not get ready: {bad.detail.rstrip('.')}. The agent did not start."


async def _perform(run: RunId, configured: Configured, place: SetUpPlace, context: StepContext) -> SetupFinished | None:
    """The end of the step that failed; None where none did."""
    steps, attached = configured.repository.setup, configured.attached_to("setup")
    for number, step in enumerate(steps, start=1):
        await context.record(run, SetupStarted(step=step.name, number=number, of=len(steps)))
        async with context.proxies(run, step.hosts, "setup", attached) as listener:
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
