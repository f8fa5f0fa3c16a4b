"""Asks models through the model gateway, inside of this process: the run's ledger, limit, breakers and stops apply.

Implements `domain/ports/models.py`. The library is imported on the first call, in a thread; a server that asks no model
itself needs none of it.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from pydantic import BaseModel

from ompycord.domain.events import EventBody, PromptUsed
from ompycord.domain.ports.models import ModelCall, ModelReply, PromptTemplate
from ompycord.errors import ModelFailed
from ompycord.llm.installed import MISSING, is_installed
from ompycord.llm.kept_answers import KeptAnswers, key_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["GatewayModels"]

S = TypeVar("S", bound=BaseModel)

_TRIES: Final = 2
"""Answers in a wrong shape that go back to their model."""


class RecordFacts(Protocol):
    """Stores facts about the run."""

    def __call__(self, *bodies: EventBody) -> Awaitable[None]: ...


class GatewayModels:
    """For one step of one run."""

    def __init__(
        self,
        *,
        gateway: "ASGIApp",
        token: str,
        names: tuple[str, ...],
        dialect_of: Callable[[str], str | None],
        record: RecordFacts,
        kept: KeptAnswers,
    ) -> None:
        """`gateway` serves the run to which `token` belongs; `dialect_of` tells how a model is spoken to."""
        self.names = names
        self._gateway = gateway
        self._token = token
        self._dialect_of = dialect_of
        self._record = record
        self._kept = kept
        self._recorded: set[PromptUsed] = set()

    async def load(self) -> None:
        """See the port."""
        await asyncio.to_thread(_load)

    async def reply(self, call: ModelCall) -> ModelReply:
        """See the port."""
        key = key_of(call)
        if (kept := self._kept.get(key)) is not None:
            await self._used(call, kept=True)
            return ModelReply.model_validate_json(kept)
        dialect = await self._ready(call)
        from ompycord.llm import conversing

        reply = await conversing.reply(call, gateway=self._gateway, dialect=dialect, token=self._token)
        self._kept.keep(key, reply.model_dump_json())
        return reply

    async def fill(self, call: ModelCall, shape: type[S]) -> S:
        """See the port."""
        key = key_of(call, f"{shape.__name__} {shape.model_json_schema()}")
        if (kept := self._kept.get(key)) is not None:
            await self._used(call, kept=True)
            return shape.model_validate_json(kept)
        dialect = await self._ready(call)
        from ompycord.llm import conversing

        filled = await conversing.fill(
            call, shape, tries=_TRIES, gateway=self._gateway, dialect=dialect, token=self._token
        )
        self._kept.keep(key, filled.model_dump_json())
        return filled

    async def _ready(self, call: ModelCall) -> str:
        """The dialect of the model, once the library is here and the call is recorded."""
        dialect = self._dialect(call.model)
        await self.load()
        await self._used(call)
        return dialect

    async def _used(self, call: ModelCall, *, kept: bool = False) -> None:
        template: PromptTemplate = call.template
        used = PromptUsed(
            template=template.id, hash=template.hash, model=call.model, temperature=call.temperature, kept=kept
        )
        if used not in self._recorded:
            self._recorded.add(used)
            await self._record(used)

    def _dialect(self, model: str) -> str:
        dialect = self._dialect_of(model)
        if dialect is None:
            raise ModelFailed(f"No provider of the settings offers {model}. Name it under providers, in models.")
        return dialect


def _load() -> None:
    """Raises ModelFailed. Blocks: the import takes a second."""
    if not is_installed():
        raise ModelFailed(MISSING)
    importlib.import_module("ompycord.llm.conversing")
