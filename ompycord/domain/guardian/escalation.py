"""What follows when an agent goes in circles, and does so again; pure.

First a nudge, then another start, then a question to people, then the end.
"""

from typing import Final, Literal

from ompycord.domain.guardian.verdicts import LoopVerdict

__all__ = ["LEVELS", "EscalationLevel", "message_to_agent", "next_level"]

EscalationLevel = Literal["nudge", "escalate", "ask", "stop"]
"""`nudge`: the agent reads what was seen. `escalate`: it starts again with a fresh context and reads it. `ask`: it is
stopped until a person decides. `stop`: it is ended, and what it made is kept."""
LEVELS: Final[tuple[EscalationLevel, ...]] = ("nudge", "escalate", "ask", "stop")


def next_level(last: EscalationLevel | None) -> EscalationLevel:
    """What to do about a loop when `last` was done about the one before."""
    return LEVELS[min(LEVELS.index(last) + 1, len(LEVELS) - 1)] if last is not None else LEVELS[0]


def message_to_agent(verdict: LoopVerdict, level: EscalationLevel) -> str | None:
    """What the agent reads at this level; None where it reads nothing."""
    seen = f"Ompycord watches this run and noticed that the work goes in circles. {verdict.evidence}"
    if level == "nudge":
        return (
            f"{seen} Do not do the same again: read the last result once more, say what you expected instead, and try "
            "another way. If you cannot go on, say what is missing and end."
        )
    if level == "escalate":
        return (
            f"{seen} A first reminder did not help, so you start again without what you remembered. The files are as "
            "the earlier start left them. Look at them first, then choose another way than the one above."
        )
    return None
