"""`Store.commit`: all that one decision changes, in one transaction or not at all; counterpart of the conductor's use cases."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.records import (
    Commit,
    Committed,
    Decision,
    Draft,
    EffectRow,
    EffectStatus,
    EffectUpdate,
    KeyRecord,
    OutboxRow,
    Transition,
)
from ompycord.domain.run import FINAL, RunRecord
from ompycord.errors import StaleResult, UnknownRun, VersionConflict
from ompycord.store import queries_read, rows
from ompycord.store import queries_write as sql
from ompycord.store.audit import add_audit
from ompycord.store.log import add_event, run_pk
from ompycord.store.rows import Encoded, canonical

__all__ = ["Prepared", "add_outbox", "apply_commit", "prepare", "put_person", "save_draft"]

KEYS_END_AFTER_MS = 10 * 60 * 1000
"""A run's key dies 10 minutes after its final state (docs/contracts/authentication.md, *Keys*)."""


class Prepared(NamedTuple):
    """A commit and the stored form of its events, made before it joins a batch."""

    commit: Commit
    events: tuple[Encoded, ...]


def prepare(commit: Commit) -> Prepared:
    """Encode its events in the caller's task. Raises ValueError for a body that is no JSON."""
    return Prepared(commit, tuple(rows.encode(event.body) for event in commit.events))


def apply_commit(raw: sqlite3.Connection, prepared: Prepared, *, now: Millis) -> Committed:
    """Apply it, or say what was there first. Raises VersionConflict, UnknownRun, SequenceConflict; the caller rolls back."""
    commit = prepared.commit
    earlier = _earlier_decision(raw, commit)
    if earlier is not None or _is_done(raw, commit):
        return Committed(fresh=False, earlier=earlier)
    for draft in commit.drafts:
        _put_draft(raw, draft)
    for task in commit.tasks:
        raw.execute(sql.ADD_TASK, (task.id, task.model_dump_json(), now))
    for run in commit.runs:
        _add_run(raw, run)
    for transition in commit.transitions:
        _move(raw, transition, now)
    for decision in commit.decisions:
        _add_decision(raw, decision)
    positions = tuple(
        add_event(raw, event, encoded) for event, encoded in zip(commit.events, prepared.events, strict=True)
    )
    _journal(raw, commit)
    add_outbox(raw, commit.outbox)
    for key in commit.keys:
        _put_key(raw, key)
    for run in commit.expire_keys_of:
        raw.execute(sql.EXPIRE_KEYS, {"run": run_pk(raw, run), "at": now + KEYS_END_AFTER_MS})
    return Committed(positions=positions)


def save_draft(raw: sqlite3.Connection, draft: Draft) -> None:
    """Insert, or replace the body of a draft that is there."""
    raw.execute(sql.SAVE_DRAFT, {**draft.model_dump(), "body": canonical(draft.body)})


def put_person(raw: sqlite3.Connection, person: str, settings: PersonSettings, *, at: Millis) -> None:
    """What somebody chose, in place of what they chose before."""
    raw.execute(sql.PUT_PERSON, (person, settings.model_dump_json(exclude_defaults=True), at))


def add_outbox(raw: sqlite3.Connection, rows: Sequence[OutboxRow]) -> None:
    """Insert those whose (run, kind, ref) is not there."""
    values = [
        (
            one.run,
            one.kind,
            one.ref,
            canonical(one.body),
            one.status,
            one.attempts,
            one.created_at,
            one.done_at,
            one.error,
        )
        for one in rows
    ]
    sql.ADD_OUTBOX.run(raw, values)


def _earlier_decision(raw: sqlite3.Connection, commit: Commit) -> Decision | None:
    for decision in commit.decisions:
        row = raw.execute(queries_read.DECISION, (decision.run, decision.kind, decision.ref)).fetchone()
        if row is not None:
            return rows.decision_of(row)
    return None


