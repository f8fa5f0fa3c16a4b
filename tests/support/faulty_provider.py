"""A provider of models that answers by a word in the request, `ASK:NUMBER/FAULT:`, and bills what it gave whole.

Simulated: no model answers. Its counterpart is the model gateway, which asks it.
"""

from collections.abc import Sequence
from typing import Any, Final

from ompycord.http.adopted_socket import ABORT
from ompycord.model_gateway.dialects import Dialect, route_of
from tests.support.model_answers import Truth, answer

FAULTS: Final = ("none", "none", "none", "busy", "error", "cut", "leave")
_BUSY: Final = {"busy": 429, "error": 529}


class FaultyProvider:
    """Refuses once, breaks off in the middle, or waits until it is left; else it answers."""

    def __init__(self) -> None:
        self.bill: dict[str, tuple[int, int]] = {}
        """Input and output of each request whose answer was given whole, by its number."""
        self.answered: set[str] = set()
        """All that it began to answer."""
        self._refused: set[str] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        number, _, fault = body.partition(b"ASK:")[2].partition(b":")[0].decode().partition("/")
        assert number, body
        if fault in _BUSY and number not in self._refused:
            self._refused.add(number)
            headers = [(b"retry-after", b"0")]
            await send({"type": "http.response.start", "status": _BUSY[fault], "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        self.answered.add(number)
        route = route_of("POST", scope["raw_path"])
        assert route is not None
        truth = Truth(input=100 + int(number) % 97, output=10 + int(number) % 13)
        headers = [(b"content-type", b"text/event-stream"), (b"x-request-id", f"req_{number}".encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if await self._given(route.dialect, truth, fault, scope, receive, send):
            self.bill[number] = (truth.input, truth.output)
            await send({"type": "http.response.body", "body": b""})

    async def _given(self, dialect: Dialect, truth: Truth, fault: str, scope: Any, receive: Any, send: Any) -> bool:
        """Whether all of the answer was given."""
        parts: Sequence[bytes] = answer(dialect, truth, [f"word {at} " for at in range(20)])
        for at, part in enumerate(parts):
            if at == len(parts) // 2 and fault == "cut":
                scope["state"][ABORT]()
                return False
            if at == len(parts) // 2 and fault == "leave":
                await receive()  # until it is left
                return False
            await send({"type": "http.response.body", "body": part, "more_body": True})
        return True
