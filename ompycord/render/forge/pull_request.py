"""The title and the body of a run's pull request: what was asked, what is proved, what it cost; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ompycord.domain.events import ServicesReady
from ompycord.domain.folds.follow_up import EarlierResult
from ompycord.domain.folds.snapshot import Check, StatusSnapshot, Usage, Verification
from ompycord.domain.ports import ProposedChange
from ompycord.domain.run import RunState
from ompycord.render.forge.evidence_table import changed_lines, check_table
from ompycord.render.forge.quiet import code, fenced, title_of
from ompycord.render.forge.review_guide import guide
from ompycord.render.phrases import and_list, cost, count, duration, has_tokens, tokens_used

__all__ = ["BodyContext", "body_of", "is_ready", "marker_of", "title_of", "verdict", "with_part"]

BODY_LIMIT: Final = 60_000
"""Characters; GitHub takes 65,536."""
_DONE_WHEN: Final = 300
_NAME: Final = 100
_PATH: Final = 200
_EARLIER: Final = 4
"""How many times less room an earlier task has."""
BEGIN: Final = "<!-- ompycord:begin -->"
END: Final = "<!-- ompycord:end -->"
"""What stands between them is ours; what people write around them is theirs."""


def marker_of(first: str) -> str:
    """What tells the pull request of a run, and of those that follow it, from all others; `first` is the first run."""
    return f"<!-- ompycord:run={first} -->"


def is_ready(snapshot: StatusSnapshot) -> bool:
    """Whether the result is proved, so that it may be merged once it was reviewed."""
    return snapshot.verification is Verification.VERIFIED and snapshot.state is RunState.COMPLETE


class BodyContext(NamedTuple):
    """What a body says that the run itself does not know."""

    conflicts: tuple[str, ...] = ()
    """Paths that both changed, where the base moved and the result could not be put on it."""
    card: str | None = None
    """The address of the run's card."""
    pushed: ProposedChange | None = None
    """What its branch proposes there; None where no log knows from where the work started: what the run changed."""
    earlier: tuple[EarlierResult, ...] = ()
    """The runs whose results it proposes too, oldest first."""
    parsers: Mapping[str, str] = {}
    """The kind of each check's parser, by the check's name."""


def body_of(snapshot: StatusSnapshot, *, marker: str, around: BodyContext) -> str:
    """The whole body; its parts are cut with a count where a forge would refuse it."""
    whole = _body(snapshot, marker, around, _Room(prompt=8_000, words=12_000, rows=40))
    if len(whole) <= BODY_LIMIT:
        return whole
    return _body(snapshot, marker, around, _Room(prompt=1_000, words=2_000, rows=8))


def with_part(there: str, ours: str) -> str | None:
    """The body that stands there, with the part between our marks made new; None where the marks are gone.

    What people wrote around them stays.
    """
    first, last = there.find(BEGIN), there.rfind(END)
    if first < 0 or last < first:
        return None
    part = ours[ours.index(BEGIN) : ours.rindex(END)]
    return f"{there[:first]}{part}{there[last:]}"


class _Room(NamedTuple):
    """How much of each part is shown: characters, and rows of its lists."""

    prompt: int
    words: int
    rows: int


def _body(snapshot: StatusSnapshot, marker: str, around: BodyContext, room: _Room) -> str:
    change = around.pushed or ProposedChange(behind=0, files=snapshot.files, total=snapshot.files_total)
    parts = [
        marker,
        BEGIN,
        f"**{verdict(snapshot)}**",
        *_behind(change, around.conflicts),
        "### Task",
        *_tasks(snapshot, around.earlier, room.prompt),
        *((f"Done when {code(snapshot.done_when, _DONE_WHEN)}.",) if snapshot.done_when else ()),
        "### Evidence",
        *_evidence(snapshot, room.rows),
        *guide(snapshot, change, rows=room.rows, parsers=around.parsers),
        "### Changed files",
        _files(snapshot, change, room.rows),
        *_plan(snapshot, room.words),
        *_words(snapshot, room.words),
        "### Run",
        "\n".join(f"- {line}" for line in (*_run(snapshot, around.card), *_earlier_runs(around.earlier))),
        END,
    ]
    return "\n\n".join(part for part in parts if part)


