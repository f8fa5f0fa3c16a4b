"""One line of `doctor`, `init` and the start: what was looked at, how it is, and the words that mend it."""

from typing import Literal

from ompycord.domain.base import Frozen

__all__ = ["Finding", "Status", "fail", "ok", "warn"]

Status = Literal["ok", "warn", "fail"]


class Finding(Frozen):
    """`fail`: it does not work so. `warn`: something people expect will not work. Never contains a secret."""

    name: str
    status: Status
    text: str
    remedy: str = ""
    """What to do, as one sentence; empty where nothing is wrong."""

    @property
    def line(self) -> str:
        """As one line."""
        return f"{self.name}: {self.text}" + (f" {self.remedy}" if self.remedy else "")


def ok(name: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(name=name, status="ok", text=text)


def warn(name: str, text: str, remedy: str) -> Finding:
    """It works, and less than one would expect."""
    return Finding(name=name, status="warn", text=text, remedy=remedy)


def fail(name: str, text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(name=name, status="fail", text=text, remedy=remedy)
