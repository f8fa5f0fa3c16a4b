"""Secrets that agents ask people for, as they are wired: over the data folder, the log and the page of the sidecar."""

from collections.abc import Mapping

from ompycord.app.wiring.parts import Infrastructure
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.secret_requests import PAGE_PREFIX, SecretLinks, SecretPages, SecretRequests
from ompycord.conductor.transitions import Transitions
from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.configuration.setup import User
from ompycord.domain.ids import RunId
from ompycord.http import Mount
from ompycord.http.run_listeners import SecretOfRun
from ompycord.text.secret_values import is_common
from ompycord.webhook.secret_page import secret_page

__all__ = ["attached_secret_of", "secret_mounts_of", "secret_pages_of", "secret_requests_of"]


def secret_requests_of(infrastructure: Infrastructure, access: RunAccess, transitions: Transitions) -> SecretRequests:
    """What agents ask for and people give."""
    return SecretRequests(
        access=access,
        transitions=transitions,
        history=infrastructure.store,
        observations=infrastructure.store,
        catalog=infrastructure.settings.catalog,
        vault=infrastructure.vault,
        present=infrastructure.present,
        bus=infrastructure.bus,
        is_common=is_common,
        wake=infrastructure.wake,
    )


def attached_secret_of(requests: SecretRequests, environ: Mapping[str, str]) -> SecretOfRun:
    """What is added to requests of a run's programs: to its agent's what a person gave for them, else the bot's own."""

    async def found(run: RunId, user: User, rule: AttachedSecret) -> str | None:
        given = await requests.for_host(run, rule.secret, rule.host) if user == "agent" else None
        return given or environ.get(rule.secret)

    return found


def secret_pages_of(infrastructure: Infrastructure, requests: SecretRequests) -> SecretPages:
    """Links to the page; none where people do not reach the sidecar."""
    return SecretPages(
        requests=requests,
        links=SecretLinks(clock=infrastructure.clock, ids=infrastructure.ids),
        store=infrastructure.store,
        snapshots=infrastructure.snapshots,
        public_url=infrastructure.settings.webhook.public_url,
    )


def secret_mounts_of(infrastructure: Infrastructure, pages: SecretPages) -> tuple[Mount, ...]:
    """The page, where there is one; also below the public address's own path, which a proxy may leave in a request."""
    webhook = infrastructure.settings.webhook
    if webhook.public_url is None:
        return ()
    page = secret_page(pages.links, pages.give, origin=webhook.public_origin)
    prefixes = dict.fromkeys((PAGE_PREFIX, f"{webhook.public_path}{PAGE_PREFIX}"))
    return tuple(Mount(prefix, page, is_for_browsers=True) for prefix in prefixes)
