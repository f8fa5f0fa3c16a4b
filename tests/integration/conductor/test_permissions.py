"""*Allow for this run*: one mechanism for every agent; each use is in the log, on the card and in the story."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentInput, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.run import RunState
from ompycord.render.cards.textform import text_form
from ompycord.render.cards.view import view
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.refusals import refuses

CALL, OTHER = "a" * 64, "b" * 64


def wants(name: str, *, command: str = "touch harmless.txt", call: str = CALL, **more: object) -> ev.ApprovalRequested:
    given = {"approval": name, "title": "Bash: it", "command": command, "call": call, **more}
    return ev.ApprovalRequested.model_validate(given)


class Asking(ScriptedAgent):
    """Asks for one thing after the other, each once the one before was decided."""

    def __init__(self, *wanted: ev.ApprovalRequested) -> None:
        super().__init__(writes={"total.py": "x = 1\n"})
        self.wanted: Sequence[ev.ApprovalRequested] = wanted
        self.decided: list[AgentInput] = []
        self.between: Callable[[], None] = lambda: None
        """Called after each decision."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        for one in self.wanted:
            await emit(one)
            self.decided.append(await inbox.next())
            self.between()
        return await super().run(job, emit, inbox)


def asking(store: SqliteStore, folder: Path, *wanted: ev.ApprovalRequested) -> tuple[AppHarness, Asking]:
    agent = Asking(*wanted)
    return AppHarness(store, folder, FakeClock(), agent=agent), agent


async def allow(harness: AppHarness, run: str, name: str) -> None:
    await harness.until(run, lambda snapshot: any(one.ref == name for one in snapshot.open_approvals))
    await harness.areas.approvals.approve(await harness.areas.load(RunId(run)), name, ADA, scope="run")


async def requested(store: SqliteStore, run: str) -> list[str]:
    events = await store.events_of(RunId(run))
    return [event.body.approval for event in events if isinstance(event.body, ev.ApprovalRequested)]


async def test_each_use_of_a_permission_is_an_event_that_the_card_and_the_story_show(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, agent = asking(store, tmp_path, wants("1"), wants("2"), wants("3"))
    async with harness.running():
        run = (await harness.submit()).id
        await allow(harness, run, "1")
        snapshot = await harness.ended(run)
    assert [(type(one), getattr(one, "approval", "")) for one in agent.decided] == [
        (ev.ApprovalGranted, name) for name in "123"
    ]
    used = [event.body for event in await store.events_of(RunId(run)) if isinstance(event.body, ev.ApprovalUsed)]
    assert used == [ev.ApprovalUsed(approval="1", title="Bash: it", command="touch harmless.txt")] * 2
    assert await requested(store, run) == ["1"]
    words = "Used 2 times without asking again, allowed by Ada: Bash: it"
    card = view(snapshot, RenderContext(), redact=str)
    assert words in "\n".join(line for field in card.fields for line in field.lines)
    assert words in text_form(snapshot, RenderContext(), redact=str)


@pytest.mark.parametrize(
    "other",
    [
        {"command": "rm -rf src"},
        {"call": OTHER},
        {"risk": "network"},
        {"title": "Bash: other"},
        {"whole": False},
        {"only_once": True},
        {"edits": ("a.py",), "tool": "Edit"},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_what_differs_in_anything_is_asked_again(
    store: SqliteStore, tmp_path: Path, other: dict[str, object]
) -> None:
    harness, agent = asking(store, tmp_path, wants("1"), wants("2", **other))  # type: ignore[arg-type]  # any of its fields
    async with harness.running():
        run = (await harness.submit()).id
        await allow(harness, run, "1")
        await harness.until(run, lambda snapshot: [one.ref for one in snapshot.open_approvals] == ["2"])
        assert len(agent.decided) == 1
        await harness.areas.approvals.deny(await harness.areas.load(RunId(run)), "2", ADA)
        await harness.ended(run)


async def test_permission_to_edit_a_file_covers_other_edits_of_it_and_no_other_file(
    store: SqliteStore, tmp_path: Path
) -> None:
    first = wants("1", edits=("src/a.py",), tool="Edit")
    again = wants("2", command="other text", call=OTHER, edits=("src/a.py",), tool="Edit")
    others = [wants("3", edits=("src/b.py",), tool="Edit"), wants("4", edits=("src/a.py",), tool="Write")]
    harness, _ = asking(store, tmp_path, first, again, *others)
    async with harness.running():
        run = (await harness.submit()).id
        for name in "134":
            await allow(harness, run, name)
        await harness.ended(run)
    assert await requested(store, run) == ["1", "3", "4"]
    used = [event.body for event in await store.events_of(RunId(run)) if isinstance(event.body, ev.ApprovalUsed)]
    assert [(one.approval, one.command) for one in used] == [("1", "other text")]


async def test_what_cannot_be_shown_whole_can_only_be_denied_and_a_title_alone_be_allowed_once(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, agent = asking(store, tmp_path, wants("1", whole=False), wants("2", only_once=True))
    async with harness.running():
        run = (await harness.submit()).id
        await harness.until(run, lambda snapshot: bool(snapshot.open_approvals))
        loaded = await harness.areas.load(RunId(run))
        for scope in ("once", "run"):
            with refuses("can only be denied"):
                await harness.areas.approvals.approve(loaded, "1", ADA, scope=scope)
        await harness.areas.approvals.deny(loaded, "1", ADA)
        await harness.until(run, lambda snapshot: [one.ref for one in snapshot.open_approvals] == ["2"])
        loaded = await harness.areas.load(RunId(run))
        with refuses("can only be allowed once"):
            await harness.areas.approvals.approve(loaded, "2", ADA, scope="run")
        await harness.areas.approvals.approve(loaded, "2", ADA)
        await harness.ended(run)
    assert [type(one) for one in agent.decided] == [ev.ApprovalDenied, ev.ApprovalGranted]


async def test_a_permission_holds_over_the_restart_of_its_agent(store: SqliteStore, tmp_path: Path) -> None:
    harness, agent = asking(store, tmp_path, wants("1"), wants("2"))
    agent.hold()
    async with harness.running():
        run = (await harness.submit()).id
        await allow(harness, run, "1")
        await harness.began()
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.in_state(run, RunState.SUSPENDED)
        agent.release()
        await harness.areas.runs.resume(await harness.areas.load(RunId(run)), ADA)
        snapshot = await harness.ended(run)
    assert await requested(store, run) == ["1"]
    assert snapshot.approvals[0].uses == 3
