"""What is found when an agent goes in circles: which kind of loop, and the evidence in words for people; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["LOOP_KINDS", "LoopKind", "LoopVerdict", "quoted_list"]

LoopKind = Literal["repeat", "cycle", "waiting", "files_alternate", "messages", "same_round", "no_gain", "files_return"]
"""`repeat`: one step. `cycle`: two to six steps. `waiting`: for what does not change. `files_alternate`: the files go
back and forth. `messages`: words alone. Of rounds of checks, `same_round`: nothing differs, `no_gain`: no fewer tests
fail, `files_return`: the files are as they were in an earlier round."""
LOOP_KINDS: Final[tuple[LoopKind, ...]] = (
    "repeat", "cycle", "waiting", "files_alternate", "messages", "same_round", "no_gain", "files_return",
)  # fmt: skip
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class LoopVerdict:
    """A loop that was found."""

    kind: LoopKind
    evidence: str
    """One sentence with what was seen, at most 500 characters; it quotes the agent's own words."""
    length: int
    """How many steps, messages or rounds it covers, the last ones."""


def quoted_list(words: Sequence[str]) -> str:
    """The first three of them, quoted."""
    shown = ", ".join(f"`{one.replace('`', chr(39))}`" for one in words[:_SHOWN])
    more = len(words) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
