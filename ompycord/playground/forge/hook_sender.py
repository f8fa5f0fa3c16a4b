"""Delivers the forge's webhooks to one receiver: signed as GitHub does, in their order, each tried three times.

What became of each try is kept for the page's drawer. Counterparts: `hook_events.py`, which says what happened, and
`/control/forge-hook`, by which the receiver is named. Source: GitHub, "Validating webhook deliveries".
"""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from ompycord.playground.page.answers import with_body
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import NotPossibleError
from ompycord.playground.world.clock import Clock

TRIES: Final = 3
WAITS_S: Final = (1.0, 5.0)
"""Seconds before the second and the third try."""
ANSWER_S: Final = 10.0
"""As long as GitHub waits for an answer."""
QUEUED: Final = 200
"""Deliveries that wait; the oldest is left out beyond that."""
KEPT: Final = 100
DONE: Final = 300
"""Statuses below are taken; from `REFUSED` to `BROKEN` a receiver refuses for good."""
REFUSED: Final = 400
BROKEN: Final = 500
THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""The status of a request; 0 where there was no answer."""


@dataclass(frozen=True, kw_only=True)
class HookReceiver:
    """Where deliveries go, and what they are signed with."""

    url: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class HookTry:
    """One try of a delivery. `at` is in seconds since 1970."""

    number: int
    at: float
    event: str
    status: int
    """0 where there was no answer."""
    ms: float
    words: str
    """What follows, where it was not taken; else empty."""

    def summary(self) -> Json:
        """One line of the page's drawer, as for a request of the bot."""
        nothing: Json = {"bucket": "", "remaining": None, "reset_s": None, "fault": None}
        problems = [self.words] if self.words else []
        shown: Json = {"n": self.number, "at": self.at, "method": "HOOK", "route": self.event}
        return {**shown, "status": self.status, "ms": self.ms, "problems": problems, **nothing}


def signed(secret: str, body: bytes) -> str:
    """`X-Hub-Signature-256` of these bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _is_here(url: str) -> bool:
    """Whether it is an address of this machine: no event leaves it."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in THIS_MACHINE


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """By a connection of its own; see `Post`."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0


class HookSender:
    """One for a forge; `run` delivers until it is cancelled. Without a receiver nothing is kept or sent."""

    def __init__(
        self,
        *,
        clock: Clock,
        number: Callable[[], int],
        send: Post = post,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`number` numbers tries among the other lines of the drawer."""
        self.receiver: HookReceiver | None = None
        self.tries: deque[HookTry] = deque(maxlen=KEPT)
        self._clock = clock
        self._number = number
        self._send = send
        self._sleep = sleep
        self._queue: deque[tuple[str, bytes]] = deque(maxlen=QUEUED)
        self._has_more = asyncio.Event()

    def add_to(self, application: web.Application) -> None:
        application.router.add_route("POST", "/control/forge-hook", with_body(self._name_receiver))

    async def _name_receiver(self, body: Json) -> object:
        """Where deliveries go from now on; without `url` nowhere."""
        url, secret = body.get("url"), body.get("secret")
        if url is None:
            self.receiver = None
        elif isinstance(url, str) and _is_here(url) and isinstance(secret, str) and secret:
            self.receiver = HookReceiver(url=url, secret=secret)
        else:
            raise NotPossibleError("url is an http address of this machine, and secret signs what goes there")
        return {}

    def lines_after(self, number: int) -> list[Json]:
        """Of the page's drawer."""
        return [one.summary() for one in self.tries if one.number > number]

    def add(self, event: str, payload: Json) -> None:
        """Deliver it as it is now."""
        if self.receiver is not None:
            self._queue.append((event, json.dumps(payload).encode()))
            self._has_more.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._has_more.wait()
            self._has_more.clear()
            while self._queue:
                await self._deliver(*self._queue.popleft())

    async def _deliver(self, event: str, body: bytes) -> None:
        delivery = str(uuid.uuid4())
        action = json.loads(body).get("action")
        name = f"{event}.{action}" if action else event
        for attempt in range(1, TRIES + 1):
            receiver = self.receiver  # it may have begun again, at another port
            if receiver is None:
                return
            status = await self._try(receiver, event, delivery, name, body, attempt)
            if status < DONE and status:
                return
            if attempt == TRIES or REFUSED <= status < BROKEN:
                return
            await self._sleep(WAITS_S[attempt - 1])

    async def _try(
        self, receiver: HookReceiver, event: str, delivery: str, name: str, body: bytes, attempt: int
    ) -> int:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/playground",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": signed(receiver.secret, body),
        }
        began = asyncio.get_running_loop().time()
        at = self._clock.now()
        status = await self._send(receiver.url, body, headers)
        ms = (asyncio.get_running_loop().time() - began) * 1000
        words = _words(status, attempt)
        self.tries.append(HookTry(number=self._number(), at=at, event=name, status=status, ms=ms, words=words))
        return status


def _words(status: int, attempt: int) -> str:
    if status and status < DONE:
        return ""
    what = f"the sidecar answered {status}" if status else "the sidecar does not answer"
    is_last = attempt == TRIES or REFUSED <= status < BROKEN
    follows = "it is not tried again" if is_last else f"tried again in {WAITS_S[attempt - 1]:.0f} s"
    return f"try {attempt} of {TRIES}: {what}; {follows}"
