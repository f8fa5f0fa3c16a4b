"""Buttons and forms that an older version has shown do what they say after the upgrade."""

import json
import sqlite3
from pathlib import Path

from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.run import RunState
from ompycord.store import open_store
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground import Playground

TRIGGERS = ("trigger_states", "trigger_fires", "trigger_runs", "trigger_storms", "hook_deliveries", "issue_calls")


def as_an_older_version_left_it(database: Path) -> int:
    """Schema 4, where the meanings of components stood among the drafts; how many there were."""
    raw = sqlite3.connect(database, isolation_level=None)
    states = raw.execute("SELECT id, body, created_at FROM component_states").fetchall()
    for state, text, at in states:
        meaning = json.loads(text)
        if meaning["kind"] == "cancel":
            body = json.dumps({"cancel": meaning["run"], "reason": meaning["reason"]})
        else:
            body = json.dumps({"edit": meaning["message"], "run": meaning["run"]})
        raw.execute("INSERT INTO drafts VALUES (?, 'p', 'g', 'c', ?, ?, NULL)", (state, body, at))
    raw.execute("DROP TABLE component_states")
    raw.execute("ALTER TABLE outbox DROP COLUMN nonce")
    raw.execute("DROP INDEX runs_chain")
    raw.execute("ALTER TABLE runs DROP COLUMN chain")
    raw.execute("DROP TABLE baselines")
    raw.execute("DROP TABLE unstable_tests")
    raw.execute("DROP TABLE model_requests")
    raw.execute("DROP TABLE model_breakers")
    for table in (
        "memory_vectors",
        "memory_spaces",
        "memory_index",
        "memory_counts",
        "memory_items",
        "feedback",
        "feedback_history",
    ):
        raw.execute(f"DROP TABLE {table}")
    later = (
        "reported_spending",
        "budget_raises",
        "budget_warnings",
        "call_decisions",
        "role_grants",
        "archived_runs",
        "archives",
        "audit_files",
        "embedding_requests",
        "transcription_requests",
    )
    for table in ("pull_requests", "schedules", "occurrences", "announcements", "alerts", *later, *TRIGGERS):
        raw.execute(f"DROP TABLE {table}")
    raw.execute("DELETE FROM schema_migrations WHERE version > 4")
    raw.execute("PRAGMA user_version = 4")
    raw.close()
    return len(states)


async def test_what_was_shown_before_an_upgrade_means_the_same_after_it(playground: Playground, tmp_path: Path) -> None:
    mo, database = playground.mo, tmp_path / "ompycord.db"
    async with open_store(database, clock=SystemClock(), ids=SystemIds()) as store:
        harness = AppHarness(playground, store, tmp_path)
        harness.agent.hold()
        async with harness.running():
            record = await harness.start(mo)
            await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
            await mo.command("omp stop", "tasks", run=record.id)
            await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Resume" in m.labels)
            told = await mo.command("omp say", "tasks", message="Right.")
            await mo.wait_message(lambda m: is_answer(m, told.id) and not m.is_thinking)
            message = (await mo.complete("omp queue edit", "message", "right", "tasks"))[0]["value"]
            form = await mo.command("omp queue edit", "tasks", message=message)
            asked = await mo.command("omp cancel", "tasks", reason="wrong repository")
            question = await mo.wait_message(lambda m: is_answer(m, asked.id) and "will be lost" in m.text)
    assert as_an_older_version_left_it(database) == 2
    async with open_store(database, clock=SystemClock(), ids=SystemIds()) as store:
        harness = AppHarness(playground, store, tmp_path)
        async with harness.running():
            sent = await mo.submit_labels(form, {"Message": "Right, and mind the docs."})
            await mo.wait_message(lambda m: is_answer(m, sent.id) and "mind the docs" in m.text)
            await mo.click(question, "Yes, cancel it")
            ended = await harness.until(record.id, lambda snapshot: snapshot.is_final)
            assert ended.state is RunState.CANCELLED
            await mo.wait_message(lambda m: kind_of(m) == "card 1" and "wrong repository" in m.text)
