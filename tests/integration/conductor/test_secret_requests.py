"""An agent asks for a secret, a person gives or refuses it, and nothing but one start of the agent has it."""

import asyncio
import base64
import json
import sqlite3
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from ompycord.conductor.secret_requests import SecretRequests
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.ids import AGENT_SOURCE, RunId
from ompycord.domain.run import RunState, SuspendReason
from ompycord.errors import Refused, StorageError
from tests.integration.conductor.conftest import ADA, AP, MO, AppHarness, harness, store
from tests.support.refusals import refuses

__all__ = ["harness", "store"]

BEN, RITA = AP, MO
VALUE = "npm_" + "x9Qd2kLw7RtZ" * 3


@pytest.fixture
async def working(harness: AppHarness) -> AsyncGenerator[RunId]:
    """A run whose agent is at work and ends when it is released."""
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit()
        await harness.in_state(record.id, RunState.BUILDING)
        await harness.began()
        yield RunId(record.id)


def requests_of(harness: AppHarness) -> SecretRequests:
    return harness.parts.areas.secret_requests


async def requested(harness: AppHarness, run: RunId, name: str = "NPM_TOKEN", why: str = "to publish it") -> str:
    """What its agent is told, once its run waits."""
    harness.agent.began.clear()
    told = await requests_of(harness).request(run, name, why)
    await harness.until(run, lambda one: one.state is RunState.SUSPENDED)
    return told


async def give(
    harness: AppHarness, run: RunId, value: str = VALUE, person: Person = BEN, name: str = "NPM_TOKEN"
) -> Any:
    loaded = await harness.areas.load(run)
    return await requests_of(harness).give(loaded, name, SecretStr(value), person, way="at a terminal")


def kept(harness: AppHarness) -> list[Path]:
    return sorted(path for path in (harness.folder / "secrets/asked").rglob("*") if path.is_file())


async def test_a_secret_that_is_given_is_in_one_start_of_the_agent_alone(harness: AppHarness, working: RunId) -> None:
    told = await requested(harness, working)
    assert told.startswith("People were asked for NPM_TOKEN, and your run is paused.")
    waiting = await harness.areas.load(working)
    assert waiting.snapshot is not None
    assert (waiting.snapshot.state, waiting.snapshot.reason) == (RunState.SUSPENDED, SuspendReason.WAITING)
    (question,) = waiting.snapshot.open_questions
    assert (question.secret, question.options, question.free_text) == ("NPM_TOKEN", ("Refuse",), False)
    assert question.text == "It needs the secret NPM_TOKEN: to publish it"

    assert (await give(harness, working)).fresh
    await harness.began()
    first, second = harness.agent.jobs
    assert "NPM_TOKEN" not in first.env
    assert second.env["NPM_TOKEN"] == VALUE
    assert "The secret NPM_TOKEN that you asked for is in your environment" in second.prompt
    assert VALUE not in repr(second.prompt)
    again = await requests_of(harness).request(working, "NPM_TOKEN", "to publish it")
    assert again.startswith("NPM_TOKEN is in your environment.")
    await harness.in_state(working, RunState.BUILDING)

    harness.agent.began.clear()
    await harness.areas.runs.stop(await harness.areas.record(working), ADA)
    await harness.in_state(working, RunState.SUSPENDED)
    await harness.areas.runs.resume(await harness.areas.load(working), ADA)
    await harness.began()
    third = harness.agent.jobs[-1]
    assert "NPM_TOKEN" not in third.env
    assert "is not in your environment any more" in third.prompt


