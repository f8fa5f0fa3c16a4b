"""What the model gateway does, in words: for `/omp gateway` and the command line."""

from collections.abc import Iterator
from typing import Final

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import RunId, short_id
from ompycord.render.phrases import clock, count, money
from ompycord.render.sanitizer import Sanitizer

__all__ = ["ModelsState", "RequestRefusal", "RestingModel", "models_text"]

_LINE: Final = 200


class RestingModel(Frozen):
    """A model at a provider that is not asked until then."""

    provider: str
    model: str
    until: Millis


class RequestRefusal(Frozen):
    """A request that Ompycord answered itself."""

    at: Millis
    run: RunId
    words: str


class ModelsState(Frozen):
    """What the gateway does now."""

    providers: tuple[str, ...] = ()
    streams: int = 0
    is_stopped: bool = False
    usd_of_last_minute: float = 0.0
    resting: tuple[RestingModel, ...] = ()
    refusals: int = 0
    """Since the start of the process; `refused` has the latest."""
    refused: tuple[RequestRefusal, ...] = ()


def models_text(state: ModelsState, *, sanitizer: Sanitizer, is_shared: bool = False) -> str:
    """A line for each thing that people look for. `is_shared`: without numbers, which count runs of other servers."""
    return "\n".join(_lines(state, sanitizer, is_shared=is_shared))


def _lines(state: ModelsState, sanitizer: Sanitizer, *, is_shared: bool) -> Iterator[str]:
    if state.is_stopped:
        yield "⚠ **All models are stopped.** `/omp-admin resume-models` allows them again."
    if not is_shared:
        yield f"**Requests under way** {state.streams:,}"
        yield f"**Spent in the last minute** {money(state.usd_of_last_minute)}"
    resting = {one.provider for one in state.resting}
    fine = [sanitizer.line(name, 60) for name in state.providers if name not in resting]
    if fine:
        yield f"✅ **Providers** {', '.join(fine)}"
    for one in state.resting:
        where = f"**{sanitizer.line(one.provider, 60)}** is not asked for {sanitizer.line(one.model, 60)}"
        yield f"⚠ {where} until {clock(one.until)}: it failed five times in a row."
    if is_shared and state.refused:
        yield "**Refused** in this server, the latest:"
    elif state.refusals and not is_shared:
        yield f"**Refused** {count(state.refusals, 'request')} since start; the latest:"
    for one in reversed(state.refused):
        yield f"- {clock(one.at)} `{short_id(one.run)}` {sanitizer.line(one.words.removeprefix('Ompycord: '), _LINE)}"
