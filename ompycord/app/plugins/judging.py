"""What a rule finds of code that is not ours, tried in an event loop of its own; shared by the rules of each kind."""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from ompycord.app.conformance import RuleVerdict
from ompycord.plugins.own_loop import OwnLoop

__all__ = ["Broken", "judged_by_example", "require_unrepeated", "why_broken"]

_SHORTEST_SECRET: Final = 8


class Broken(Exception):  # between a rule and its judge
    """Why a rule is not kept."""


class WithExample(Protocol):
    """A record that has options for its trial."""

    @property
    def example(self) -> Mapping[str, Any]: ...


RecordT = TypeVar("RecordT", bound=WithExample)


async def judged_by_example(
    rule: Callable[[RecordT, Mapping[str, Any]], Awaitable[None]], record: RecordT, *, wait_s: float
) -> RuleVerdict:
    """A rule's verdict on a record, with the options of its example and an empty folder for it."""
    name = rule.__name__.replace("_", " ").strip()
    with tempfile.TemporaryDirectory(prefix="ompycord-plugin-") as folder:
        example = {key: _placed(value, folder) for key, value in record.example.items()}
        why = await why_broken(partial(rule, record, example), wait_s=wait_s)
    return RuleVerdict(rule=name, kept=why is None, why=why or "")


def require_unrepeated(example: Mapping[str, Any], words: str, why: str) -> None:
    """Raises Broken where words hold an option of the example; `why` has the option's name as `{key}`."""
    for key, value in example.items():
        if isinstance(value, str) and len(value) >= _SHORTEST_SECRET and value in words:
            raise Broken(why.format(key=key))


async def why_broken(act: Callable[[], Awaitable[None]], *, wait_s: float) -> str | None:
    """What its code does wrong, in a loop of its own: what never ends there must not keep the command."""
    own = OwnLoop(name="plugin check")
    acting = own.begin(act)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await acting.wait()
    acting.cancel()
    is_ended = await own.end()
    outcome = acting.outcome
    if isinstance(error := outcome.error if outcome is not None else None, Broken):
        return str(error)
    if outcome is None or not is_ended:
        return f"it went on for {wait_s:.0f} s" if outcome is None else "it leaves something behind that does not end"
    return None if error is None else f"it raised {type(error).__name__}: {error}"[:300]


def _placed(value: Any, folder: str) -> Any:
    return value.replace("{folder}", folder) if isinstance(value, str) else value
