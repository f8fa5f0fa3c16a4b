"""What can go wrong between a program and a playground.

PlaygroundError
├── RefusedError       the playground answered with a refusal
├── UnreachableError   it did not answer, or is no playground
└── NotThereError      what was to be used is not on the page
"""

from typing import Any, cast

__all__ = ["NotThereError", "PlaygroundError", "RefusedError", "UnreachableError"]


class PlaygroundError(Exception):
    """The root of this tree."""


class RefusedError(PlaygroundError):
    """The playground refused a request: its status, its answer, and for a form the errors by custom id."""

    def __init__(self, request: str, status: int, body: dict[str, Any]) -> None:
        self.errors: dict[str, str] = cast("dict[str, str]", body.get("errors") or {})
        wrong = f" {self.errors}" if self.errors else ""
        super().__init__(f"the playground refused {request} ({status}): {body.get('message')}{wrong}")
        self.status = status
        self.body = body


class UnreachableError(PlaygroundError):
    """There is no answer, or not that of a playground; the message says from where."""


class NotThereError(PlaygroundError):
    """The command, button or form is not on the page; the message lists what is."""
