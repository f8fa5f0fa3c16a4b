"""The title and the body of a run's pull request: what was asked, what is proved, what it cost; pure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ompycord.domain.events import ServicesReady
from ompycord.domain.folds.snapshot import Check, StatusSnapshot, Verification
from ompycord.domain.run import RunState
from ompycord.render.forge.evidence_table import changed_lines, check_table
from ompycord.render.forge.quiet import code, fenced, title_of
from ompycord.render.phrases import and_list, cost, count, duration, has_tokens, tokens_used

__all__ = ["body_of", "is_ready", "marker_of", "title_of"]

BODY_LIMIT: Final = 60_000
"""Characters; GitHub takes 65,536."""
_DONE_WHEN: Final = 300
_NAME: Final = 100
_PATH: Final = 200
BEGIN: Final = "<!-- ompycord:begin -->"
END: Final = "<!-- ompycord:end -->"
"""What stands between them is ours; what people write around them is theirs."""


def marker_of(first: str) -> str:
    """What tells the pull request of a run, and of those that follow it, from all others; `first` is the first run."""
    return f"<!-- ompycord:run={first} -->"


def is_ready(snapshot: StatusSnapshot) -> bool:
    """Whether the result is proved, so that it may be merged once it was reviewed."""
    return snapshot.verification is Verification.VERIFIED and snapshot.state is RunState.COMPLETE


def body_of(snapshot: StatusSnapshot, *, marker: str, behind: int = 0) -> str:
    """`behind`: commits that the base has on the forge beyond the one from which the work started."""
    whole = _body(snapshot, marker, behind, _Room(prompt=8_000, words=12_000, rows=40))
    if len(whole) <= BODY_LIMIT:
        return whole
    return _body(snapshot, marker, behind, _Room(prompt=1_000, words=2_000, rows=8))


class _Room(NamedTuple):
    """How much of each part is shown: characters, and rows of its lists."""

    prompt: int
    words: int
    rows: int


def _body(snapshot: StatusSnapshot, marker: str, behind: int, room: _Room) -> str:
    parts = [
        marker,
        BEGIN,
        f"**{_verdict(snapshot)}**",
        *((_behind(behind),) if behind else ()),
        "### Task",
        fenced(snapshot.prompt or snapshot.title, room.prompt),
        *((f"Done when {code(snapshot.done_when, _DONE_WHEN)}.",) if snapshot.done_when else ()),
        "### Evidence",
        *_evidence(snapshot, room.rows),
        "### Changed files",
        _files(snapshot, room.rows),
        *_words(snapshot, room.words),
        "### Run",
        "\n".join(f"- {line}" for line in _run(snapshot)),
        END,
    ]
    return "\n\n".join(part for part in parts if part)


def _verdict(snapshot: StatusSnapshot) -> str:
    if is_ready(snapshot):
        return "✅ Checks passed here"
    if snapshot.state is RunState.PARTIAL:
        return "◐ Partly done: the agent says that a part of the task is left"
    return f"◐ Not verified: {_why(snapshot)}"


def _why(snapshot: StatusSnapshot) -> str:
    ours = [check for check in snapshot.checks if check.ours]
    blind = [check for check in ours if check.status != "passed"]
    if not ours:
        return "no check ran on this result"
    if blind:
        return f"{and_list([code(check.name, _NAME) for check in blind], most=3)} proved nothing"
    if any(check.proof is not None and check.proof.unstable for check in ours):
        return "tests passed only when they were run again"
    if any(check.proof is not None and check.proof.canary == "hidden" for check in ours):
        return "something hides failing tests"
    if snapshot.review is not None and any(finding.is_blocking for finding in snapshot.review.findings):
        return "the review found what must be repaired"
    if snapshot.left_out:
        return "not all of the agent's work is in the result"
    if snapshot.evidence:
        return "existing tests or checks were changed, and nobody has accepted that"
    return "the checks do not prove it"


def _behind(behind: int) -> str:
    return f"The base has {count(behind, 'commit')} on it that this work does not have. The checks did not see them."


def _evidence(snapshot: StatusSnapshot, rows: int) -> Iterator[str]:
    ours: list[Check] = [check for check in snapshot.checks if check.ours]
    claimed = [check for check in snapshot.checks if not check.ours]
    yield check_table(ours, rows) if ours else "No check ran."
    if isinstance(snapshot.services, ServicesReady):
        named = (f"{one.name} {one.version}".strip() for one in snapshot.services.services)
        yield f"With {and_list([code(name, _NAME) for name in named])}, empty at each start."
    lines = changed_lines(snapshot, rows)
    if lines:
        yield "Changed in tests and checks:"
        yield "\n".join(f"- {line}" for line in lines)
        if snapshot.accepted_by:
            yield f"Accepted by {code(snapshot.accepted_by, _NAME)}."
    if claimed:
        names = and_list([code(check.name, _NAME) for check in claimed], most=5)
        yield f"Only reported by the agent, not run by us: {names}."


def _files(snapshot: StatusSnapshot, rows: int) -> str:
    lines = [f"- {code(file.path, _PATH)} +{file.added or 0} −{file.removed or 0}" for file in snapshot.files[:rows]]
    more = max(snapshot.files_total, len(snapshot.files)) - len(lines)
    left = [f"- not in the result: {code(piece.what, _PATH)}" for piece in snapshot.left_out[:rows]]
    return "\n".join([*lines, *((f"- and {count(more, 'more file')}",) if more > 0 else ()), *left])


def _words(snapshot: StatusSnapshot, limit: int) -> Iterator[str]:
    text = snapshot.summary or snapshot.last_words
    if text and text.strip():
        yield "### What the agent says"
        yield "Its own words, which nobody has checked:"
        yield fenced(text, limit)


def _run(snapshot: StatusSnapshot) -> Iterator[str]:
    mode = f", mode {snapshot.mode.value}" if snapshot.mode else ""
    rounds = f", {count(snapshot.round, 'round')}" if snapshot.round > 1 else ""
    yield f"Agent {code(snapshot.agent or 'unknown', _NAME)}{mode}{rounds}"
    if snapshot.origin.requester_name:
        yield f"Asked by {code(snapshot.origin.requester_name, _NAME)}"
    approvers = list(dict.fromkeys(one.by for one in snapshot.approvals if one.status == "granted" and one.by))
    if approvers:
        yield f"Approved on the way by {and_list([code(name, _NAME) for name in approvers], most=5)}"
    if snapshot.usage.cost_usd is not None or has_tokens(snapshot.usage):
        used = f", {tokens_used(snapshot.usage)}" if has_tokens(snapshot.usage) else ""
        yield f"Cost {cost(snapshot.usage)}{used}"
    started = snapshot.started_at or snapshot.created_at
    yield f"Took {duration(max(0, snapshot.last_event_at - started))}"
    if snapshot.issue is not None:
        yield f"From {snapshot.issue.url}"
    yield f"Run {code(snapshot.run, _NAME)}"
