"""The part of the product that takes events in and folds them, of the composition root's parts, without bot and agents.

Counterpart of `app_harness.py`, which wires all of it. `/readyz` of the whole asks for the gateway, which is not there
in tests and measurements of the sidecar alone: hence its own `probes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ompycord.app.sidecar import create_sidecar
from ompycord.app.wiring.work import projector_of
from ompycord.conductor import Projector
from ompycord.domain.catalog import Catalog
from ompycord.domain.ports import Clock, Ids
from ompycord.http import KeySet, Sidecar
from ompycord.store import SqliteStore
from ompycord.webhook import Probe, Streams
from tests.support.app_harness import infrastructure_of, settings_of

__all__ = ["Ingestion", "ingestion_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """What takes events in, folds them and streams them."""

    store: SqliteStore
    projector: Projector
    streams: Streams
    sidecar: Sidecar


def ingestion_of(
    store: SqliteStore,
    folder: Path,
    *,
    keys: KeySet,
    clock: Clock,
    ids: Ids,
    webhook: Mapping[str, object] | None = None,
    home_channel: str | None = None,
    probes: Mapping[str, Probe] | None = None,
    **stream_options: Any,
) -> Ingestion:
    """Wired over an open store; nothing runs yet.

    `webhook` is that section of the settings, `home_channel` where runs are shown that name no channel.
    """
    settings = settings_of(Catalog(), webhook=dict(webhook or {}), discord={"home_channel": home_channel})
    infrastructure = infrastructure_of(store, folder, settings=settings, clock=clock, ids=ids)
    projector = projector_of(infrastructure)
    streams = Streams(log=store, bus=infrastructure.bus, **stream_options)
    sidecar = create_sidecar(
        store=store,
        snapshots=infrastructure.snapshots,
        keyring=keys,
        clock=clock,
        ids=ids,
        limits=settings.webhook,
        event_limits=settings.webhook.events,
        wake=projector.wake,
        probes=probes or {},
        streams=streams,
        bus=infrastructure.bus,
    )
    return Ingestion(store=store, projector=projector, streams=streams, sidecar=sidecar)
