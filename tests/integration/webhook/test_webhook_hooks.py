"""`POST /hooks/{source}/{run}`: recorded payloads as they came, who may push, what is never told twice.

And a hook that waits.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import RunChannels
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Commit, NewEvent, Scope
from ompycord.domain.run import FailureClass, RunState
from ompycord.http import HttpLimits, KeySet, Sidecar, mint_bearer
from ompycord.store import SqliteStore
from ompycord.webhook.hook_approvals import ASK_S
from tests.integration.store.world import NOW, CountingIds, HandClock, People
from tests.integration.webhook.senders import SECRET, refusal
from tests.support.patience import until, within
from tests.support.protocol_sessions import without_prints
from tests.support.pushed import recorded

PROMPT = {"hook_event_name": "UserPromptSubmit", "session_id": "s1", "cwd": "/repo", "prompt": "Fix the total."}
END = {"hook_event_name": "SessionEnd", "session_id": "s1", "cwd": "/repo", "reason": "other"}
TOOL = {
    "hook_event_name": "PreToolUse", "session_id": "s1", "cwd": "/repo", "tool_name": "Bash", "tool_use_id": "t1",
    "tool_input": {"command": "npm publish"},
}  # fmt: skip


class Pusher:
    """An agent with a key, and what became of what it pushed."""

    def __init__(
        self, http: httpx.AsyncClient, store: SqliteStore, projector: Projector, clock: HandClock, ids: CountingIds
    ) -> None:
        self.http = http
        self.store = store
        self.clock = clock
        self.headers: dict[str, str] = {}
        self._projector = projector
        self._ids = ids

    async def key(self, keyring: KeySet, *scopes: Scope, run: str | None = None) -> None:
        """Another key than before."""
        bound = None if run is None else RunId(run)
        record, token = mint_bearer(ids=self._ids, now_ms=NOW, name="laptop", scopes=scopes, run=bound)
        await self.store.commit(Commit(writes=(record,)))
        keyring.replace(await self.store.keys(), hmac_secrets={}, shared_secret=SECRET)
        self.headers = {"authorization": f"Bearer {token}"}

    async def push(
        self, payload: Any, *, to: str = "claude/@session", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        more = self.headers if headers is None else headers
        return await self.http.post(f"/hooks/{to}", content=body, headers={"content-type": "application/json", **more})

    async def told(self, run: str) -> list[ev.EventBody]:
        """What stands in the log of a run, in its order."""
        return [event.body for event in await self.store.events_after(0, limit=1000) if event.run == run]

    async def snapshot(self, run: str) -> StatusSnapshot:
        while await self._projector.project_some():
            pass
        return (await self.store.folds([RunId(run)]))[RunId(run)].snapshot()

    async def runs(self) -> dict[str | None, str]:
        """Every run's name and id."""
        return {run.external_name: run.id for run in await self.store.runs(RunFilter(limit=50))}

    async def decide(self, run: str, body: ev.EventBody, *, at: int = NOW) -> None:
        """A person's click, as the conductor stores it."""
        event = NewEvent(run=RunId(run), source=OMPYCORD, kind=SourceKind.PERSON, at=at, body=body, id=self._ids.ulid())
        await self.store.commit(Commit(writes=(event,)))
        await self.snapshot(run)

    @asynccontextmanager
    async def asking(self, payload: dict[str, Any], to: str = "claude/@session?ask=1") -> AsyncGenerator[Any]:
        """A push that waits, and the run once its approval is open."""
        async with within(20), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.push(payload, to=to))
            found: list[str] = []

            async def is_asking() -> bool:
                found[:] = [one for one in (await self.runs()).values() if (await self.snapshot(one)).open_approvals]
                return bool(found)

            await until(is_asking)
            yield task, found[-1]


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def projector(store: SqliteStore, bus: Bus, clock: HandClock) -> Projector:
    return Projector(store=store, snapshots=Snapshots(store=store), bus=bus, clock=clock, channels=RunChannels())


