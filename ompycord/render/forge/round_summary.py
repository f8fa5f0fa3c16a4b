"""What stands below a pull request after a round: one comment with a table of threads and commits; pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.domain.pull_requests.answers import ThreadAnswer
from ompycord.domain.run import RunState
from ompycord.render.forge.quiet import code, fenced

__all__ = ["reply_text", "round_marker", "summary_text"]

_PLACE: Final = 200
_WHY: Final = 1000
_DONE: Final = frozenset({RunState.COMPLETE, RunState.PARTIAL})
_ANSWERS: Final = {"done": "changed", "disagree": "not changed: disagrees", "defer": "left for later"}


def round_marker(run: str, thread: int | None = None) -> str:
    """What tells the comment of a round, or its reply in a thread, from all others."""
    return f"<!-- ompycord:round={run}{f':{thread}' if thread is not None else ''} -->"


def summary_text(
    snapshot: StatusSnapshot,
    threads: Sequence[tuple[int, str]],
    answers: Mapping[int, ThreadAnswer],
    *,
    has_moved: bool,
) -> str:
    """`threads` as they were given to the agent: number and place of each."""
    run = f"run `{short_id(snapshot.run)}`"
    if snapshot.state not in _DONE:
        return f"Nothing was pushed: {run} ended without a result ({snapshot.state.value.lower()})."
    commit = code(snapshot.commit[:12], 12) if snapshot.commit and has_moved else ""
    head = f"Round of {run}: {commit} is pushed." if commit else f"Round of {run}: nothing was changed."
    if not threads:
        return head
    rows = [_row(number, place, answers.get(number), commit) for number, (_, place) in enumerate(threads, 1)]
    return "\n".join((head, "", "| thread | place | the agent says | commit |", "|---|---|---|---|", *rows))


def reply_text(answer: ThreadAnswer) -> str:
    """What is put into a thread that was not done."""
    word = "Not changed; the agent disagrees:" if answer.kind == "disagree" else "Left for later; the agent says:"
    return f"{word}\n\n{fenced(answer.why or 'It gave no reason.', _WHY)}"


def _row(number: int, place: str, answer: ThreadAnswer | None, commit: str) -> str:
    return f"| {number} | {code(place, _PLACE)} | {_answer(answer)} | {_commit(answer, commit)} |"


def _answer(answer: ThreadAnswer | None) -> str:
    return "nothing" if answer is None else _ANSWERS[answer.kind]


def _commit(answer: ThreadAnswer | None, commit: str) -> str:
    return commit if answer is not None and answer.kind == "done" and commit else "–"
