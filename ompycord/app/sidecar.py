"""The sidecar: every edge on one dispatcher, sharing keys and limits.

Counterpart of `http/server.py`, which serves it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ompycord.conductor import Bus, Snapshots
from ompycord.domain.ports import Clock, Ids, RefusalNotes
from ompycord.domain.ports.triggers import TriggerMessages
from ompycord.http import AuthCheck, HttpLimits, KeySet, Mount, RequestPipeline, Sidecar
from ompycord.webhook import EventLimits, EventTarget, Probe, Reports, Streams, create_webhook
from ompycord.webhook.forge_routes import ForgeHooks

__all__ = ["create_sidecar"]

EVENT_LIMITS = EventLimits()


def create_sidecar(
    *,
    store: EventTarget,
    snapshots: Snapshots,
    keyring: KeySet,
    clock: Clock,
    ids: Ids,
    limits: HttpLimits,
    wake: Callable[[], None],
    probes: Mapping[str, Probe],
    event_limits: EventLimits = EVENT_LIMITS,
    streams: Streams | None = None,
    mounts: Sequence[Mount] = (),
    reports: Reports | None = None,
    bus: Bus | None = None,
    triggers: TriggerMessages | None = None,
    forge_hooks: ForgeHooks | None = None,
    hosts: Iterable[str] = (),
    redact: Callable[[str], str] = lambda text: text,
    refusals: RefusalNotes | None = None,
) -> Sidecar:
    """The webhook at the root and `mounts` under their prefixes.

    `hosts` are names beside those of the limits; `redact` takes loaded secrets out of answers, `refusals` are
    told what a key was refused. `streams`, `reports`,
    `bus` and `wake` as `create_webhook` has them.
    """
    auth_check = AuthCheck(keyring=keyring, clock=clock, limits=limits, refusals=refusals)
    pipeline = RequestPipeline(auth_check=auth_check, clock=clock, limits=limits)
    webhook = create_webhook(
        store=store,
        snapshots=snapshots,
        auth_check=auth_check,
        pipeline=pipeline,
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=event_limits,
        wake=wake,
        probes=probes,
        streams=streams,
        reports=reports,
        bus=bus,
        triggers=triggers,
        forge_hooks=forge_hooks,
    )
    return Sidecar(
        auth_check=auth_check,
        pipeline=pipeline,
        raw=[webhook.raw],
        mounts=mounts,
        root=webhook.root,
        hosts=frozenset((*limits.hosts, *hosts)),
        on_drain=[] if streams is None else [streams.drain],
        redact=redact,
    )
