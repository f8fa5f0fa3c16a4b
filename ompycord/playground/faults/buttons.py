"""The drawer's fault buttons: kill the bot, cut the network, fill the disk; each from a seed, each recorded.

Counterpart: `page/static/faults.js`. `recipes.py` decides what a seed means.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ompycord.playground.faults.bot_disk import BotDisk
from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.faults.plan import Fault, FaultPlan
from ompycord.playground.faults.recipes import (
    FULL_FOR_S,
    HIGHEST_SEED,
    KILL_WITHIN_S,
    KINDS,
    Cut,
    Fill,
    Kill,
    Kind,
    recipe,
)
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import NotPossibleError
from ompycord.playground.world.core import Core

SHOWN: Final = 30
CONFLICT: Final = 409


@dataclass(kw_only=True)
class Active:
    """A fault in force: what takes it back, and what ends it otherwise."""

    undo: Callable[[], None]
    fault: Fault | None = None
    """The planned fault that carries it; None where no request does."""
    timer: asyncio.TimerHandle | None = None
    record: Json = field(default_factory=dict[str, object])


class FaultButtons:
    """Presses buttons and takes back what they did. At most one fault of a kind is in force."""

    def __init__(
        self,
        *,
        core: Core,
        plan: FaultPlan,
        bot: BotProcess,
        kill_within_s: float = KILL_WITHIN_S,
        full_for_s: float = FULL_FOR_S,
    ) -> None:
        self._core = core
        self._plan = plan
        self._bot = bot
        self._kill_within_s = kill_within_s
        self._full_for_s = full_for_s
        self._disk = BotDisk(storage=core.storage, bot=bot)
        self._disk.free()  # a playground that was killed could not free it
        self._active: dict[Kind, Active] = {}

    def state(self) -> Json:
        """What is in force, what is not available here and why, and what was done, the newest first."""
        self._end_a_finished_cut()
        in_force = {active.record["id"] for active in self._active.values()}
        newest = self._core.storage.newest("fault", "", limit=SHOWN)
        return {
            "in_force": sorted(self._active),
            "not_here": {"fill": self._disk.why_not} if self._disk.why_not else {},
            "highest_seed": HIGHEST_SEED,
            "done": [{**record, "in_force": record["id"] in in_force} for record in newest],
        }

    def press(self, kind: object, seed: object) -> Json:
        """Apply the fault. Raises NotPossibleError: unknown, not possible, or in force already."""
        found = _kind(kind)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 1 <= seed <= HIGHEST_SEED:
            raise NotPossibleError(f"A seed is a whole number from 1 to {HIGHEST_SEED}.")
        self._end_a_finished_cut()
        if found in self._active:
            raise NotPossibleError("That is in force already.", status=CONFLICT)
        wanted = recipe(found, seed)
        try:
            active = self._apply(wanted, seed)
        except BotProcessError as problem:
            raise NotPossibleError(f"Not done: {problem}.", status=CONFLICT) from problem
        self._active[found] = active
        active.record = {"id": self._core.ids.next(), "at": self._core.clock.now(), "kind": found, "seed": seed}
        active.record |= {"what": str(wanted), "outcome": ""}
        self._record(active.record)
        return self.state()

    def end(self, kind: object) -> Json:
        """Take back what is in force; what is not is no error."""
        self._end(_kind(kind), "ended on the page")
        return self.state()

    def close(self) -> None:
        """Take everything back: the playground ends."""
        for kind in tuple(self._active):
            self._end(kind, "ended with the playground")

    def bot_changed(self) -> None:
        """Another process may be the bot now: its disk stays full, and a planned kill is over."""
        if self._bot.pid is None:
            self._end("kill", "the bot had ended before")
        elif "fill" in self._active:
            self._disk.fill_again()

    def killed(self, fault: Fault, request: str) -> None:
        """A planned kill applies at this request, whether planned here or by `/control/faults`."""
        active = self._active.get("kill")
        if active is not None and active.fault is fault:
            self._end("kill", f"killed at {request}")
        try:
            self._bot.kill()
        except BotProcessError:
            return  # it ended by itself

    # -- one of each -------------------------------------------------------------------------------------------------

    def _apply(self, wanted: Kill | Cut | Fill, seed: int) -> Active:
        match wanted:
            case Kill():
                return self._plan_kill(wanted)
            case Cut():
                return self._cut(wanted, seed)
            case Fill():
                self._disk.fill(wanted.room)
                timer = _after(self._full_for_s, lambda: self._end("fill", "freed by itself"))
                return Active(undo=self._disk.free, timer=timer)

    def _plan_kill(self, wanted: Kill) -> Active:
        if self._bot.pid is None:
            raise BotProcessError("the registered bot process does not run")
        plan, action = self._plan, "kill_before" if wanted.is_before else "kill_after"
        fault = plan.add({"action": action, "skip": wanted.request - 1})
        timer = _after(self._kill_within_s, lambda: self.killed(fault, "the latest moment, without that request"))
        return Active(undo=lambda: plan.remove(fault), fault=fault, timer=timer)

    def _cut(self, wanted: Cut, seed: int) -> Active:
        plan, action = self._plan, "drop_before" if wanted.is_before else "drop_after"
        plan.cut_off(wanted.outage_s)
        losses: Json = {"action": action, "count": wanted.losses, "probability": wanted.probability, "seed": seed}
        fault = plan.add(losses)

        def undo() -> None:
            plan.end_outage()
            plan.remove(fault)

        return Active(undo=undo, fault=fault)

    def _end(self, kind: Kind, why: str) -> None:
        active = self._active.pop(kind, None)
        if active is None:
            return
        active.undo()
        if active.timer is not None:
            active.timer.cancel()
        lost = f"; {len(active.fault.hits)} lost" if kind == "cut" and active.fault is not None else ""
        self._record(active.record | {"outcome": why + lost})

    def _end_a_finished_cut(self) -> None:
        active = self._active.get("cut")
        if active is not None and active.fault is not None and not active.fault.remaining and not self._plan.is_out:
            self._end("cut", "recovered")

    def _record(self, record: Json) -> None:
        self._core.storage.put("fault", record["id"], record)


def _after(seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, act)


def _kind(wanted: object) -> Kind:
    for kind in KINDS:
        if kind == wanted:
            return kind
    raise NotPossibleError(f"kind is one of {', '.join(KINDS)}")
