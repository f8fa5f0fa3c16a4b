"""Planned faults: the next requests that match are answered wrongly, late or not at all.

Counterparts: `page/control.py`, which plans them, and `rest/api.py`, which applies them.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args

from ompycord.playground.rules.documents import Json, as_object, encode
from ompycord.playground.world.clock import Clock

Action = Literal[
    "status",
    "delay_before",
    "delay_after",
    "drop_before",
    "drop_after",
    "half_after",
    "disturb",
    "outage",
    "kill_before",
    "kill_after",
]
ACTIONS: tuple[str, ...] = get_args(Action)
BEFORE: frozenset[str] = frozenset({"status", "delay_before", "drop_before", "disturb", "outage", "kill_before"})
LONGEST_DELAY_S = 60.0


class BadFaultError(ValueError):
    """A fault description that makes no sense; the message says why."""


@dataclass(kw_only=True)
class Fault:
    """One planned fault and the requests it was applied to."""

    number: int
    method: str
    route: str
    action: Action
    remaining: int
    skip: int
    """So many requests that match are let through first."""
    status: int
    seconds: float
    body: Json | None
    headers: dict[str, str]
    has_via: bool
    containing: str
    """Only requests with this in their body or their query."""
    probability: float
    chance: random.Random
    hits: list[str] = field(default_factory=list[str])

    def shown(self) -> Json:
        return {
            "id": self.number,
            "method": self.method,
            "route": self.route,
            "action": self.action,
            "remaining": self.remaining,
            "status": self.status,
            "seconds": self.seconds,
            "probability": self.probability,
            "hits": self.hits,
        }


class FaultPlan:
    """The planned faults in the order they were added; used ones stay listed, with their hits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._faults: list[Fault] = []
        self._added = 0
        self._out_until = 0.0
        self.on_outage: Callable[[], None] = lambda: None
        """Drops the connections that are open when an outage begins."""
        self.on_kill: Callable[[Fault, str], None] = lambda _fault, _request: None
        """Kills the bot's process for a fault, at the request that met it."""

    @property
    def is_out(self) -> bool:
        """Whether an outage lasts, in the playground's time: no request is answered and no connection accepted."""
        return self._clock.now() < self._out_until

    def cut_off(self, seconds: float) -> None:
        """Drop every connection of the bot and accept none for `seconds`."""
        self._out_until = self._clock.now() + seconds
        self.on_outage()

    def end_outage(self) -> None:
        self._out_until = 0.0

    def add(self, wanted: Json) -> Fault:
        """Plan a fault. Raises BadFaultError.

        `method` (`*` for any), `route` (Discord's template or path without `/api/v10`, with `*`), `action`, `count`,
        `skip`, `containing` a text in the body or the query; `status`, `body`, `headers` and `via` for `status`,
        `seconds` for delays and outages, `body` as of `POST /control/gateway` for `disturb`, `probability` with `seed`.
        """
        action = wanted.get("action")
        if action not in ACTIONS:
            raise BadFaultError(f"action is one of {', '.join(ACTIONS)}")
        seconds = _number(wanted, "seconds", 0.0, LONGEST_DELAY_S)
        self._added += 1
        fault = Fault(
            number=self._added,
            method=str(wanted.get("method", "*")).upper(),
            route=str(wanted.get("route", "*")),
            action=cast("Action", action),
            remaining=int(_number(wanted, "count", 1, 10_000)),
            skip=int(_number(wanted, "skip", 0, 10_000)),
            status=int(_number(wanted, "status", 500, 599)),
            seconds=seconds,
            body=as_object(wanted.get("body")),
            headers={name: str(value) for name, value in (as_object(wanted.get("headers")) or {}).items()},
            has_via=wanted.get("via") is not False,
            containing=str(wanted.get("containing", "")),
            probability=_number(wanted, "probability", 1.0, 1.0),
            chance=random.Random(int(_number(wanted, "seed", 0, 2**53))),  # noqa: S311  # reproducible, not secret
        )
        self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Forget one fault, used or not."""
        self._faults = [kept for kept in self._faults if kept is not fault]

    def clear(self) -> None:
        self._faults.clear()
        self.end_outage()

    def shown(self) -> list[Json]:
        return [fault.shown() for fault in self._faults]

    def next_for(self, method: str, path: str, route: str, *, query: str = "", body: object = None) -> Fault | None:
        """The fault to apply to this request, counted and recorded; None for most."""
        for fault in self._faults:
            if not fault.remaining or fault.method not in ("*", method):
                continue
            if not (fnmatchcase(path, fault.route) or fault.route == route):
                continue
            if fault.containing not in query and (body is None or fault.containing not in encode(body).decode()):
                continue
            if fault.chance.random() >= fault.probability:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.remaining -= 1
            fault.hits.append(f"{method} {route}")
            return fault
        return None


def _number(wanted: Json, key: str, default: float, highest: float) -> float:
    value: Any = wanted.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        raise BadFaultError(f"{key} is a number from 0 to {highest:g}")
    return value
