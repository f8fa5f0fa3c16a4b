"""How the process of a check is looked into, and how a test ended; counterpart of `checks/probes/`, which does it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Canary", "Probe", "TestStatus"]

TestStatus = Literal["passed", "failed", "skipped"]
Canary = Literal["passed", "failed", "missing"]
"""How the canary ended; it is missing where something ended the run before it, or hid it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How a check is looked into, where its runner can be: a test of ours comes last, in the product's process."""

    canary: Literal["passes", "fails"] = "passes"
    only: frozenset[str] | None = None
    """Names of the tests that run; None: all."""
