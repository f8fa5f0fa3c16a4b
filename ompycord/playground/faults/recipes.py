"""Pure: what a fault button does, as a function of its seed; the same seed does the same again.

Counterpart: `buttons.py`, which does it.
"""

import random
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal["kill", "cut", "fill"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
HIGHEST_SEED: Final = 999_999
KILL_WITHIN_S: Final = 10.0
"""A bot that sends no more requests is killed then."""
FULL_FOR_S: Final = 120.0
"""A full disk is freed then at the latest."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """SIGKILL at the bot's request number `request` from now: before its work, or with the work done and no answer."""

    request: int
    is_before: bool

    def __str__(self) -> str:
        moment = "before it is served" if self.is_before else "after it is served, before the answer"
        return f"kill -9 at request {self.request} from here, {moment}; after {KILL_WITHIN_S:g} s at the latest"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """No connection for `outage_s`; then of the bot's requests each is lost with `probability`, `losses` in all."""

    outage_s: float
    losses: int
    probability: float
    is_before: bool

    def __str__(self) -> str:
        what = "requests" if self.is_before else "answers"
        return f"no connection for {self.outage_s:g} s, then {self.losses} {what} lost, one in {1 / self.probability:g}"


@dataclass(frozen=True, kw_only=True)
class Fill:
    """The bot and its programs may write no file beyond `room` bytes."""

    room: int

    def __str__(self) -> str:
        return f"no file can be written beyond {self.room // 1024} KiB, for {FULL_FOR_S:g} s at most"


def recipe(kind: Kind, seed: int) -> Kill | Cut | Fill:
    """What this button does with this seed."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311  # repeatable, not secret
    match kind:
        case "kill":
            return Kill(request=chance.randint(1, 6), is_before=chance.random() < 0.5)
        case "cut":
            return Cut(
                outage_s=chance.randint(3, 8),
                losses=chance.randint(2, 5),
                probability=1 / chance.randint(2, 5),
                is_before=chance.random() < 0.5,
            )
        case "fill":
            return Fill(room=chance.randint(0, 16) * 1024)
