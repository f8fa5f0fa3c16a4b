"""Asks an address again and again while Ompycord works: whoever owns it reports when that stops (a dead man's switch).

It is asked only after the database confirmed a write and events are taken in: a process that only lives is no process
that works. Nothing here waits on the disk by itself.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from ompycord.domain.alerting.options import HeartbeatOptions
from ompycord.domain.deliveries import Delivery, StoredDelivery, Topic
from ompycord.domain.ports import Clock
from ompycord.errors import ConfigurationError
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.notify import PostedMessage
from ompycord.notify.attempt import DeliveryTarget
from ompycord.telemetry import get_logger

__all__ = ["AddressPing", "Heartbeat", "HeartbeatState", "Ping", "heartbeat_url", "open_ping"]

HEARTBEAT: Final = "heartbeat"
_SETTING: Final = "alerts.heartbeat.url_file"
_LONGEST: Final = 2048

log = get_logger(__name__)


class Ping(Protocol):
    """Asks the address once; why it did not answer, None where it did. Raises nothing."""

    async def __call__(self) -> str | None: ...


class HeartbeatState:
    """How it went last, for health and doctor."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.sent = 0


class Heartbeat:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        ping: Ping,
        works: Callable[[], Awaitable[bool]],
        options: HeartbeatOptions,
        clock: Clock,
        state: HeartbeatState,
    ) -> None:
        """`works`: whether the process does its work now; it may wait for the disk, and then nothing is sent."""
        self._ping = ping
        self._works = works
        self._every_s = options.every_s
        self._clock = clock
        self._state = state

    async def run(self) -> None:
        """Ping until cancelled."""
        while True:
            await self.ping_once()
            await self._clock.sleep(self._every_s)

    async def ping_once(self) -> None:
        """Ping if the process works; a failure is logged once until the next success."""
        if not await self._works():
            return
        fault = await self._ping()
        if fault is None:
            self._state.sent += 1
        elif self._state.fault is None:
            log.warning("heartbeat.failed", reason=fault)
        self._state.fault = fault


def heartbeat_url(options: HeartbeatOptions, folder: Path) -> str:
    """The address of the file; `folder` is the data folder. Raises ConfigurationError, which never contains it."""
    file = folder / options.url_file.expanduser()
    try:
        with file.open(encoding="utf-8-sig") as text:
            url = text.read(_LONGEST + 1).strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{_SETTING}: that file cannot be read") from None
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or len(url) > _LONGEST or not url.isascii() or any(letter.isspace() for letter in url):
        raise ConfigurationError(f"{_SETTING}: that file must hold one address such as https://hc.example.org/ID")
    return url


class AddressPing:
    """Implements `Ping` by a target that asks the address."""

    def __init__(self, target: DeliveryTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock

    async def __call__(self) -> str | None:
        now = self._clock.now_ms()
        nothing = Delivery(id=HEARTBEAT, destination=HEARTBEAT, topic=Topic.ALERT, content={}, created_at=now)
        return (await self._target.deliver(StoredDelivery(delivery=nothing, seq=0, next_at=now))).error


@asynccontextmanager
async def open_ping(
    options: HeartbeatOptions | None,
    folder: Path,
    clock: Clock,
    *,
    learn: Callable[[Iterable[str]], object],
    trust: Trust = MACHINE,
) -> AsyncGenerator[Ping | None]:
    """A ping of the address of the settings; its connections are closed at the end. None where there is none.

    The address is a secret: `learn` takes it. Raises ConfigurationError.
    """
    if options is None:
        yield None
        return
    from ompycord.notify.webhook import WebhookTarget  # httpx: where nothing is configured it is not loaded

    url = heartbeat_url(options, folder)
    learn([url])
    target = WebhookTarget(
        destination=HEARTBEAT,
        url=url,
        message_of=lambda stored, now: PostedMessage(b"", {}),
        clock=clock,
        method="GET",
        trust=trust,
    )
    try:
        yield AddressPing(target, clock)
    finally:
        await target.close()
