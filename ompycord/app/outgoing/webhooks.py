"""From `notify` of the settings to what sends: secrets, rules for the projector, and a worker each."""

import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ompycord.app.outgoing.added import added_target
from ompycord.conductor import Bus, NotificationRule, Notifications
from ompycord.domain.deliveries import Destination, Topic
from ompycord.domain.ports import Clock
from ompycord.domain.ports.notify import NotificationQueue
from ompycord.errors import ConfigurationError
from ompycord.http import parse_secret
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.notify import DestinationWorker, Notifier, signed_message
from ompycord.settings import NotifySettings

__all__ = ["notifications_of", "open_notifier", "webhook_secrets"]


def webhook_secrets(settings: NotifySettings, folder: Path) -> dict[Destination, str]:
    """The signing secret of each webhook; `folder` is the data folder.

    Raises ConfigurationError, which never contains a secret.
    """
    return {one.name: _secret(one.name, folder / one.secret_file.expanduser()) for one in settings.webhooks}


def notifications_of(settings: NotifySettings, redact: Callable[[str], str]) -> Notifications:
    """The rules by which the projector makes deliveries."""
    rules = [
        NotificationRule(
            destination=one.name,
            topics=frozenset(Topic(topic) for topic in one.topics),
            repositories=frozenset(one.repositories),
        )
        for one in settings.all
    ]
    return Notifications(rules, redact=redact)


@asynccontextmanager
async def open_notifier(
    settings: NotifySettings,
    secrets: Mapping[Destination, str],
    *,
    queue: NotificationQueue,
    bus: Bus,
    clock: Clock,
    chance: Callable[[], float] = random.random,
    trust: Trust = MACHINE,
    redact: Callable[[str], str] = str,
) -> AsyncGenerator[Notifier]:
    """A worker for each webhook and notifier; their connections are closed at the end.

    `chance`, from 0 to 1, spreads its tries. Raises ConfigurationError for a notifier that cannot be made.
    """
    async with AsyncExitStack() as stack:
        workers: list[DestinationWorker] = []
        for one in settings.webhooks:
            from ompycord.notify.webhook import WebhookTarget  # httpx: where nothing is configured it is not loaded

            secret = parse_secret(secrets[one.name], named=_setting(one.name))
            message_of = signed_message(secret)
            target = WebhookTarget(destination=one.name, url=one.url, message_of=message_of, clock=clock, trust=trust)
            stack.push_async_callback(target.close)
            workers.append(DestinationWorker(target=target, queue=queue, clock=clock, chance=chance))
        for added in settings.notifiers:
            target = added_target(added, clock=clock, redact=redact)
            stack.push_async_callback(target.close)
            workers.append(DestinationWorker(target=target, queue=queue, clock=clock, chance=chance))
        yield Notifier(workers=workers, bus=bus)


def _secret(name: Destination, file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{_setting(name)}: that file cannot be read") from None
    parse_secret(text, named=_setting(name))
    return text


def _setting(name: Destination) -> str:
    return f"notify.webhooks.{name}.secret_file"