@pytest.fixture
def sidecar(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds, projector: Projector, bus: Bus
) -> Sidecar:
    return create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=projector.wake,
        probes={},
        bus=bus,
    )


@pytest.fixture
async def pusher(
    http: httpx.AsyncClient, store: SqliteStore, projector: Projector, clock: HandClock, ids: CountingIds,
    keyring: KeySet,
) -> Pusher:  # fmt: skip
    made = Pusher(http, store, projector, clock, ids)
    await made.key(keyring, Scope.EVENTS_WRITE, Scope.RUNS_CREATE)
    return made


@pytest.mark.shared
@pytest.mark.parametrize(
    ("source", "tools", "cost", "words"),
    [
        ("claude", 4, None, "finished via claude"),
        ("codex", 0, None, "done codex"),
        ("opencode", 1, 0.00735, 'done oc"'),
        ("omp", 1, 0.00747, "printed"),
    ],
)
async def test_recorded_payloads_posted_as_they_came_give_a_true_card(
    pusher: Pusher, shared: Path, source: str, tools: int, cost: float | None, words: str
) -> None:
    for pushed in recorded(shared):
        if pushed.agent != source:
            continue
        refused = await pusher.push(pushed.body, to=f"{source}/T1", headers=None if pushed.is_signed else {})
        assert refused.status_code == (202 if pushed.is_signed else 401)
        if not pushed.is_signed:  # the recorder left the key out on purpose
            assert (await pusher.push(pushed.body, to=f"{source}/T1")).status_code == 202
    [(name, run)] = (await pusher.runs()).items()
    card = await pusher.snapshot(run)
    assert (name, card.state, card.agent) == ("T1", RunState.COMPLETE, source)
    assert words in {card.last_words, card.summary}
    assert len(card.tools) == tools
    assert card.usage.cost_usd == (None if cost is None else pytest.approx(cost))
    assert not card.notes


async def test_the_key_alone_decides_and_a_signature_that_is_there_must_be_right(pusher: Pusher) -> None:
    for headers in ({}, {"authorization": "Bearer ompk_aaaaaaaa_" + "x" * 43}, {"authorization": "Basic eDp5"}):
        assert refusal(await pusher.push(PROMPT, headers=headers)) == (401, "unauthorized")
    bad = {"webhook-id": "m1", "webhook-timestamp": str(NOW // 1000), "webhook-signature": "v1,AAAA"}
    assert refusal(await pusher.push(PROMPT, headers={**pusher.headers, **bad})) == (401, "unauthorized")
    assert (await pusher.push(PROMPT)).status_code == 202


async def test_only_known_agents_and_only_posts_are_taken(pusher: Pusher) -> None:
    for to in ("cursor/T1", "claude", "claude/", "claude/" + "x" * 129, ""):
        assert refusal(await pusher.push(PROMPT, to=to)) == (404, "not-found")
    assert refusal(await pusher.http.get("/hooks/claude/T1", headers=pusher.headers)) == (405, "method-not-allowed")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"{", (400, "malformed-json")),
        (b'{"a":NaN}', (400, "malformed-json")),
        (b'{"a":1,"a":2}', (400, "malformed-json")),
        (b'{"prompt":"\\u0000"}', (400, "malformed-json")),
        (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", (400, "malformed-json")),
        (b"[]", (422, "schema-invalid")),
        (b'{"hook_event_name":"UserPromptSubmit","prompt":"x"}', (422, "schema-invalid")),
        (b'{"a":"' + b"x" * 300_000 + b'"}', (413, "too-large")),
    ],
)
async def test_what_is_no_payload_is_refused_as_an_event_is(
    pusher: Pusher, body: bytes, answer: tuple[int, str]
) -> None:
    assert refusal(await pusher.push(body)) == answer
    assert await pusher.runs() == {}


