"""The model gateway as people see and stop it: `ompycord gateway`, and in Discord `/omp gateway` and `/omp-admin`.

It works in the running process alone: where none runs, no model is asked. Counterparts: `cli/gateway.py`,
`bot/commands/health.py`.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from ompycord.errors import RefusedInWords
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.render.models import ModelsState, RequestRefusal, RestingModel
from ompycord.telemetry import get_logger

__all__ = ["STOP_FILE", "ModelOperations", "without_process"]

STOPPED: Final = "Ompycord: an admin stopped all models. Ask again once they are allowed again."
STOP_FILE: Final = "models_stopped"
"""In the data folder: while it is there, a start allows no model. It holds who stopped them."""
_NAMES: Final = ("gateway.status", "gateway.stop", "gateway.resume")

log = get_logger(__name__)

Operations = dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]


class ModelOperations:
    """Reads and stops the gateway of this process; a stop outlives it. Implements `bot.lookups.ModelControl`."""

    def __init__(self, gateway: ModelGateway, *, data: Path) -> None:
        """Stops it where `data` says that it was stopped."""
        self._gateway = gateway
        self._file = data / STOP_FILE
        if self._file.exists():
            gateway.stop(STOPPED)

    def state(self) -> ModelsState:
        """See the port."""
        gateway, now = self._gateway, self._gateway.upstreams.clock.now_ms()
        return ModelsState(
            providers=tuple(spec.name for spec in gateway.upstreams.providers),
            streams=gateway.streams,
            is_stopped=gateway.is_stopped,
            usd_of_last_minute=gateway.activity.nano_usd_of_last_minute(now) / 1_000_000_000,
            resting=tuple(
                RestingModel(provider=one.provider, model=one.model, until=one.until)
                for one in gateway.upstreams.resting()
            ),
            refusals=gateway.activity.refusals,
            refused=tuple(RequestRefusal(at=one.at, run=one.run, words=one.words) for one in gateway.activity.refused),
        )

    def rests(self, provider: str | None, model: str | None) -> bool:
        """See the port."""
        return any((one.provider, one.model) == (provider, model) for one in self._gateway.upstreams.resting())

    def stop(self, by: str) -> int:
        """See the port. Blocks for the writing of a small file."""
        ended = self._gateway.stop(STOPPED)
        try:
            self._file.write_text(f"{by}\n", encoding="utf-8")
        except OSError as error:
            log.error("models.stop_not_kept", cause=str(error))  # noqa: TRY400  # a full disk needs no traceback
        log.warning("models.stopped", by=by, ended=ended)
        return ended

    def resume(self, by: str) -> bool:
        """See the port."""
        was_stopped = self._gateway.is_stopped
        self._file.unlink(missing_ok=True)
        self._gateway.resume()
        log.warning("models.resumed", by=by)
        return was_stopped

    def operations(self) -> Operations:
        """The operations by the names that the control socket uses."""
        return dict(zip(_NAMES, (self._status, self._stop, self._resume), strict=True))

    async def _status(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self.state().model_dump(mode="json")

    async def _stop(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ended": self.stop("the command line")}

    async def _resume(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"was_stopped": self.resume("the command line")}


def without_process() -> Operations:
    """The same names where no process runs: each refuses in words."""

    async def refuse(arguments: dict[str, Any]) -> Any:
        raise RefusedInWords("No Ompycord runs with this data folder, so no model is asked.")

    return dict.fromkeys(_NAMES, refuse)
