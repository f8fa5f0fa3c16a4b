"""Lines about who is asked for models: whether one of them can be reached from here, and is trusted."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal
from urllib.parse import urlsplit

from ompycord.app.precheck.lines import failing, fine, warning
from ompycord.domain.events import PrecheckLine
from ompycord.domain.ports import Clock
from ompycord.domain.repository import AgentSpec
from ompycord.http.proxy.forward_proxy import UpstreamProxy
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.model_gateway.provider_options import ProviderSpec

__all__ = ["Providers", "ReachOf", "reach"]

_REACH_S: Final = 5.0
_KNOWN_S: Final = 60.0
"""How long a provider that was reached is not tried again."""

Reached = Literal["yes", "no", "untrusted"]
ReachOf = Callable[[str, int, bool], Awaitable[Reached]]
"""`await reach(host, port, is_tls)`."""


async def reach(host: str, port: int, is_tls: bool, *, trust: Trust = MACHINE) -> Reached:
    """Whether a connection can be made, and the certificate is trusted here."""
    context = trust.context if is_tls else None
    try:
        async with asyncio.timeout(_REACH_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError:
        return "untrusted"
    except (OSError, TimeoutError):
        return "no"
    writer.transport.abort()  # nothing was said, so nothing is left to say
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return "yes"


class Providers:
    """Those of the settings, as they are reached from this machine."""

    def __init__(
        self,
        providers: Sequence[ProviderSpec],
        *,
        clock: Clock,
        stopped: Callable[[], bool],
        proxy: UpstreamProxy | None = None,
        reach_of: ReachOf = reach,
        is_network_denied: bool = False,
    ) -> None:
        """`stopped`: whether an operator stopped all requests; with a `proxy` that one is what must be reached.

        `is_network_denied`: whether this machine can keep an agent from all other network.
        """
        self._is_network_denied = is_network_denied
        self._providers = providers
        self._clock = clock
        self._stopped = stopped
        self._proxy = proxy
        self._reach_of = reach_of
        self._reached: dict[str, float] = {}

    async def line(self, agent: AgentSpec) -> Sequence[PrecheckLine]:
        """Whether one of those who offer what the agent asks for answers; none where it asks elsewhere."""
        if agent.asks_models and not self._providers:
            text = f"{agent.name} asks models through Ompycord, and no provider is configured."
            return (failing("provider", text, "Name one under providers in ompycord.yml."),)
        if not (agent.asks_models or agent.sandbox.network == "gateway"):
            return ()
        if not self._providers:
            return self._none_of(agent)
        if self._stopped():
            return (failing("provider", "All model requests are stopped.", "Run: ompycord gateway resume"),)
        meant = [one for one in self._providers if _offers(one, agent)]
        if not meant:
            text = f"No provider offers a model of {agent.name}."
            return (failing("provider", text, f"Name one of them under providers, or in agents.{agent.name}.models."),)
        return await self._of(meant)

    def _none_of(self, agent: AgentSpec) -> Sequence[PrecheckLine]:
        """That an agent which asks models reaches none. Any command may be one that asks none."""
        if agent.kind in {"command", "rehearsal"} or not self._is_network_denied:
            return ()
        text = f"{agent.name} reaches Ompycord alone, where no provider is named: it has no model."
        fix = f"Name one under providers, or write agents.{agent.name}.sandbox.network: true."
        return (warning("provider", text, fix),)

    def refining_line(self) -> Sequence[PrecheckLine]:
        """That a task which is to be refined cannot be; none where it can."""
        if self._providers:
            return ()
        text = "The task should be refined, which asks models, and no provider is configured."
        return (failing("refine", text, "Name one under providers in ompycord.yml, or start it without refine."),)

    def tape_line(self, agent: AgentSpec) -> Sequence[PrecheckLine]:
        """That a run which is to be recorded asks nothing here; none where it does."""
        is_pointed = agent.asks_models or agent.sandbox.network == "gateway"
        if is_pointed and self._providers and not agent.key_variables:
            return ()
        text = f"{agent.name} asks no model through Ompycord, so this run has no tape."
        return (warning("tape", text, "Keep keys from it: docs/how-to/keep-keys-from-agents.md."),)

    async def _of(self, meant: Sequence[ProviderSpec]) -> Sequence[PrecheckLine]:
        states: list[tuple[ProviderSpec, Reached]] = [(one, await self._state(one)) for one in meant]
        lines = [
            (failing if not any(state == "yes" for _, state in states) else warning)(*_words(one, state))
            for one, state in states
            if state != "yes"
        ]
        return lines or (fine("provider", f"{', '.join(one.name for one in meant)} answers"),)

    async def _state(self, spec: ProviderSpec) -> Reached:
        now = self._clock.monotonic_s()
        if self._reached.get(spec.name, -_KNOWN_S) + _KNOWN_S > now:
            return "yes"
        url = urlsplit(spec.address)
        is_tls = url.scheme == "https"
        port = url.port or (443 if is_tls else 80)
        if self._proxy is not None and not spec.address.startswith("http://127."):
            state = await self._reach_of(self._proxy.host, self._proxy.port, False)
        else:
            state = await self._reach_of(url.hostname or "", port, is_tls)
        if state == "yes":
            self._reached[spec.name] = now
        return state


def _offers(spec: ProviderSpec, agent: AgentSpec) -> bool:
    return not agent.models or not spec.models or bool({*agent.models} & {*spec.models})


def _words(spec: ProviderSpec, state: Reached) -> tuple[str, str, str]:
    host = urlsplit(spec.address).hostname
    if state == "untrusted":
        text = f"The certificate of the provider {spec.name} ({host}) is not trusted here."
        return "tls", text, "Name its authority in tls.ca_file, and check this machine's clock."
    text = f"The provider {spec.name} ({host}) does not answer."
    return "provider", text, f"Check this machine's network and HTTPS_PROXY, or providers.{spec.name}.base_url."
