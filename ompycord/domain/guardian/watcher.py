"""Judges an agent step by step; pure. Fed by `run_watch.py`, or by whoever has steps of another kind."""

from collections import deque

from ompycord.domain.guardian.cycles import find_cycle, most_steps
from ompycord.domain.guardian.fingerprints import ToolStep
from ompycord.domain.guardian.messages import AgentMessage, find_same_messages
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.rounds import CheckRound, find_stuck_rounds
from ompycord.domain.guardian.trees import find_alternation
from ompycord.domain.guardian.verdicts import LoopVerdict

__all__ = ["StepWatcher"]

_POLLS = 600
"""Steps that are kept for the clock of waiting: a look every two seconds for 20 minutes."""


class StepWatcher:
    """The latest steps, messages and rounds of one agent. Every method returns the loop that is there now, if any."""

    def __init__(self, options: GuardianOptions) -> None:
        self._options = options
        self._steps: deque[ToolStep] = deque(maxlen=max(most_steps(options), _POLLS))
        self._messages: deque[AgentMessage] = deque(maxlen=options.max_messages)
        self._rounds: list[CheckRound] = []

    def step(self, step: ToolStep) -> LoopVerdict | None:
        """The agent used a tool."""
        self._messages.clear()
        self._steps.append(step)
        steps = list(self._steps)
        return find_cycle(steps, self._options) or find_alternation(steps)

    def message(self, text: str) -> LoopVerdict | None:
        """The agent wrote something."""
        self._messages.append(AgentMessage.of(text))
        return find_same_messages(list(self._messages), self._options)

    def round(self, checked: CheckRound) -> LoopVerdict | None:
        """Our checks failed once more."""
        self._rounds.append(checked)
        return find_stuck_rounds(self._rounds, self._options)

    def forget_steps(self) -> None:
        """Count from here: someone stepped in, or the agent starts again."""
        self._steps.clear()
        self._messages.clear()

    def forget_all(self) -> None:
        """Count steps and rounds from here: a person changed what is to be done."""
        self.forget_steps()
        self._rounds.clear()
