"""`POST /hooks/{forge}`: signed webhooks of forges; `conductor/issue_calls/` decides what they lead to.

The forge's own signature counts here, and nothing else: no key of ours opens this route. Refusals are those of the
other raw routes.
"""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast

from ompycord.domain.issue_calls.reading import read_hook
from ompycord.domain.issue_calls.records import HookDelivery, HookOutcome
from ompycord.domain.ports import Clock
from ompycord.domain.ports.triggers import HookMessages
from ompycord.http.dispatcher import RawHandler
from ompycord.http.forge_signature import may_be_forge_signature, verify_for_forge
from ompycord.http.pipeline import RawAnswer, RawRequest, RequestPipeline
from ompycord.http.problems import Headers, Problem
from ompycord.text.strict_json import NotJson, parse_json
from ompycord.webhook.acknowledgement import JSON

__all__ = ["MOST_BYTES", "PREFIX", "ForgeHooks", "ForgeRoutes"]

PREFIX: Final = "/hooks/"
MOST_BYTES: Final = 2 * 1024 * 1024
"""Bytes of a delivery: a pull request's with all of its text is a tenth of that."""
_DELIVERY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_EVENT: Final = re.compile(r"[a-z_]{1,60}")


class ForgeHooks(NamedTuple):
    """The forges of the settings, and what takes their deliveries."""

    secrets: Mapping[str, bytes]
    """By the names of the forges."""
    messages: HookMessages


class ForgeRoutes:
    """Takes deliveries of the forges of the settings."""

    def __init__(self, *, hooks: ForgeHooks, pipeline: RequestPipeline, clock: Clock) -> None:
        self._secrets, self._messages = hooks
        self._pipeline = pipeline
        self._clock = clock

    def find(self, path: str, query: bytes, headers: Mapping[bytes, bytes]) -> RawHandler | None:
        """The handler of this address; None for one that is no forge's."""
        name = path.removeprefix(PREFIX)
        return partial(self._serve, name) if path.startswith(PREFIX) and name in self._secrets else None

    async def _serve(self, name: str, request: RawRequest) -> RawAnswer:
        signature = request.headers.get(b"x-hub-signature-256", b"")

        def is_valid(body: bytes) -> bool:
            return verify_for_forge(self._secrets[name], signature=signature, body=body)

        return await self._pipeline.serve_signed(
            request,
            partial(self._take, name, request),
            most=MOST_BYTES,
            is_formed=may_be_forge_signature(signature),
            is_valid=is_valid,
            sender=f"hook:{name}",
        )

    async def _take(self, name: str, request: RawRequest, body: bytes) -> RawAnswer:
        headers = request.headers
        delivery = headers.get(b"x-github-delivery", b"").decode("latin-1")
        named = headers.get(b"x-github-event") or headers.get(b"x-github-event-type", b"")  # Gitea of a status
        event = named.decode("latin-1")
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if _DELIVERY.fullmatch(delivery) is None or _EVENT.fullmatch(event) is None:
            raise Problem("schema-invalid", "X-GitHub-Delivery and X-GitHub-Event are needed.")
        if kind != b"application/json":
            raise Problem("encoding", "Set the webhook's content type to application/json at the forge.")
        if event == "ping":
            return _answer(HookOutcome.IGNORED)
        taken = HookDelivery(
            hook=name,
            delivery=delivery,
            signature=headers[b"x-hub-signature-256"].decode("ascii"),
            at=self._clock.now_ms(),
        )
        return _answer(await self._messages.take(taken, read_hook(event, _payload(body))))


def _payload(body: bytes) -> Mapping[str, Any]:
    """Raises Problem: malformed-json, schema-invalid."""
    try:
        value = parse_json(body)
    except NotJson as error:
        raise Problem("malformed-json", str(error)) from None
    if not isinstance(value, dict):
        raise Problem("schema-invalid", "A delivery is a JSON object.", errors=[("", "dict_type")])
    return cast("Mapping[str, Any]", value)


def _answer(outcome: HookOutcome) -> RawAnswer:
    body = json.dumps({"outcome": outcome}).encode()
    answer: Headers = (JSON, (b"content-length", str(len(body)).encode()))
    return 202, answer, body
