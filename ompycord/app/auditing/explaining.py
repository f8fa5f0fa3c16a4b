"""A run told for somebody who must answer for it: who asked, who allowed which command, what ran, what it cost.

Each decision names its row of the audit. What was allowed is quoted from the run's log.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ompycord.domain import events as ev
from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.folds.shown_requests import Approval, risk_of
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import RunRecord
from ompycord.render.phrases import money
from ompycord.render.sanitizer import Sanitizer

__all__ = ["explained"]

_LINES: Final = Sanitizer(str, terminal=True)
_TEXT: Final = 2000
_TOOLS: Final = 200
"""Uses of tools that are listed, the first ones."""


def explained(
    record: RunRecord, snapshot: StatusSnapshot | None, rows: Sequence[AuditRow], events: Sequence[ev.RunEvent]
) -> list[str]:
    """The story in lines, the oldest first."""
    if snapshot is None:
        return [f"Run {record.id}: nothing is known of it yet."]
    return [
        *_head(record, snapshot),
        "",
        "Decisions (row of the audit):",
        *(_decisions(snapshot, rows) or ["  none"]),
        "",
        "Allowed without asking:",
        *(_skipped(events) or ["  nothing"]),
        "",
        "What its agent ran:",
        *(_ran(events) or ["  nothing was reported"]),
        "",
        *_end(snapshot),
    ]


def _head(record: RunRecord, snapshot: StatusSnapshot) -> Iterator[str]:
    yield f"Run {record.id}: {_line(snapshot.title or snapshot.prompt)}"
    asker = f"{snapshot.origin.requester_name or 'someone'} ({record.requester})" if record.requester else "a program"
    yield f"Asked by {_line(asker)} on {_time(snapshot.created_at)}."
    model = f", model {snapshot.model}" if snapshot.model else ""
    yield _line(f"Repository {snapshot.repository or 'unknown'}, agent {snapshot.agent or 'unknown'}{model}.")
    yield f"Task: {_line(snapshot.prompt)}"


def _decisions(snapshot: StatusSnapshot, rows: Sequence[AuditRow]) -> list[str]:
    approvals = {one.ref: one for one in snapshot.approvals}
    questions = {one.ref: one for one in snapshot.questions}
    lines: list[str] = []
    for row in rows:
        detail = _detail(row)
        name, ref = detail.get("by_name") or row.text("actor"), detail.get("ref", "")
        if row.action == b"vote":  # one of a person for what was shown
            ref = ref.rsplit("/", 2)[0]
        what = f"{row.text('action')} {detail.get('action', '')}"
        who = f"{name} ({row.text('actor')}): {what}"
        lines.append(f"  {row.n}. {_time(row.at)} {_line(who)}")
        if (approval := approvals.get(ref)) is not None and row.action in {b"approval", b"vote"}:
            lines.extend(_about(approval))
        elif (question := questions.get(ref)) is not None and row.action == b"question":
            lines.append(f"       asked: {_line(question.text)}")
    return lines


def _about(approval: Approval) -> Iterator[str]:
    finding = risk_of(approval)
    yield f"       class {finding.risk.word}: {_line(finding.why)}"
    for line in (approval.command or approval.title).splitlines()[:20]:
        yield f"       | {_line(line)}"


def _skipped(events: Sequence[ev.RunEvent]) -> list[str]:
    found = [event for event in events if isinstance(event.body, ev.ApprovalSkipped | ev.ApprovalUsed)]
    return [f"  {_time(event.at)} {_line(_one(event.body))}" for event in found[:_TOOLS]]


def _one(body: object) -> str:
    if isinstance(body, ev.ApprovalSkipped):
        return f"{body.risk_class}: {body.title}"
    return f"by the permission for the run: {body.title}" if isinstance(body, ev.ApprovalUsed) else ""


def _ran(events: Sequence[ev.RunEvent]) -> list[str]:
    uses = [(event.at, event.body) for event in events if isinstance(event.body, ev.ToolStarted)]
    lines = [f"  {_time(at)} {_line(f'{body.tool} {body.title or str()}')}" for at, body in uses[:_TOOLS]]
    return [*lines, *([f"  and {len(uses) - _TOOLS} more"] if len(uses) > _TOOLS else [])]


def _end(snapshot: StatusSnapshot) -> Iterator[str]:
    for check in snapshot.checks:
        yield _line(f"Check {check.name}: {check.status}{'' if check.ours else ' (as its agent says)'}")
    usage = snapshot.usage
    cost = "unknown" if usage.cost_usd is None else money(usage.cost_usd)
    yield f"Cost: {cost}, {usage.input} tokens in, {usage.output} out, {usage.requests} requests metered here."
    yield f"End: {snapshot.state.value.lower()}, {snapshot.verification.value}."
    if snapshot.pull_request is not None:
        yield f"Pull request: {_line(snapshot.pull_request.url)}"


def _detail(row: AuditRow) -> dict[str, str]:
    try:
        found: Any = json.loads(row.detail)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # JSON of ours


def _line(text: str) -> str:
    return _LINES.line(text, _TEXT)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