async def test_an_agent_cannot_choose_how_much_it_sends_so_long_texts_are_cut(pusher: Pusher) -> None:
    lines = [f"+{number}" for number in range(5000)]
    edit = {
        **TOOL, "hook_event_name": "PostToolUse", "tool_name": "Write", "tool_input": {"file_path": "/repo/a.txt"},
        "tool_response": {"filePath": "/repo/a.txt", "structuredPatch": [{"lines": lines}], "content": "x" * 100_000},
    }  # fmt: skip
    answer = (await pusher.push(edit)).json()
    assert answer["accepted"] == 1
    assert [without_prints(body) for body in await pusher.told(answer["run"])] == [
        ev.ToolFinished(tool="Write", title="a.txt", call="t1", added=5000, removed=0)
    ]


async def test_an_unknown_kind_is_noted_once_by_its_name_and_a_silent_one_is_let_go(pusher: Pusher) -> None:
    run = (await pusher.push(PROMPT)).json()["run"]
    for number in (1, 2):
        new = {"hook_event_name": "NewHook", "session_id": "s1", "number": number}
        assert (await pusher.push(new)).json()["duplicates"] == number - 1
    silent = await pusher.push({"hook_event_name": "PreCompact", "session_id": "s1"})
    assert (silent.status_code, silent.json()["accepted"], silent.json()["run"]) == (202, 0, None)
    notes = [body for body in await pusher.told(run) if isinstance(body, ev.Note)]
    assert [note.text for note in notes] == ["claude sent something that this version does not know: NewHook."]


async def test_a_payload_that_is_sent_again_is_told_once_and_one_that_comes_again_is_told_twice(pusher: Pusher) -> None:
    stop = {"hook_event_name": "Stop", "session_id": "s1", "last_assistant_message": "Done."}
    run = (await pusher.push(PROMPT)).json()["run"]
    for payload, times in ((TOOL, 3), (stop, 2), (PROMPT, 1), (stop, 1), (TOOL | {"effort": "high"}, 1)):
        for _ in range(times):
            assert (await pusher.push(payload)).status_code in {200, 202}
    told = [type(body).__name__ for body in await pusher.told(run)]
    assert told == [
        *("RunStarted", "SessionOpened", "ToolStarted", "Message", "RunStarted", "SessionOpened", "Message"),
    ]  # fmt: skip


async def test_work_that_begins_after_an_end_is_another_round_and_what_trails_is_let_go(
    pusher: Pusher, keyring: KeySet, store: SqliteStore, projector: Projector, ids: CountingIds
) -> None:
    first = (await pusher.push(PROMPT, to="claude/nightly")).json()["run"]
    await pusher.push(END, to="claude/nightly")
    late = await pusher.push(TOOL, to="claude/nightly")
    assert (late.status_code, late.json()["accepted"]) == (202, 0)
    second = (await pusher.push({**PROMPT, "prompt": "And the tax."}, to="claude/nightly")).json()["run"]
    assert second != first
    assert await pusher.runs() == {"nightly": first, "nightly#2": second}
    # A process that remembers nothing finds the round that is open.
    bare = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=pusher.clock,
        ids=ids,
        limits=HttpLimits(),
        wake=projector.wake,
        probes={},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(bare), base_url="http://127.0.0.1:8787") as http:
        again = Pusher(http, store, projector, pusher.clock, ids)
        again.headers = pusher.headers
        said = await again.push({**TOOL, "tool_use_id": "t2"}, to="claude/nightly")
    assert said.json()["run"] == second


async def test_every_session_is_a_run_and_a_runs_own_key_speaks_for_its_run_alone(
    pusher: Pusher, keyring: KeySet, store: SqliteStore, ids: CountingIds
) -> None:
    await pusher.push(PROMPT)
    await pusher.push({**PROMPT, "session_id": "s2"})
    assert set(await pusher.runs()) == {"claude-s1", "claude-s2"}
    hosted = await People(ids).submit(store)
    await pusher.key(keyring, Scope.EVENTS_WRITE, run=hosted.id)
    for to in ("claude/@session", f"claude/{hosted.id}"):
        assert (await pusher.push({**TOOL, "tool_use_id": to[-8:]}, to=to)).json()["run"] == hosted.id
    assert refusal(await pusher.push(TOOL, to="claude/other")) == (404, "unknown-run")
    assert [type(body).__name__ for body in await pusher.told(hosted.id)] == ["ToolStarted", "ToolStarted"]


