"""What comes before an agent's work, as it is wired: the look at all that a run needs."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.mode import usage_of
from ompycord.app.precheck import Precheck, PrecheckParts
from ompycord.app.precheck.provider_lines import Providers, reach
from ompycord.app.system import SystemClock
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.app.wiring.parts import Infrastructure, Workers
from ompycord.http.proxy.forward_proxy import upstream_of
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.processes.launcher_port import Launcher, can_deny_network
from ompycord.settings import Settings
from ompycord.settings.repository_file import configure_by
from ompycord.workspaces.preparing.base_reader import BaseReader
from ompycord.workspaces.preparing.kept import largest_of

__all__ = ["precheck_for", "precheck_of"]


def precheck_of(infrastructure: Infrastructure, workers: Workers, gateway: ModelGateway) -> Precheck | None:
    """The look; None where nothing reads a base before there is a clone."""
    if workers.bases is None:
        return None
    providers = Providers(
        tuple(infrastructure.settings.providers.values()),
        clock=infrastructure.clock,
        stopped=lambda: gateway.is_stopped,
        proxy=upstream_of(os.environ),
        reach_of=partial(reach, trust=infrastructure.trust),
        is_network_denied=can_deny_network(workers.launcher.level),
    )
    return precheck_for(
        infrastructure.settings,
        infrastructure.data.path,
        bases=workers.bases,
        launcher=workers.launcher,
        environ=os.environ,
        providers=providers,
        forges=infrastructure.forges,
    )


def precheck_for(
    settings: Settings,
    data: Path,
    *,
    bases: BaseReader,
    launcher: Launcher,
    environ: Mapping[str, str],
    providers: Providers,
    forges: ForgeConnections | None = None,
) -> Precheck:
    """The look with these settings; `data` is the folder of what is kept, there or not.

    `forges` are the connections of the running process, whose credentials are shown nowhere.
    """
    clock = SystemClock()
    connections = forges or ForgeConnections(ForgeCredentials(data, clock=clock, learn=lambda values: None), clock)
    there = next(one for one in (data, *data.parents) if one.exists())
    return Precheck(
        PrecheckParts(
            catalog=settings.catalog,
            bases=bases,
            configure=configure_by(settings.catalog),
            level=launcher.level,
            remedy=launcher.remedy,
            environ=environ,
            usage=partial(usage_of, there),
            set_up_size=partial(largest_of, data / "setups"),
            providers=providers,
            now_ms=clock.now_ms,
            open_forge=connections.proposing,
        )
    )