async def test_what_was_given_is_in_no_row_and_no_file_but_its_own_until_the_run_has_ended(
    harness: AppHarness, working: RunId
) -> None:
    """Whatever its agent prints, posts and reports, in any encoding."""
    await requested(harness, working)
    await give(harness, working)
    (file,) = kept(harness)
    assert file.read_text() == VALUE
    assert [stat.S_IMODE(one.stat().st_mode) for one in (file, file.parent, file.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]
    await harness.began()
    coded = base64.b64encode(VALUE.encode()).decode()
    recorder = harness.areas.recorder
    await recorder.observe(
        working, ev.Message(text=f"I have {VALUE}, {coded}."), ev.Note(text="x" * 1990 + VALUE[:10]),
        ev.SessionOpened(session=VALUE), ev.ArtifactAdded(name=VALUE, sha256="0" * 64, size=1),
    )  # fmt: skip
    await recorder.record(working, ev.Note(text=VALUE))
    headers = {"authorization": f"Bearer {harness.agent.jobs[-1].env['OMPYCORD_KEY']}"}
    transport = httpx.ASGITransport(harness.parts.sidecar, client=("127.0.0.1", 1))
    note = {"schema": "ompycord/event@1", "type": "note", "run": working, "data": {"text": f"posted {VALUE}"}}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as http:
        assert (await http.post("/api/webhook/event", json=note)).status_code == 202
    harness.agent.outcome = harness.agent.outcome.model_copy(update={"message": f"Done with {VALUE}.", "claim": False})
    harness.agent.release()
    await harness.settled(working)
    await harness.ended(working)

    events = await harness.store.events_of(working)
    said = next(one.body.text for one in events if isinstance(one.body, ev.Message))
    assert said.startswith("I have [redacted], [redacted]")
    for secret in (VALUE, coded[:48]):
        assert secret not in await asyncio.to_thread(dumped, harness.folder / "ompycord.db")
        assert secret not in "".join(repr(event) for event in events)
    record = await harness.areas.record(working)
    assert VALUE not in repr(record)
    for path in harness.folder.rglob("*"):
        if path.is_file() and "secrets/asked" not in str(path):
            assert VALUE.encode() not in path.read_bytes(), path

    await requests_of(harness).forget_ended([working])
    assert kept(harness) == []
    assert not file.parent.exists()


def dumped(path: Path) -> str:
    """Every row of a database, also what its log holds."""
    with sqlite3.connect(path) as raw:
        return "\n".join(raw.iterdump())


async def test_the_record_has_name_giver_and_reach_and_no_value(harness: AppHarness, working: RunId) -> None:
    await requested(harness, working)
    await give(harness, working)
    (question,) = await requests_of(harness).requests(working)
    decision = await harness.store.decision(working, "question", question.question)
    assert decision is not None
    assert decision.action == ("Give the secret NPM_TOKEN at a terminal, for one start of scripted, in its environment")
    assert (decision.by, decision.by_name) == (BEN.id, "Ap")


async def test_a_refusal_is_told_to_the_agent_and_holds_for_the_run(harness: AppHarness, working: RunId) -> None:
    await requested(harness, working)
    (question,) = await requests_of(harness).requests(working)
    await harness.areas.approvals.answer(await harness.areas.load(working), question.question, "Refuse", ADA)
    await harness.began()
    job = harness.agent.jobs[-1]
    assert "NPM_TOKEN" not in job.env
    assert "Ada refused to give you the secret NPM_TOKEN. Go on without it." in job.prompt
    told = await requests_of(harness).request(working, "NPM_TOKEN", "really")
    assert told.startswith("Ada refused to give NPM_TOKEN.")
    await harness.in_state(working, RunState.BUILDING)
    assert len(await requests_of(harness).requests(working)) == 1
    with refuses("does not wait for a secret called NPM_TOKEN any more"):
        await give(harness, working)


NO_VALUES = (
    ("", "It is empty."),
    (" \n ", "It is empty."),
    ("short1!", "shorter than 8 characters"),
    ("  short1!  ", "shorter than 8 characters"),
    ("production", "one plain word"),
    ("documentation", "one plain word"),
    ("2026-11-30", "stands in many texts"),
    ("a1" * 12, "stands in many texts"),
    ("zero\0zero-x9Qd2", "no text"),
    ("x9Qd2kLw" * 1025, "longer than 8,192 characters"),
    ("Fix the total.", "stands in the task of this run"),
)


async def test_a_value_that_cannot_be_kept_out_of_texts_is_refused_in_words_and_kept_nowhere(
    harness: AppHarness, working: RunId
) -> None:
    await requested(harness, working)
    for value, words in NO_VALUES:
        with refuses(words):
            await give(harness, working, value)
    assert kept(harness) == []
    assert [one.answer for one in await requests_of(harness).requests(working)] == [None]
    assert (await give(harness, working)).fresh


async def test_no_secret_takes_the_name_of_what_programs_read(harness: AppHarness, working: RunId) -> None:
    for name in ("npm_token", "PATH", "LD_PRELOAD", "OMPYCORD_KEY", "GIT_SSH_COMMAND", "N", "A B"):
        with refuses("name"):
            await requests_of(harness).request(working, name, "x")
    await harness.in_state(working, RunState.BUILDING)


async def test_one_run_asks_for_eight_different_secrets_at_most(harness: AppHarness, working: RunId) -> None:
    for number in range(8):
        await requests_of(harness).request(working, f"KEY_{number}", "x")
    with refuses("at most 8 different secrets"):
        await requests_of(harness).request(working, "KEY_8", "x")
    assert len(await requests_of(harness).requests(working)) == 8


async def test_whoever_may_not_give_it_gives_nothing(harness: AppHarness, working: RunId) -> None:
    await requested(harness, working)
    with refuses("You may not decide for"):
        await give(harness, working, person=RITA)
    with refuses("You asked for this run, so another person must allow it."):
        await give(harness, working, person=ADA)
    assert kept(harness) == []


async def test_of_two_people_at_once_one_gives_it(harness: AppHarness, working: RunId) -> None:
    """Whatever of the two is on its way first, the agent gets that one's value whole."""
    await requested(harness, working)
    outcomes: list[str] = []

    async def one(value: str) -> None:
        try:
            outcomes.append(value if (await give(harness, working, value)).fresh else "")
        except Refused as refused:
            outcomes.append(refused.code)

    async with asyncio.TaskGroup() as group:
        group.create_task(one(VALUE))
        group.create_task(one(VALUE[::-1]))
    (given,) = {*outcomes} - {"secret-on-its-way", "secret-not-requested"}
    assert len(outcomes) == 2
    await harness.began()
    assert harness.agent.jobs[-1].env["NPM_TOKEN"] == given


async def test_a_refusal_that_was_first_leaves_no_value(harness: AppHarness, working: RunId) -> None:
    """It came while the value was on its way to the disk."""
    await requested(harness, working)
    (question,) = await requests_of(harness).requests(working)
    vault, loaded = harness.infrastructure.vault, await harness.areas.load(working)
    put = vault.put

    async def slow_put(*arguments: Any) -> None:
        await put(*arguments)
        await harness.areas.approvals.answer(loaded, question.question, "Refuse", ADA)

    vault.put = slow_put  # type: ignore[method-assign]
    committed = await give(harness, working)
    assert committed.earlier is not None
    assert committed.earlier.by_name == "Ada"
    assert kept(harness) == []
    await harness.began()
    assert "NPM_TOKEN" not in harness.agent.jobs[-1].env


async def test_a_restart_between_giving_and_use_loses_nothing(harness: AppHarness, working: RunId) -> None:
    """Every place of a crash: before the decision, before the start, and after the value was handed out."""
    await requested(harness, working)
    (question,) = await requests_of(harness).requests(working)
    vault = harness.infrastructure.vault
    await vault.put(working, question.question, "NPM_TOKEN", VALUE)  # a crash before the decision
    second = harness.restart()
    await second.infrastructure.vault.load()
    assert await requests_of(second).environment(working) == {}
    assert VALUE not in second.infrastructure.redact(f"it is {VALUE}")

    assert (await give(second, working, VALUE[::-1])).fresh  # given again, in the place of the first
    third = harness.restart()  # a crash before the agent started
    await third.infrastructure.vault.load()
    assert await requests_of(third).environment(working) == {"NPM_TOKEN": VALUE[::-1]}

    fourth = harness.restart()  # a crash after it was handed out: never twice
    await fourth.infrastructure.vault.load()
    assert await requests_of(fourth).environment(working) == {}
    (told,) = await requests_of(fourth).words(working)
    assert told.startswith("The secret NPM_TOKEN is not in your environment any more")
    assert VALUE[::-1] not in fourth.infrastructure.redact(f"it is {VALUE[::-1]}")


async def test_a_file_that_a_crash_left_half_written_is_removed(harness: AppHarness) -> None:
    folder = harness.folder / "secrets/asked/01JD0000000000000000000001"
    folder.mkdir(parents=True)
    (folder / ".01JD0000000000000000000002.NPM_TOKEN.x7").write_text("half")
    (folder / "01JD0000000000000000000002.NPM_TOKEN").write_bytes(b"\xff\xfe")
    await harness.infrastructure.vault.load()
    assert [one.name for one in kept(harness)] == ["01JD0000000000000000000002.NPM_TOKEN"]
    assert harness.infrastructure.vault.runs == frozenset()


async def test_a_run_that_ended_takes_no_secret(harness: AppHarness, working: RunId) -> None:
    await requested(harness, working)
    await harness.areas.runs.cancel(await harness.areas.record(working), ADA)
    await harness.ended(working)
    with refuses("does not wait for a secret called NPM_TOKEN any more. Nothing was kept."):
        await give(harness, working)
    assert kept(harness) == []
    with refuses("ended"):
        await requests_of(harness).request(working, "NPM_TOKEN", "x")


async def test_a_disk_that_takes_nothing_gives_nothing(harness: AppHarness, working: RunId) -> None:
    await requested(harness, working)
    (harness.folder / "secrets").mkdir(exist_ok=True)
    (harness.folder / "secrets/asked").write_text("in the way")
    with pytest.raises(StorageError):
        await give(harness, working)
    (harness.folder / "secrets/asked").unlink()
    assert (await give(harness, working)).fresh


async def test_the_same_request_again_is_one_question_and_a_used_one_is_another(
    harness: AppHarness, working: RunId
) -> None:
    await requested(harness, working)
    await harness.areas.runs.resume(await harness.areas.load(working), ADA)
    await harness.in_state(working, RunState.BUILDING)
    await harness.began()
    await requested(harness, working, why="other words")
    assert len(await requests_of(harness).requests(working)) == 1
    await give(harness, working)
    await harness.began()
    await harness.areas.runs.stop(await harness.areas.record(working), ADA)
    await harness.in_state(working, RunState.SUSPENDED)
    harness.agent.began.clear()
    await harness.areas.runs.resume(await harness.areas.load(working), ADA)
    await harness.began()
    await requested(harness, working)
    found = await requests_of(harness).requests(working)
    assert [one.is_open for one in found] == [False, True]
    assert all(one.name == "NPM_TOKEN" for one in found)


async def test_a_secret_of_several_lines_is_known_by_each_of_them(harness: AppHarness, working: RunId) -> None:
    lines = [base64.b64encode(bytes(range(n, n + 48))).decode() for n in (1, 60, 120)]
    key = "\n".join(("-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----"))
    await requested(harness, working, "DEPLOY_KEY")
    await give(harness, working, key, name="DEPLOY_KEY")
    await harness.began()
    assert harness.agent.jobs[-1].env["DEPLOY_KEY"] == key
    await harness.areas.recorder.observe(working, ev.Message(text=f"line two: {lines[1]}, all: {json.dumps(key)}"))
    written = [e.body for e in await harness.store.events_of(working) if e.source == AGENT_SOURCE][-1]
    assert isinstance(written, ev.Message)
    assert all(line not in written.text for line in lines)
    assert written.text.startswith("line two: [redacted], all:")


async def test_a_result_that_holds_what_was_given_is_not_taken(harness: AppHarness, working: RunId) -> None:
    await requested(harness, working)
    await give(harness, working)
    await harness.began()
    await harness.in_state(working, RunState.BUILDING)
    harness.agent.writes = {"config.txt": f"token = {VALUE}\n"}
    harness.agent.release()
    held = await harness.until(working, lambda one: one.is_final or one.state is RunState.SUSPENDED)
    assert (held.state, held.reason is SuspendReason.WAITING) == (RunState.SUSPENDED, False)
    assert held.message is not None
    assert "NPM_TOKEN" in held.message
    assert VALUE not in held.message
    assert harness.workspaces.branches == {}
