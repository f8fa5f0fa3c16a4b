"""The webhook's part of the sidecar: its raw routes, its pages and its streams; counterpart of `http/dispatcher.py`."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from fastapi import FastAPI

from ompycord.conductor import Bus, Snapshots
from ompycord.domain.ports import Clock, Ids
from ompycord.domain.ports.triggers import TriggerMessages
from ompycord.http.auth_check import AuthCheck
from ompycord.http.dispatcher import RawHandler, RawRoutes
from ompycord.http.keys import KeySet
from ompycord.http.pipeline import RequestPipeline
from ompycord.webhook.backlog import Backlog
from ompycord.webhook.forge_routes import ForgeHooks, ForgeRoutes
from ompycord.webhook.hooks import Hooks
from ompycord.webhook.ingest import Ingest
from ompycord.webhook.limits import EventLimits
from ompycord.webhook.report_routes import Reports
from ompycord.webhook.routes import Probe, create_routes
from ompycord.webhook.streams import Streams
from ompycord.webhook.target import EventTarget
from ompycord.webhook.trigger_routes import TriggerRoutes

__all__ = ["WebhookMount", "create_webhook"]


class WebhookMount(NamedTuple):
    """What the dispatcher needs of the webhook."""

    raw: RawRoutes
    """Events and hooks."""
    root: FastAPI
    """Everything else."""


def create_webhook(
    *,
    store: EventTarget,
    snapshots: Snapshots,
    auth_check: AuthCheck,
    pipeline: RequestPipeline,
    keyring: KeySet,
    clock: Clock,
    ids: Ids,
    limits: EventLimits,
    wake: Callable[[], None],
    probes: Mapping[str, Probe],
    streams: Streams | None,
    reports: Reports | None,
    bus: Bus | None,
    triggers: TriggerMessages | None = None,
    forge_hooks: ForgeHooks | None = None,
) -> WebhookMount:
    """The webhook's routes.

    Without `streams` there are no server-sent events, without `reports` no /status and /metrics, and without `bus` no
    hook waits for people. `wake` is called after every append that stored something: it wakes the projector.
    """
    backlog = Backlog(store=store, clock=clock, limit=limits.backlog, wake=wake)
    ingest = Ingest(store=store, pipeline=pipeline, backlog=backlog, clock=clock, ids=ids, limits=limits)
    hooks = Hooks(
        store=store,
        snapshots=snapshots,
        pipeline=pipeline,
        backlog=backlog,
        clock=clock,
        ids=ids,
        limits=limits,
        bus=bus,
    )
    root = create_routes(
        store=store,
        snapshots=snapshots,
        auth_check=auth_check,
        keyring=keyring,
        streams=streams,
        probes=probes,
        is_draining=lambda: pipeline.is_draining,
        reports=reports,
    )
    exact = {"/api/webhook/event": ingest.event, "/api/webhook/events": ingest.batch}
    finders = [hooks.find]
    if triggers is not None:
        finders.insert(0, TriggerRoutes(triggers=triggers, pipeline=pipeline, most=limits.event_bytes).find)
    if forge_hooks is not None:
        finders.insert(0, ForgeRoutes(hooks=forge_hooks, pipeline=pipeline, clock=clock).find)

    def find(path: str, query: bytes, headers: Mapping[bytes, bytes]) -> RawHandler | None:
        found = (one(path, query, headers) for one in finders)
        return next((handler for handler in found if handler is not None), None)

    return WebhookMount(RawRoutes(exact, find), root)
