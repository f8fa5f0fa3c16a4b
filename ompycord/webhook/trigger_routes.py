"""`POST /triggers/{name}`: messages of other systems that may start runs; `schedules/triggers/` decides about them.

Authentication, sizes and refusals are those of `ingest.py`; the key needs the scope `triggers:fire`.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast

from ompycord.domain.ports.triggers import TriggerMessages
from ompycord.domain.records import Scope
from ompycord.http.dispatcher import RawHandler
from ompycord.http.pipeline import AuthenticatedRequest, RawAnswer, RawRequest, RequestPipeline
from ompycord.http.problems import Headers, Problem, problem
from ompycord.text.strict_json import NotJson, parse_json, require_within_limits
from ompycord.webhook.acknowledgement import JSON

__all__ = ["PREFIX", "TriggerRoutes"]

PREFIX: Final = "/triggers/"
_VALUES: Final = 65_536


class TriggerRoutes:
    """Takes messages for the triggers of the settings."""

    def __init__(self, *, triggers: TriggerMessages, pipeline: RequestPipeline, most: int) -> None:
        """`most`: bytes of a message."""
        self._triggers = triggers
        self._pipeline = pipeline
        self._most = most

    def find(self, path: str, query: bytes, headers: Mapping[bytes, bytes]) -> RawHandler | None:
        """The handler of this address; None for one that is no trigger's."""
        return partial(self._serve, path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None

    async def _serve(self, name: str, request: RawRequest) -> RawAnswer:
        take = partial(self._take, name)
        return await self._pipeline.serve(request, take, most=self._most, scope=Scope.TRIGGERS_FIRE)

    async def _take(self, name: str, authenticated: AuthenticatedRequest) -> RawAnswer:
        if not self._triggers.knows(name):
            return problem(Problem("not-found"))
        self._pipeline.require_rate(authenticated.key, 1)
        outcomes = await self._triggers.take(name, _payload(authenticated.body))
        body = json.dumps({str(outcome): number for outcome, number in outcomes.items()}).encode()
        answer: Headers = (JSON, (b"content-length", str(len(body)).encode()))
        return 202, answer, body


def _payload(body: bytes) -> Mapping[str, Any]:
    """Raises Problem: malformed-json, schema-invalid."""
    try:
        value = parse_json(body)
        require_within_limits(value, most=_VALUES, longest=len(body))
    except NotJson as error:
        raise Problem("malformed-json", str(error)) from None
    if not isinstance(value, dict):
        raise Problem("schema-invalid", "A message is a JSON object.", errors=[("", "dict_type")])
    return cast("Mapping[str, Any]", value)