def verdict(snapshot: StatusSnapshot) -> str:
    """Its first line: what our checks say of it."""
    if is_ready(snapshot):
        return "✅ Checks passed here"
    if snapshot.state is RunState.PARTIAL:
        return "◐ Partly done: the agent says that a part of the task is left"
    if snapshot.verification is Verification.FAILED:
        return "❌ Checks failed here"
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


def _behind(change: ProposedChange, conflicts: Sequence[str]) -> Iterator[str]:
    if not change.behind:
        return
    there = f"The base has {count(change.behind, 'commit')} on it that this work does not have."
    if conflicts:
        named = and_list([code(path, _PATH) for path in conflicts], most=5)
        yield f"{there} Both changed {named}, so it could not be put on top: merge the base, or follow up the run."
    else:
        yield f"{there} The checks did not see them."


def _tasks(snapshot: StatusSnapshot, earlier: Sequence[EarlierResult], limit: int) -> Iterator[str]:
    """What was asked, in its order; what was asked before has less room."""
    for number, one in enumerate(earlier):
        yield fenced(one.prompt, limit // _EARLIER)
        last = number == len(earlier) - 1
        requester = (snapshot.origin.requester_name if last else earlier[number + 1].requester) or "somebody"
        yield f"Then {code(requester, _NAME)} asked:"
    yield fenced(snapshot.prompt or snapshot.title, limit)


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


def _files(snapshot: StatusSnapshot, change: ProposedChange, rows: int) -> str:
    lines = [f"- {code(file.path, _PATH)} +{file.added or 0} −{file.removed or 0}" for file in change.files[:rows]]
    more = max(change.total, len(change.files)) - len(lines)
    left = [f"- not in the result: {code(piece.what, _PATH)}" for piece in snapshot.left_out[:rows]]
    return "\n".join([*lines, *((f"- and {count(more, 'more file')}",) if more > 0 else ()), *left])


def _plan(snapshot: StatusSnapshot, limit: int) -> Iterator[str]:
    followed = snapshot.proposal
    if followed is None or followed.status in {"rejected", "changed"}:
        return
    plan = followed.plan
    yield f"### Plan{f', approved by {code(followed.by, _NAME)}' if followed.by else ''}"
    steps = "\n".join(f"{number}. {step.title}" for number, step in enumerate(plan.steps, 1))
    risks = "".join(f"\nRisk: {risk}" for risk in plan.risks)
    yield fenced(f"{plan.summary}\n\n{steps}{risks}", limit)


def _words(snapshot: StatusSnapshot, limit: int) -> Iterator[str]:
    text = snapshot.summary or snapshot.last_words
    if text and text.strip():
        yield "### What the agent says"
        yield "Its own words, which nobody has checked:"
        yield fenced(text, limit)


def _run(snapshot: StatusSnapshot, card: str | None) -> Iterator[str]:
    mode = f", mode {snapshot.mode.value}" if snapshot.mode else ""
    rounds = f", {count(snapshot.round, 'round')}" if snapshot.round > 1 else ""
    yield f"Agent {code(snapshot.agent or 'unknown', _NAME)}{mode}{rounds}"
    if snapshot.origin.requester_name:
        yield f"Asked by {code(snapshot.origin.requester_name, _NAME)}"
    approvers = list(dict.fromkeys(one.by for one in snapshot.approvals if one.status == "granted" and one.by))
    if approvers:
        yield f"Approved on the way by {and_list([code(name, _NAME) for name in approvers], most=5)}"
    yield from (f"Cost {words}" for words in _spent(snapshot.usage))
    started = snapshot.started_at or snapshot.created_at
    yield f"Took {duration(max(0, snapshot.last_event_at - started))}"
    if snapshot.issue is not None:
        yield f"From {snapshot.issue.url}"
    yield f"Run {code(snapshot.run, _NAME)}{f' · {card}' if card else ''}"


def _earlier_runs(earlier: Sequence[EarlierResult]) -> Iterator[str]:
    for one in reversed(earlier):
        spent = "".join(f", cost {words}" for words in _spent(one.usage))
        yield f"Goes on with run {code(one.run, _NAME)}, asked by {code(one.requester or 'unknown', _NAME)}{spent}"


def _spent(usage: Usage) -> Iterator[str]:
    """What a run took, where that is known."""
    if usage.cost_usd is not None or has_tokens(usage):
        yield f"{cost(usage)}{f', {tokens_used(usage)}' if has_tokens(usage) else ''}"
