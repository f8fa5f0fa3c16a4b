"""What people read of an issue that calls for a run: on the forge's side who asked, on ours what became of it."""

from collections.abc import Callable
from typing import Final

from ompycord.domain.access import Person
from ompycord.domain.issue_calls.records import KEPT_MS, IssueCall
from ompycord.render.phrases import count

__all__ = ["CallWords"]

_NAME: Final = 100
_WHY: Final = 600
_NOTE: Final = 500
_DAYS: Final = KEPT_MS // (24 * 3600 * 1000)


class CallWords:
    """Sentences; `line` makes one line of a stranger's text, sanitized and redacted, at most so long."""

    def __init__(self, line: Callable[[str, int], str]) -> None:
        self._line = line

    def head(self, call: IssueCall) -> str:
        """`mo put the label ompycord on issue 2 of sample.`"""
        return f"{self._called(call)} of {self.name(call.repository)}."

    def note(self, call: IssueCall) -> str:
        """The same on a run's card, with who started it."""
        started = f" {self.name(call.by_name)} started it." if call.by else ""
        return f"{self._called(call)}.{started}"[:_NOTE]

    def waits(self, call: IssueCall) -> str:
        """The question in the channel."""
        return (
            f"{self.head(call)} It waits for someone who may start runs: {self._line(call.why, _WHY)}. "
            "What its agent will read is kept as it is now; read it, then start it."
        )

    def started(self, call: IssueCall, person: Person) -> str:
        """In place of the question, once somebody started it."""
        return f"{self.head(call)} It waited: {self._line(call.why, _WHY)}. {self.name(person.name)} started it."

    def withdrawn(self, call: IssueCall) -> str:
        """In place of the question, where the label or the assignment was taken away."""
        value, issue = self.name(call.value), f"issue {call.number} of {self.name(call.repository)}"
        if call.kind == "label":
            return f"The label {value} was taken from {issue}, so nothing starts."
        return f"{value} is assigned to {issue} no more, so nothing starts."

    def forgotten(self, call: IssueCall) -> str:
        """In place of the question, where it waited as long as it may."""
        again = f"`/omp new issue:#{call.number}` starts one."
        return f"{self.head(call)} Nobody started it in {count(_DAYS, 'day')}, so it is forgotten. {again}"

    def unknown_repository(self, call: IssueCall) -> str:
        """In place of the question, where the settings have lost its repository."""
        return f"{self.head(call)} Nothing started: {self.name(call.repository)} is not in the settings any more."

    def refused(self, call: IssueCall) -> str:
        """Why nothing starts for that login."""
        who = self.name(call.by_name or call.login)
        why = f"{who} may not start runs here. Let access.forge name a runner for that login, or start it yourself: "
        return f"{why}`/omp new issue:#{call.number}`."

    def name(self, text: str) -> str:
        """A name that a stranger chose."""
        return self._line(text, _NAME)

    def _called(self, call: IssueCall) -> str:
        if call.kind == "label":
            return f"{self.name(call.login)} put the label {self.name(call.value)} on issue {call.number}"
        return f"{self.name(call.login)} assigned issue {call.number} to {self.name(call.value)}"
