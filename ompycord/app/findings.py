"""One line of `doctor`, `init` and the start: what was inspected, its state, and how to fix it."""

from typing import Literal

from ompycord.domain.base import Frozen

__all__ = ["Finding", "Status", "fail", "ok", "warn"]

Status = Literal["ok", "warn", "fail"]


class Finding(Frozen):
    """`fail`: it does not work. `warn`: something that people expect will not work. Never contains a secret."""

    name: str
    status: Status
    text: str
    remedy: str = ""
    """What to do, as one sentence; empty where nothing is wrong."""

    @property
    def line(self) -> str:
        """The finding as one line."""
        return f"{self.name}: {self.text}" + (f" {self.remedy}" if self.remedy else "")


def ok(name: str, text: str) -> Finding:
    """A finding with nothing to do."""
    return Finding(name=name, status="ok", text=text)


def warn(name: str, text: str, remedy: str) -> Finding:
    """A finding that works, with less than one would expect."""
    return Finding(name=name, status="warn", text=text, remedy=remedy)


def fail(name: str, text: str, remedy: str) -> Finding:
    """A finding that does not work."""
    return Finding(name=name, status="fail", text=text, remedy=remedy)
