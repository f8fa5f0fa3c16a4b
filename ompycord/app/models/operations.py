"""`ompycord gateway`: what the model gateway does now, and its stop. Counterpart of `cli/gateway.py`.

It works in the running process alone: where none runs, no model is asked.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ompycord.errors import RefusedInWords
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.telemetry import get_logger

__all__ = ["ModelOperations", "without_process"]

STOPPED: Final = "Ompycord: an admin stopped all models. Ask again once they are allowed again."
_NAMES: Final = ("gateway.status", "gateway.stop", "gateway.resume")

log = get_logger(__name__)

Operations = dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]


class ModelOperations:
    """Reads and stops the gateway of this process."""

    def __init__(self, gateway: ModelGateway) -> None:
        self._gateway = gateway

    def operations(self) -> Operations:
        """The operations by the names that the control socket uses."""
        return dict(zip(_NAMES, (self._status, self._stop, self._resume), strict=True))

    async def _status(self, arguments: dict[str, Any]) -> dict[str, Any]:
        upstreams = self._gateway.upstreams
        return {
            "providers": [spec.name for spec in upstreams.providers],
            "streams": self._gateway.streams,
            "stopped": self._gateway.is_stopped,
            "resting": [{"provider": provider, "model": model} for provider, model in upstreams.resting()],
        }

    async def _stop(self, arguments: dict[str, Any]) -> dict[str, Any]:
        ended = self._gateway.stop(STOPPED)
        log.warning("models.stopped", ended=ended)
        return {"ended": ended}

    async def _resume(self, arguments: dict[str, Any]) -> dict[str, Any]:
        was_stopped = self._gateway.is_stopped
        self._gateway.resume()
        log.warning("models.resumed")
        return {"was_stopped": was_stopped}


def without_process() -> Operations:
    """The same names where no process runs: each refuses in words."""

    async def refuse(arguments: dict[str, Any]) -> Any:
        raise RefusedInWords("No Ompycord runs with this data folder, so no model is asked.")

    return dict.fromkeys(_NAMES, refuse)