async def test_a_key_that_may_not_begin_runs_cannot_push_one(pusher: Pusher, keyring: KeySet) -> None:
    await pusher.key(keyring, Scope.EVENTS_WRITE)
    assert refusal(await pusher.push(PROMPT)) == (404, "unknown-run")
    await pusher.key(keyring, Scope.RUNS_READ)
    assert refusal(await pusher.push(PROMPT)) == (403, "scope")


@pytest.mark.parametrize(
    ("decided", "permission", "reason"),
    [
        (ev.ApprovalGranted(approval="leave:t1", by="Ada"), "allow", "Ada allowed it in Discord."),
        (ev.ApprovalDenied(approval="leave:t1", by="Ada", reason="not now"), "deny", "Ada does not allow it: not now"),
    ],
)
async def test_a_tool_of_claude_waits_for_a_click_and_is_told_of_it(
    pusher: Pusher, decided: ev.EventBody, permission: str, reason: str
) -> None:
    async with pusher.asking(TOOL) as (push, run):
        (asked,) = (await pusher.snapshot(run)).open_approvals
        assert (asked.title, asked.command) == ("Bash: npm publish", "npm publish")
        await pusher.decide(run, decided)
    assert push.result().json()["hookSpecificOutput"] == {
        "hookEventName": "PreToolUse",
        "permissionDecision": permission,
        "permissionDecisionReason": reason,
    }


async def test_leave_for_the_run_is_asked_for_once(pusher: Pusher) -> None:
    async with pusher.asking(TOOL) as (_, run):
        await pusher.decide(run, ev.ApprovalGranted(approval="leave:t1", by="Ada", scope="run"))
    again = await pusher.push({**TOOL, "tool_use_id": "t2"}, to="claude/@session?ask=1")
    assert again.json()["hookSpecificOutput"]["permissionDecision"] == "allow"
    told = await pusher.told(run)
    assert [body.approval for body in told if isinstance(body, ev.ApprovalRequested)] == ["leave:t1"]
    used = ev.ApprovalUsed(approval="leave:t1", title="Bash: npm publish", command="npm publish")
    assert [body for body in told if isinstance(body, ev.ApprovalUsed)] == [used]
    assert (await pusher.snapshot(run)).approvals[0].uses == 1


async def test_leave_for_the_run_covers_no_other_arguments(pusher: Pusher) -> None:
    edit = {**TOOL, "tool_name": "Edit", "tool_input": {"file_path": "a.py", "old_string": "x", "new_string": "y"}}
    async with pusher.asking(edit) as (_, run):
        await pusher.decide(run, ev.ApprovalGranted(approval="leave:t1", by="Ada", scope="run"))
    other = {**edit, "tool_use_id": "t2", "tool_input": {"file_path": "a.py", "old_string": "x", "new_string": "z"}}
    async with pusher.asking(other) as (_, run):
        (asked,) = (await pusher.snapshot(run)).open_approvals
        assert (asked.ref, asked.edits) == ("leave:t2", ())
        await pusher.decide(run, ev.ApprovalDenied(approval="leave:t2", by="Ada"))


async def test_a_tool_that_was_denied_has_ended(pusher: Pusher) -> None:
    async with pusher.asking(TOOL) as (_, run):
        await pusher.decide(run, ev.ApprovalDenied(approval="leave:t1", by="Ada", reason="not now"))
    (tool,) = (await pusher.snapshot(run)).tools
    assert (tool.tool, tool.status, tool.detail) == ("Bash", "failed", "Ada does not allow it: not now")


