"""What comes before an agent's work, in words: what stands in its way, and how far the set-up of dependencies is.

Used by `headlines.py` and `blocks.py`.
"""

from typing import Final, NamedTuple

from ompycord.domain.events import PrecheckLine, ServiceFailed, ServicesReady, SetupFinished, SetupStarted
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import FailureClass, RunState
from ompycord.render.phrases import and_list
from ompycord.render.sanitizer import Sanitizer

__all__ = [
    "Preparing",
    "lines_of",
    "not_started",
    "precheck_line",
    "service_failed",
    "service_names",
    "setting_up",
    "setup_failed",
    "setup_tail",
]

_NAME: Final = 60
_DETAIL: Final = 240
_TEXT: Final = 300
_TAIL_LINES: Final = 8
_TAIL_LINE: Final = 120


class Preparing(NamedTuple):
    """A headline of its own: word, sentence, and what follows the word."""

    word: str
    sentence: str
    note: str = ""


def setting_up(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Preparing | None:
    """While a step of set-up runs; None where none does."""
    setup = snapshot.setup
    if snapshot.state is not RunState.PRECHECK or not isinstance(setup, SetupStarted):
        return None
    repository = sanitizer.line(snapshot.repository or "the repository", _NAME)
    text = (
        f"Getting the dependencies of {repository}: {sanitizer.line(setup.step, _NAME)}. The agent starts after that."
    )
    return Preparing("Setting up", text, f"step {setup.number} of {setup.of}" if setup.of > 1 else "")


def setup_failed(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Preparing | None:
    """Where set-up failed, and the run with it; None where that is not so."""
    setup = snapshot.setup
    if snapshot.failure is not FailureClass.ENV or not isinstance(setup, SetupFinished) or setup.step is None:
        return None
    step = sanitizer.line(setup.step, _NAME)
    host = f" It wanted {sanitizer.line(setup.host, _NAME)}." if setup.host else ""
    detail = sanitizer.line(setup.detail or "", _DETAIL)
    what = {
        "timeout": f"The step {step} did not end in its time.",
        "missing": f"The step {step} cannot start: {detail or 'its program is not installed here'}.",
    }.get(setup.status, f"The step {step} failed{f': {detail}' if detail else ''}.")
    return Preparing("Set-up failed", f"{what}{host} The agent did not start; nothing was changed.")


def service_failed(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Preparing | None:
    """Where a service did not get ready, and the run failed with it; None where that is not so."""
    bad = snapshot.services
    if snapshot.failure is not FailureClass.ENV or not isinstance(bad, ServiceFailed):
        return None
    what = f"{sanitizer.line(bad.service, _NAME)} did not get ready: {sanitizer.line(bad.detail.rstrip('.'), _DETAIL)}."
    return Preparing("Service failed", f"{what} The agent did not start; nothing was changed.")


def service_names(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """`postgres 15.8 and redis 7.0.15`: what was started, empty, for each check; empty where nothing was."""
    if not isinstance(snapshot.services, ServicesReady):
        return ""
    named = (f"{one.name} {one.version}".strip() for one in snapshot.services.services)
    return and_list([sanitizer.line(name, _NAME) for name in named])


def not_started(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Preparing | None:
    """Where something stands in the way of the run; None where nothing does."""
    bad = [sanitizer.line(line.name, _NAME) for line in snapshot.precheck if line.status == "fail"]
    if snapshot.failure is not FailureClass.ENV or not bad or snapshot.setup is not None:
        return None
    return Preparing("Not started", f"To fix first: {and_list(list(dict.fromkeys(bad)))}. Nothing was changed.")


def lines_of(snapshot: StatusSnapshot) -> tuple[PrecheckLine, ...]:
    """What a card lists: while and after a run what takes something from it, else what stands in its way, first."""
    return tuple(sorted(snapshot.precheck, key=lambda line: line.status != "fail"))


def precheck_line(line: PrecheckLine, sanitizer: Sanitizer) -> str:
    """`🔴 disk: 2 GB free, 5 GB needed. Free the disk.`"""
    glyph = "🔴" if line.status == "fail" else "⚠"
    fix = f" {sanitizer.line(line.fix, _TEXT)}" if line.fix else ""
    return f"{glyph} {sanitizer.line(line.name, _NAME)}: {sanitizer.line(line.text, _TEXT)}{fix}"


def setup_tail(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> tuple[str, ...]:
    """The last lines that a failed step, or a service that did not get ready, printed."""
    ended = snapshot.services if isinstance(snapshot.services, ServiceFailed) else snapshot.setup
    if not isinstance(ended, SetupFinished | ServiceFailed) or not ended.tail:
        return ()
    lines = [line for line in ended.tail.splitlines() if line.strip()][-_TAIL_LINES:]
    return tuple(sanitizer.line(line, _TAIL_LINE) for line in lines)
