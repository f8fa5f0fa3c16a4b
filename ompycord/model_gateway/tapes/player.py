"""Answers from a tape as the providers of the recorded run did; the gateway asks it in their place.

An ASGI application, served on this machine alone. Of the answers that were given to requests of the same dialect and
model, in the recorded order, a request gets the first one that was given to the same request, else to one with the same
tools, else the first that is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Receive, Scope, Send

from ompycord.http.adopted_socket import ABORT
from ompycord.model_gateway.answers import ModelRefusal, refusal
from ompycord.model_gateway.dialects import Dialect, ModelRoute, route_of
from ompycord.model_gateway.policy import NotAllowed, read_request
from ompycord.model_gateway.tapes.normal_form import normal_form, shape_of
from ompycord.model_gateway.tapes.rewriting import rewritten
from ompycord.model_gateway.tapes.tape import Tape, TapedRequest

__all__ = ["TapePlayer"]

_NOTHING_LEFT: Final = "Ompycord: the tape has no answer left for this request."


@dataclass(slots=True)
class _Recorded:
    """One answer of the tape."""

    request: TapedRequest
    form: str
    shape: str
    is_played: bool = False


@dataclass(kw_only=True)
class TapePlayer:
    """Plays one tape once."""

    tape: Tape
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Texts of the recorded run, such as its folder, with those of this one; to be filled before the first request."""
    played: int = 0
    different: int = 0
    """Requests that got an answer which was given to another one."""
    missing: int = 0
    """Requests for which nothing was left."""
    _recorded: list[_Recorded] = field(init=False)

    def __post_init__(self) -> None:
        stands = self._stands(self.tape_names)
        self._recorded = [
            _Recorded(one, normal_form(one.body, stands), shape_of(one.body)) for one in self.tape.requests
        ]

    @property
    def tape_names(self) -> tuple[str, ...]:
        """Texts that are the recorded run's alone, the longest first."""
        return (self.tape.head.folder, self.tape.head.run)

    @property
    def left(self) -> int:
        """Answers that were not asked for."""
        return sum(not one.is_played for one in self._recorded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        body = await _whole(receive)
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        path = b"/" + raw_path.split(b"/", 2)[-1]  # behind the name of the provider
        route = route_of(scope["method"], path)
        found = None if route is None else self._next(route, body)
        if found is None:
            self.missing += 1
            dialect = Dialect.CHAT if route is None else route.dialect
            answer = refusal(dialect, ModelRefusal.NOT_ALLOWED, _NOTHING_LEFT)
            await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
            await send({"type": "http.response.body", "body": answer.body})
            return
        await self._answer(found, scope, send)

    def _next(self, route: ModelRoute, body: bytes) -> TapedRequest | None:
        text = body.decode("utf-8", "replace")
        try:
            model = read_request(route, body).model
        except (NotAllowed, ValueError):
            return None
        left = [
            one for one in self._recorded
            if not one.is_played and (one.request.dialect, one.request.model) == (route.dialect, model)
        ]  # fmt: skip
        form = normal_form(text, self._stands(tuple(self.names.values())))
        same = next((one for one in left if one.form == form), None)
        shape = shape_of(text)
        chosen = same or next((one for one in left if one.shape == shape), None) or next(iter(left), None)
        if chosen is None:
            return None
        chosen.is_played = True
        self.played += 1
        self.different += same is None
        return chosen.request

    async def _answer(self, taped: TapedRequest, scope: Scope, send: Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in _headers(taped)]
        await send({"type": "http.response.start", "status": taped.status, "headers": headers})
        for part in rewritten([text for _, text in taped.parts], self._renamed):
            await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
        if taped.end == "cut":
            scope["state"][ABORT]()
            return
        await send({"type": "http.response.body", "body": b""})

    def _renamed(self, text: str) -> str:
        for former, now in self.names.items():
            text = text.replace(former, now)
        return text

    @staticmethod
    def _stands(names: tuple[str, ...]) -> Mapping[str, str]:
        return {name: f"<{at}>" for at, name in enumerate(names)}


def _headers(taped: TapedRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, value in taped.answer_headers.items() if name != "retry-after"]


async def _whole(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body