async def test_a_request_that_was_decided_elsewhere_ends_and_says_so(pusher: Pusher) -> None:
    """As after a kill of ours in the middle of a wait: the agent asked at its terminal and went on."""
    run = (await pusher.push(TOOL)).json()["run"]
    await pusher.decide(run, ev.ApprovalRequested(approval="leave:t9", title="Bash: ls", command="ls"), at=NOW - 1)
    assert [one.ref for one in (await pusher.snapshot(run)).open_approvals] == ["leave:t9"]
    done = {**TOOL, "hook_event_name": "PostToolUse", "tool_use_id": "t9", "tool_response": {"stdout": "x"}}
    await pusher.push({**done, "tool_use_id": "t8"})
    assert (await pusher.snapshot(run)).open_approvals
    await pusher.push(done)
    (known,) = [one for one in (await pusher.snapshot(run)).approvals if one.ref == "leave:t9"]
    assert (known.status, known.reason) == ("withdrawn", "Its session went on without it.")


async def test_where_nobody_decides_the_terminal_is_asked_and_the_button_goes(pusher: Pusher) -> None:
    async with pusher.asking(TOOL) as (push, run):
        pusher.clock.seconds += ASK_S - 1
        assert not push.done()
        pusher.clock.seconds += 2
    assert push.result().json()["hookSpecificOutput"]["permissionDecision"] == "ask"
    card = await pusher.snapshot(run)
    assert [(one.status, one.reason) for one in card.approvals] == [
        ("withdrawn", "It is asked at the terminal instead.")
    ]


async def test_a_process_that_ends_lets_nobody_wait(pusher: Pusher, sidecar: Sidecar) -> None:
    async with pusher.asking(TOOL) as (push, _):
        sidecar.drain()
    assert push.result().json()["hookSpecificOutput"]["permissionDecision"] == "ask"


async def test_without_the_wish_to_ask_no_tool_waits(pusher: Pusher) -> None:
    answer = (await pusher.push(TOOL)).json()
    assert "hookSpecificOutput" not in answer
    assert not [body for body in await pusher.told(answer["run"]) if isinstance(body, ev.ApprovalRequested)]


async def test_claude_is_told_that_somebody_cancelled_its_run(pusher: Pusher) -> None:
    run = (await pusher.push(PROMPT)).json()["run"]
    await pusher.decide(run, ev.CancelRequested(by="Ada"))
    answer = (await pusher.push(TOOL, to="claude/@session?ask=1")).json()
    assert (answer["continue"], answer["cancel_requested"]) == (False, True)


@pytest.mark.parametrize("to", ["claude/@session", "claude/@session?ask=1"])
async def test_no_tool_of_a_cancelled_run_runs_and_its_end_is_cancelled(pusher: Pusher, to: str) -> None:
    run = (await pusher.push(PROMPT, to=to)).json()["run"]
    await pusher.decide(run, ev.CancelRequested(by="Ada"))
    for number in range(2):
        answer = (await pusher.push(TOOL | {"tool_use_id": f"t{number}"}, to=to)).json()
        assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
        assert answer["continue"] is False
    used = TOOL | {"hook_event_name": "PostToolUse", "tool_response": ""}
    assert "hookSpecificOutput" not in (await pusher.push(used, to=to)).json()
    await pusher.push(END, to=to)
    card = await pusher.snapshot(run)
    assert (card.state, card.failure) == (RunState.CANCELLED, FailureClass.CANCELLED)
    assert not card.open_approvals
    assert {tool.status for tool in card.tools} <= {"ok", "failed"}


async def test_a_tool_that_waits_for_approval_is_denied_when_its_run_is_cancelled(pusher: Pusher) -> None:
    async with pusher.asking(TOOL) as (push, run):
        await pusher.decide(run, ev.CancelRequested(by="Ada"))
    answer = push.result().json()
    assert (answer["continue"], answer["hookSpecificOutput"]["permissionDecision"]) == (False, "deny")
    card = await pusher.snapshot(run)
    assert [approval.status for approval in card.approvals] == ["withdrawn"]


async def test_a_session_that_ends_before_anybody_cancels_it_has_ended_by_itself(pusher: Pusher) -> None:
    run = (await pusher.push(PROMPT)).json()["run"]
    await pusher.push(END)
    assert (await pusher.snapshot(run)).state is RunState.COMPLETE
