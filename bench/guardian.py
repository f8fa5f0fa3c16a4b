"""`guardian`: how well loops are found, how late, and how often honest work is taken for one.

On generated work (`trajectories.py`), beside the rules of OpenHands (`stuck_rules.py`), and on the recorded steps of
real agents (`recorded_steps.py`). Nothing is timed.
"""

import json
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from bench.recorded_steps import recorded_sessions
from bench.rounds import Size
from bench.stuck_rules import is_stuck
from bench.trajectories import LOOPS, Action, Entry, Round, Talk, Trajectory, generate
from ompycord.dialects.tools import last_line, prints_of, tool_title
from ompycord.domain.events import Message, ToolFinished
from ompycord.domain.guardian.fingerprints import step_of
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.rounds import CheckRound
from ompycord.domain.guardian.verdicts import LoopVerdict
from ompycord.domain.guardian.watcher import StepWatcher

__all__ = ["alarm_of", "guardian", "judge"]

SEED: Final = 20_261_129
EACH: Final = {Size.SMALLEST: 2, Size.NORMAL: 40, Size.FULL: 400}
"""Trajectories of each kind."""
_OF_ROUNDS: Final = frozenset({"same round", "no gain", "files return"})
_PER: Final = 1000
SHARED: Final = next(
    (
        at / "shared"
        for at in Path(__file__).resolve().parents
        if (at / "shared" / "data" / "agent-transcripts").is_dir()
    ),
    None,
)
"""The recordings beside the repository."""


def guardian(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. Each round has trajectories of its own, all of which are counted together."""
    work = [one for number in range(rounds) for one in generate(SEED + number, each=EACH[size])]
    ours, theirs = judge(work, alarm_of), judge(work, _stuck_at)
    steps = judge([one for one in work if one.kind not in _OF_ROUNDS], _stuck_at)
    return {
        "benchmark": "guardian",
        **ours,
        **_real(),
        "openhands": {**theirs, "recall_without_rounds": steps["recall"]},
        "loops": sum(one.loop_from is not None for one in work),
        "honest": sum(one.loop_from is None for one in work),
        "kinds_of_loops": len(LOOPS),
        "counts": "a loop is found when an alarm comes in it and none before; every alarm in honest work is false",
    }


def judge(work: Sequence[Trajectory], alarm: Callable[[Sequence[Entry]], int | None]) -> dict[str, Any]:
    """Precision, recall, delay, and the kinds of work that were judged wrongly. `alarm` gives the entry it came at."""
    found: list[int] = []
    false: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for one in work:
        at = alarm(one.entries)
        if at is None:
            missed[one.kind] += one.loop_from is not None
        elif one.loop_from is None or at < one.loop_from:
            false[one.kind] += 1
            missed[one.kind] += one.loop_from is not None
        else:
            found.append(at + 1 - one.loop_from)
    alarms, loops = len(found) + false.total(), len(found) + missed.total()
    return {
        "precision": round(len(found) / alarms, 4) if alarms else None,
        "recall": round(len(found) / loops, 4) if loops else None,
        "delay_steps_median": statistics.median(found) if found else None,
        "false_alarms": dict(false),
        "missed": {kind: number for kind, number in missed.items() if number},
    }


def alarm_of(entries: Sequence[Entry]) -> int | None:
    """The entry at which our guardian finds a loop; None where it finds none."""
    watcher, at_ms = StepWatcher(GuardianOptions()), 0
    for number, entry in enumerate(entries):
        at_ms += int(entry.after_s * 1000)
        if _verdict(watcher, entry, number, at_ms) is not None:
            return number
    return None


def _verdict(watcher: StepWatcher, entry: Entry, number: int, at_ms: int) -> LoopVerdict | None:
    match entry:
        case Action():
            return watcher.step(step_of(_finished(entry), at_ms, number=number, tree=entry.tree))
        case Talk(text=text):
            return watcher.message(text)
        case Round():
            return watcher.round(CheckRound(entry.tree, entry.failing, entry.error))


def _finished(action: Action) -> ToolFinished:
    """The event that a dialect makes of it."""
    arguments = json.loads(json.dumps(action.arguments))
    return ToolFinished(
        tool=action.tool,
        title=tool_title(arguments, root="/repo"),
        ok=action.ok,
        detail=last_line(action.output),
        prints=prints_of(action.tool, arguments, action.output),
    )


def _stuck_at(entries: Sequence[Entry]) -> int | None:
    return next((at for at in range(len(entries)) if is_stuck(entries[: at + 1])), None)


def _real() -> dict[str, Any]:
    """Alarms in the recordings of real agents, none of which went in circles when they were recorded."""
    if SHARED is None:
        return {"false_alarms_per_1000_real_steps": None, "real_steps": 0, "driven_by": "no recordings were found"}
    steps, alarms = 0, list[str]()
    for name, events in recorded_sessions(SHARED):
        watcher = StepWatcher(GuardianOptions())
        for at, body in events:
            found = None
            if isinstance(body, ToolFinished):
                steps += 1
                found = watcher.step(step_of(body, at, number=steps))
            elif isinstance(body, Message):
                found = watcher.message(body.text)
            if found is not None:
                alarms.append(f"{name}: {found.evidence}")
                watcher.forget_steps()
    return {
        "false_alarms_per_1000_real_steps": round(len(alarms) * _PER / steps, 3) if steps else None,
        "real_steps": steps,
        "real_alarms": alarms,
        "driven_by": "omp, OpenCode, Claude Code, Codex and Gemini CLI, recorded with a stub in place of their models",
    }
