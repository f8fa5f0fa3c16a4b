"""Risk classes, from reading to danger, and what was found of a command; counterpart of `deciders.py`, who decides."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Literal, NamedTuple

__all__ = ["NOTHING", "ClassName", "RiskClass", "RiskFinding", "worst"]

ClassName = Literal["read", "write", "run", "network", "secret", "publish", "danger"]
_WHY: Final = 200


class RiskClass(IntEnum):
    """What it could do at worst; each class is worse than those before it."""

    READ = 0
    """Reads inside the clone."""
    WRITE = 1
    """Changes files inside the clone."""
    RUN = 2
    """Runs a program, or cannot be told better."""
    NETWORK = 3
    """Reaches out, installs or downloads."""
    SECRET = 4
    """Reads what is secret, such as the environment."""
    PUBLISH = 5
    """Changes something outside that others see."""
    DANGER = 6
    """Deletes, writes outside the clone, or cannot be undone."""

    @property
    def word(self) -> ClassName:
        """As settings, events and people name it: `publish`."""
        return _WORDS[self]

    @classmethod
    def named(cls, word: str) -> "RiskClass":
        """The class of this word; danger for a word that is none."""
        return cls.__members__.get(word.upper(), cls.DANGER)


_WORDS: Final[dict[RiskClass, ClassName]] = {
    RiskClass.READ: "read",
    RiskClass.WRITE: "write",
    RiskClass.RUN: "run",
    RiskClass.NETWORK: "network",
    RiskClass.SECRET: "secret",
    RiskClass.PUBLISH: "publish",
    RiskClass.DANGER: "danger",
}


class RiskFinding(NamedTuple):
    """A class, and why it was chosen in a few words."""

    risk: RiskClass
    why: str

    def at_least(self, risk: RiskClass, why: str) -> "RiskFinding":
        """This, or that where it is worse."""
        return self if self.risk >= risk else RiskFinding(risk, why)


NOTHING: Final = RiskFinding(RiskClass.READ, "it does nothing")


def worst(findings: Iterable[RiskFinding]) -> RiskFinding:
    """The first of the worst ones; `NOTHING` of none."""
    found = max(findings, key=lambda one: one.risk, default=NOTHING)
    return found if len(found.why) <= _WHY else RiskFinding(found.risk, found.why[: _WHY - 1] + "…")
