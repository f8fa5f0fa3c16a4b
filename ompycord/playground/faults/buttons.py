"""The drawer's fault buttons: kill the bot, cut the network, fill the disk; each from a seed, each written down.

Counterpart: `page/faults.js`. What a seed means is decided in `fault_recipes.py`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ompycord.playground.faults.bot_disk import BotDisk
from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.faults.plan import Fault
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
from ompycord.playground.page.people import NotPossibleError
from ompycord.playground.rules.documents import Json
from ompycord.playground.world.core import Core

SHOWN: Final = 30
CONFLICT: Final = 409


@dataclass(kw_only=True)
class Begun:
    """What takes a fault back, and what becomes of it if nobody does."""

    undo: Callable[[], None]
    fault: Fault | None = None
    """The planned fault that carries it; None where no request does."""
    timer: asyncio.TimerHandle | None = None
    record: Json = field(default_factory=dict[str, object])


class FaultButtons:
    """Presses buttons and takes back what they did. At most one fault of a kind is in force."""

    def __init__(
        self, *, core: Core, bot: BotProcess, kill_within_s: float = KILL_WITHIN_S, full_for_s: float = FULL_FOR_S
    ) -> None:
        self._core = core
        self._bot = bot
        self._kill_within_s = kill_within_s
        self._full_for_s = full_for_s
        self._disk = BotDisk(storage=core.storage, bot=bot)
        self._disk.free()  # a playground that was killed could not
        self._begun: dict[Kind, Begun] = {}

    def state(self) -> Json:
        """What is in force, what is not to be had here and why, and what was done, the newest first."""
        self._notice_a_mended_network()
        held = {begun.record["id"] for begun in self._begun.values()}
        newest = self._core.storage.newest("fault", "", limit=SHOWN)
        return {
            "in_force": sorted(self._begun),
            "not_here": {"fill": self._disk.why_not} if self._disk.why_not else {},
            "highest_seed": HIGHEST_SEED,
            "done": [{**record, "in_force": record["id"] in held} for record in newest],
        }

    def press(self, kind: object, seed: object) -> Json:
        """Do it. Raises NotPossibleError: unknown, not possible, or in force already."""
        found = _kind(kind)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 1 <= seed <= HIGHEST_SEED:
            raise NotPossibleError(f"A seed is a whole number from 1 to {HIGHEST_SEED}.")
        self._notice_a_mended_network()
        if found in self._begun:
            raise NotPossibleError("That is in force already.", status=CONFLICT)
        wanted = recipe(found, seed)
        try:
            begun = self._begin(wanted, seed)
        except BotProcessError as problem:
            raise NotPossibleError(f"Not done: {problem}.", status=CONFLICT) from problem
        self._begun[found] = begun
        begun.record = {"id": self._core.ids.next(), "at": self._core.clock.now(), "kind": found, "seed": seed}
        begun.record |= {"what": str(wanted), "outcome": ""}
        self._write(begun.record)
        return self.state()

    def end(self, kind: object) -> Json:
        """Take back what is in force; what is not is no error."""
        self._end(_kind(kind), "ended on the page")
        return self.state()

    def close(self) -> None:
        """Take everything back: the playground ends."""
        for kind in tuple(self._begun):
            self._end(kind, "ended with the playground")

    def bot_changed(self) -> None:
        """Another process may be the bot now: its disk is the same, and a kill that waited is over."""
        if self._bot.pid is None:
            self._end("kill", "the bot had ended before")
        elif "fill" in self._begun:
            self._disk.fill_again()

    def killed(self, fault: Fault, request: str) -> None:
        """A request met a planned kill, from here or from `/control/faults`."""
        begun = self._begun.get("kill")
        if begun is not None and begun.fault is fault:
            self._end("kill", f"killed at {request}")
        try:
            self._bot.kill()
        except BotProcessError:
            return  # it ended by itself meanwhile

    # -- one of each -------------------------------------------------------------------------------------------------

    def _begin(self, wanted: Kill | Cut | Fill, seed: int) -> Begun:
        match wanted:
            case Kill():
                return self._plan_kill(wanted)
            case Cut():
                return self._cut(wanted, seed)
            case Fill():
                self._disk.fill(wanted.room)
                timer = _after(self._full_for_s, lambda: self._end("fill", "freed by itself"))
                return Begun(undo=self._disk.free, timer=timer)

    def _plan_kill(self, wanted: Kill) -> Begun:
        if self._bot.pid is None:
            raise BotProcessError("the registered bot process does not run")
        faults, action = self._core.faults, "kill_before" if wanted.is_before else "kill_after"
        fault = faults.add({"action": action, "skip": wanted.request - 1})
        timer = _after(self._kill_within_s, lambda: self.killed(fault, "the latest moment, without that request"))
        return Begun(undo=lambda: faults.remove(fault), fault=fault, timer=timer)

    def _cut(self, wanted: Cut, seed: int) -> Begun:
        faults, action = self._core.faults, "drop_before" if wanted.is_before else "drop_after"
        self._core.cut_off(wanted.outage_s)
        losses: Json = {"action": action, "count": wanted.losses, "probability": wanted.probability, "seed": seed}
        fault = faults.add(losses)

        def undo() -> None:
            faults.out_until = 0.0
            faults.remove(fault)

        return Begun(undo=undo, fault=fault)

    def _end(self, kind: Kind, why: str) -> None:
        begun = self._begun.pop(kind, None)
        if begun is None:
            return
        begun.undo()
        if begun.timer is not None:
            begun.timer.cancel()
        lost = f"; {len(begun.fault.hits)} lost" if kind == "cut" and begun.fault is not None else ""
        self._write(begun.record | {"outcome": why + lost})

    def _notice_a_mended_network(self) -> None:
        begun = self._begun.get("cut")
        is_out = self._core.clock.now() < self._core.faults.out_until
        if begun is not None and begun.fault is not None and not begun.fault.remaining and not is_out:
            self._end("cut", "mended by itself")

    def _write(self, record: Json) -> None:
        self._core.storage.put("fault", record["id"], record)


def _after(seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, act)


def _kind(wanted: object) -> Kind:
    for kind in KINDS:
        if kind == wanted:
            return kind
    raise NotPossibleError(f"kind is one of {', '.join(KINDS)}")