def _is_done(raw: sqlite3.Connection, commit: Commit) -> bool:
    """Whether a run of it is there already, or a draft of it became another run."""
    if any(raw.execute(sql.RUN_PK, (run.id,)).fetchone() for run in commit.runs):
        return True
    for draft in commit.drafts:
        bound = raw.execute(sql.DRAFT_RUN, (draft.id,)).fetchone()
        if bound is not None and bound["run"] is not None and bound["run"] != draft.run:
            return True
        other = raw.execute(sql.DRAFT_OF_RUN, (draft.run,)).fetchone()  # NULL equals nothing
        if other is not None and other["id"] != draft.id:
            return True
    return False


def _put_draft(raw: sqlite3.Connection, draft: Draft) -> None:
    if raw.execute(sql.DRAFT_RUN, (draft.id,)).fetchone() is None:
        raw.execute(sql.ADD_DRAFT, {**draft.model_dump(), "body": canonical(draft.body)})
    elif draft.run is not None:
        raw.execute(sql.BIND_DRAFT, (draft.run, draft.id))


def _add_run(raw: sqlite3.Connection, run: RunRecord) -> None:
    machine = None if run.machine is None else run.machine.model_dump_json()
    raw.execute(sql.ADD_RUN, {**run.model_dump(exclude={"machine"}), "machine": machine})


def _move(raw: sqlite3.Connection, transition: Transition, now: Millis) -> None:
    machine = transition.machine
    values = {
        "id": transition.run,
        "version": transition.expect_version,
        "state": machine.state,
        "machine": machine.model_dump_json(),
        "is_final": machine.state in FINAL,
        "now": now,
    }
    if raw.execute(sql.MOVE_RUN, values).rowcount:
        return
    run_pk(raw, transition.run)
    raise VersionConflict(f"Run {transition.run} moved since version {transition.expect_version} was read.")


def _add_decision(raw: sqlite3.Connection, decision: Decision) -> None:
    values = (decision.kind, decision.ref, decision.action, decision.by, decision.by_name, decision.at)
    raw.execute(sql.ADD_DECISION, (decision.id, run_pk(raw, decision.run), *values))
    detail = {"decision": decision.id, "ref": decision.ref, "action": decision.action, "by_name": decision.by_name}
    add_audit(raw, at=decision.at, actor=decision.by, action=decision.kind, subject=decision.run, detail=detail)


def _journal(raw: sqlite3.Connection, commit: Commit) -> None:
    for effect in commit.effects:
        _add_effect(raw, effect)
    for update in commit.effect_updates:
        values = {**update.model_dump(exclude={"run", "epoch"}), "run": run_pk(raw, update.run)}
        _check_lease(raw, update, values["run"])
        if (
            not raw.execute(sql.MOVE_EFFECT, values).rowcount
            and not raw.execute(sql.EFFECT_EXISTS, (values["run"], update.key)).fetchone()
        ):
            raise UnknownRun(f"Run {update.run} has no effect {update.key}.")


def _check_lease(raw: sqlite3.Connection, update: EffectUpdate, run: int) -> None:
    """A start takes the run's next lease; an end must hold the last one. Raises StaleResult."""
    if update.status is EffectStatus.STARTED:
        raw.execute(sql.NEXT_LEASE, (run,))
    if update.epoch is not None and raw.execute(sql.LEASE, (run,)).fetchone()["lease_epoch"] != update.epoch:
        raise StaleResult(f"{update.key} was done under lease {update.epoch} of its run, which has another by now.")


def _add_effect(raw: sqlite3.Connection, row: EffectRow) -> None:
    times = (row.created_at, row.started_at, row.finished_at, row.outcome)
    raw.execute(
        sql.ADD_EFFECT,
        (run_pk(raw, row.run), row.key, row.effect.model_dump_json(), row.status, row.attempts, *times),
    )


def _put_key(raw: sqlite3.Connection, key: KeyRecord) -> None:
    values = key.model_dump(exclude={"scopes", "run"})
    run = None if key.run is None else run_pk(raw, key.run)
    raw.execute(sql.PUT_KEY, {**values, "scopes": canonical(sorted(key.scopes)), "run": run})
