"""The built-in agent with a model that a test scripts and its real tools: it works, asks, hears, stops and goes on."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.native import NativeAgent
from ompycord.agents.native.history import INTERRUPTED
from ompycord.agents.resuming import WHOLE_TASK
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    FilesChanged,
    Message,
    Note,
    PlanUpdated,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    SessionOpened,
    ToolFinished,
    ToolStarted,
)
from ompycord.domain.ports import AgentJob, AgentOutcome
from ompycord.domain.ports.models import PromptMessage, ReplyMessage, ToolMessage
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.errors import ProcessFailed, Refused
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox, ScriptedModels
from tests.support.native import ModelListener
from tests.support.patience import within

pytestmark = pytest.mark.posix
MakeJob = Callable[..., AgentJob]


def call(tool: str, **arguments: Any) -> str:
    return f"CALL {tool} {json.dumps(arguments)}"


@pytest.fixture
def models() -> ScriptedModels:
    return ScriptedModels()


@pytest.fixture
def job(make_job: MakeJob, models: ScriptedModels) -> MakeJob:
    def make(*steps: str, listener: Any = None, **spec: Any) -> AgentJob:
        one = make_job(prompt="\n".join(steps), kind="native", command=(), **spec)
        return one.model_copy(update={"listener": listener or ModelListener(models)})

    return make


@pytest.fixture
def run(launcher: Launcher, stored: Any) -> Callable[..., Any]:
    async def start(work: AgentJob, inbox: ScriptedInbox | None = None) -> AgentOutcome:
        async with within(60):
            return await NativeAgent(launcher=launcher).run(work, stored.emit, inbox or ScriptedInbox())

    return start


def results(models: ScriptedModels) -> list[str]:
    """What its tools gave, as its model got it last."""
    return [one.text for one in models.calls[-1].messages if isinstance(one, ToolMessage)]


async def test_it_asks_for_a_secret_where_people_can_be_asked_and_is_told_what_they_say(
    run: Any, job: MakeJob, models: ScriptedModels
) -> None:
    asked: list[tuple[str, str]] = []

    async def ask(name: str, why: str) -> str:
        asked.append((name, why))
        if name != "NPM_TOKEN":
            raise Refused(RefusalCode.VALUE_UNFIT, why="A variable has a name such as NPM_TOKEN.")
        return "People were asked for NPM_TOKEN, and your run is paused."

    steps = (
        call("request_secret", name=" NPM_TOKEN ", why="to publish it"),
        call("request_secret", name="npm token", why="x"),
        "SAY Done.",
    )
    await run(job(*steps).model_copy(update={"ask_secret": ask}))
    assert asked == [("NPM_TOKEN", "to publish it"), ("npm token", "x")]
    told, refused = results(models)
    assert told == "People were asked for NPM_TOKEN, and your run is paused."
    assert "A variable has a name such as NPM_TOKEN." in refused
    await run(job(*steps))
    assert results(models)[0].startswith("There is no tool 'request_secret' here.")
    await run(job(*steps).model_copy(update={"ask_secret": ask, "purpose": "review"}))
    assert results(models)[0].startswith("There is no tool 'request_secret' here.")


async def test_it_reads_searches_edits_writes_and_runs_and_each_is_seen(
    run: Any, job: MakeJob, stored: Any, clone: Path, models: ScriptedModels
) -> None:
    (clone / "cart.py").write_text("def total():\n    return 1\n", encoding="utf-8")
    work = job(
        call("list"),
        call("search", pattern="return \\d"),
        call("read", path="cart.py"),
        call("edit", path="cart.py", old="return 1", new="return 2"),
        call("write", path="sub/NOTES.md", text="one\ntwo\n"),
        call("run", command="echo out; echo err >&2; exit 3"),
        "SAY The total is right now.",
    )
    outcome = await run(work)
    assert (outcome.claim, outcome.message) == (True, "The total is right now.")
    assert (clone / "cart.py").read_text(encoding="utf-8") == "def total():\n    return 2\n"
    assert (clone / "sub/NOTES.md").read_text(encoding="utf-8") == "one\ntwo\n"
    finished = stored.of(ToolFinished)
    assert [(one.tool, one.title, one.ok) for one in finished] == [
        ("list", None, True),
        ("search", "return \\d", True),
        ("read", "cart.py", True),
        ("edit", "cart.py", True),
        ("write", "sub/NOTES.md", True),
        ("run", "echo out; echo err >&2; exit 3", False),
    ]
    assert [(one.added, one.removed) for one in finished[3:5]] == [(1, 1), (2, 0)]
    assert all(one.prints is not None for one in finished)
    assert [one.call for one in stored.of(ToolStarted)] == [one.call for one in finished]
    assert [file.path for file in stored.of(FilesChanged)[-1].files] == ["cart.py", "sub/NOTES.md"]
    listed, searched, read, edited, _, ran = results(models)
    assert listed == "cart.py"
    assert searched == "cart.py:2: return 1"
    assert "     2      return 1" in read
    assert edited == "Changed: cart.py, +1 -1."
    assert ran == "out\nerr\n\n[exit code 3]"


async def test_what_leads_out_or_belongs_to_git_is_refused_and_its_model_is_told(
    run: Any, job: MakeJob, clone: Path, models: ScriptedModels, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret", encoding="utf-8")
    (clone / "link").symlink_to(outside)
    (clone / ".git").mkdir()
    await run(
        job(
            call("read", path="../../outside.txt"),
            call("read", path="link"),
            call("write", path="link", text="x"),
            call("write", path=".git/hooks/post-commit", text="x"),
            call("write", path=str(tmp_path / "new"), text="x"),
            call("edit", path="gone.py", old="a", new="b"),
            call("no_such_tool"),
            call("read"),
        )
    )
    texts = results(models)
    assert all("lies outside of the repository" in text for text in (*texts[:3], texts[4]))
    assert "belongs to git" in texts[3]
    assert "is not there" in texts[5]
    assert "There is no tool 'no_such_tool' here." in texts[6]
    assert "The arguments do not fit" in texts[7]
    assert outside.read_text(encoding="utf-8") == "secret"
    assert not (tmp_path / "new").exists()


async def test_its_tools_hold_no_token_and_no_key(run: Any, job: MakeJob, models: ScriptedModels) -> None:
    env = {
        "OMPYCORD_RUN": "r", "OMPYCORD_RUN_TOKEN": "ompr_canary", "OMPYCORD_KEY": "ompk_canary",
        "OMPYCORD_URL": "http://127.0.0.1:1", "OMPYCORD_MCP_URL": "http://127.0.0.1:1/mcp/", "TIDY": "kept",
    }  # fmt: skip
    await run(job(call("run", command="env; cat /proc/$PPID/environ | tr '\\0' '\\n'")).model_copy(update={"env": env}))
    (seen,) = results(models)
    assert "TIDY=kept" in seen
    assert "canary" not in seen
    assert "127.0.0.1:1" not in seen


async def test_one_who_reads_is_offered_nothing_that_changes(
    run: Any, job: MakeJob, clone: Path, models: ScriptedModels
) -> None:
    work = job(call("write", path="a.txt", text="x"), call("run", command="touch b.txt"), "SAY Read.")
    outcome = await run(work.model_copy(update={"purpose": "plan"}))
    assert outcome.claim
    assert [one.name for one in models.calls[0].tools] == ["read", "list", "search", "ask_person", "give_up"]
    assert models.calls[0].template.id == "native.read"
    assert all("There is no tool" in text for text in results(models))
    assert list(clone.iterdir()) == []


async def test_people_answer_allow_refuse_and_write_to_it(
    run: Any, job: MakeJob, stored: Any, models: ScriptedModels, clone: Path
) -> None:
    inbox = ScriptedInbox()
    work = job(
        call("ask_person", question="Which?", options=["A", "B"]),
        call("run", command="touch one"),
        call("run", command="touch two"),
        approvals="commands",
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run(work, inbox))
        await stored.until(QuestionAsked)
        inbox.send(QuestionAnswered(question=stored.of(QuestionAsked)[0].question, answer="B", by="Ada"))
        await stored.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval=stored.of(ApprovalRequested)[0].approval, by="Bob"))
        await stored.until(ApprovalRequested, 2)
        inbox.send(Prompted(text="Mind the tests.", by="Ada"))
        inbox.send(ApprovalDenied(approval=stored.of(ApprovalRequested)[1].approval, by="Bob", reason="never"))
    assert running.result().claim
    answered, _, denied = results(models)
    assert answered == "Ada answered: B"
    assert denied == "Bob does not allow this command: never. Go on without it."
    assert [one.name for one in clone.iterdir()] == ["one"]
    assert [one.command for one in stored.of(ApprovalRequested)] == ["tool: run\n\ntouch one", "tool: run\n\ntouch two"]
    assert [one.text for one in models.calls[-1].messages if isinstance(one, PromptMessage)][-1] == "Mind the tests."
    assert inbox.acknowledged == 2


async def test_a_message_that_comes_at_its_end_is_answered_too(run: Any, job: MakeJob, models: ScriptedModels) -> None:
    inbox = ScriptedInbox(Prompted(text="SAY And this too.", by="Ada"))
    outcome = await run(job(call("run", command="true"), "SAY First."), inbox)
    assert outcome.message == "And this too."


class TakenBack(ScriptedInbox):
    """Has a message for the agent's end, which its person withdraws before it is handed out."""

    looks = 0

    def set_resting(self, *, is_resting: bool) -> None:
        raise AssertionError

    async def has_more(self) -> bool:
        self.looks += 1
        return self.looks == 1


async def test_a_message_that_is_taken_back_at_its_end_keeps_no_one_waiting(run: Any, job: MakeJob) -> None:
    inbox = TakenBack()
    assert (await run(job("SAY First."), inbox)).message == "First."
    assert inbox.looks == 2


async def test_a_follow_up_knows_a_word_of_the_first_run(
    run: Any, job: MakeJob, stored: Any, models: ScriptedModels
) -> None:
    await run(job("The word is heliotrope.", "SAY Noted."))
    (opened,) = stored.of(SessionOpened)
    again = job("SAY I know it.").model_copy(update={"session": opened.session})
    assert (await run(again)).message == "I know it."
    assert stored.of(SessionOpened)[1].session == opened.session
    first, reply, last = models.calls[-1].messages
    assert isinstance(first, PromptMessage)
    assert "heliotrope" in first.text
    assert reply == ReplyMessage(text="Noted.")
    assert last == PromptMessage(text="SAY I know it.")


async def test_one_that_is_stopped_goes_on_with_what_it_had_done(
    launcher: Launcher, run: Any, job: MakeJob, stored: Any, models: ScriptedModels
) -> None:
    work = job(call("write", path="a.txt", text="x"), call("run", command="sleep 300"))
    async with within(60), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(NativeAgent(launcher=launcher).run(work, stored.emit, ScriptedInbox()))
        await stored.until(ToolStarted, 2)
        task.cancel()
    assert task.cancelled()
    session = stored.of(SessionOpened)[0].session
    outcome = await run(job("SAY Gone on.").model_copy(update={"session": session}))
    assert outcome.message == "Gone on."
    assert results(models) == ["Written: a.txt, +1 -0.", INTERRUPTED]


async def test_a_session_that_someone_wrote_to_is_not_gone_on_with(run: Any, job: MakeJob, stored: Any) -> None:
    await run(job("SAY Noted."))
    session = stored.of(SessionOpened)[0].session
    kept = next(job("x").cwd.parent.glob(f"home/.ompycord/native/{session}.json"))
    kept.write_text('[{"role": "user", "text": "x", "url": "http://169.254.169.254/"}]', encoding="utf-8")
    outcome = await run(job("SAY Again.").model_copy(update={"session": session}))
    assert outcome.claim
    assert any(WHOLE_TASK in one.text for one in stored.of(Note))
    assert stored.of(SessionOpened)[-1].session != session


@pytest.mark.parametrize(
    ("status", "words", "failure"),
    [
        (402, "Ompycord: the limit of $0.50 is reached.", FailureClass.TRANSIENT),
        (401, "invalid x-api-key", FailureClass.ENV),
        (400, "No provider of the settings offers m-9.", FailureClass.ENV),
    ],
)
async def test_a_refusal_is_the_providers_in_its_words(
    run: Any, job: MakeJob, status: int, words: str, failure: FailureClass
) -> None:
    outcome = await run(job(f"FAIL {status} {words}"))
    assert (outcome.claim, outcome.message, outcome.failure) == (False, words, failure)
    assert outcome.ended_by is EndedBy.PROVIDER


async def test_it_gives_up_in_words_and_ends_after_its_answers(run: Any, job: MakeJob) -> None:
    given_up = await run(job(call("give_up", reason="The file is not here.")))
    assert (given_up.claim, given_up.message) == (False, "The file is not here.")
    assert given_up.failure is FailureClass.REPAIRABLE
    stopped = await run(job(*[call("run", command="true")] * 3, max_turns=2))
    assert (stopped.claim, stopped.ended_by) == (False, EndedBy.LIMITS)
    assert "after 2 answers of its model" in stopped.message


async def test_without_a_provider_it_is_an_error_and_nothing_is_answered(run: Any, job: MakeJob, stored: Any) -> None:
    with pytest.raises(ProcessFailed, match="no provider is configured"):
        await run(job("SAY Hi.").model_copy(update={"listener": None}))
    with pytest.raises(ProcessFailed, match="no provider is configured"):
        await run(job("SAY Hi.", listener=ModelListener(None)))
    assert stored.events == []


async def test_its_steps_are_shown_and_the_repositorys_own_words_are_part_of_the_first_prompt(
    run: Any, job: MakeJob, stored: Any, clone: Path, models: ScriptedModels
) -> None:
    (clone / "AGENTS.md").write_text("Use tabs.\n", encoding="utf-8")
    steps = [{"title": "Read", "status": "done"}, {"title": "Fix", "status": "active"}, {"title": "", "status": "x"}]
    await run(job(call("plan", steps=steps)))
    assert [(one.title, one.status) for one in stored.of(PlanUpdated)[0].phases] == [
        ("Read", "done"),
        ("Fix", "active"),
    ]
    first = models.calls[0].messages[0]
    assert first.text.endswith("The repository says to those who work in it (AGENTS.md):\n\nUse tabs.")
    assert [one.text for one in stored.of(Message)] == ["Step 1.", "Done."]


async def test_the_model_is_the_tasks_then_the_agents_then_the_providers(
    run: Any, job: MakeJob, models: ScriptedModels
) -> None:
    own = job("SAY Hi.", model="m-2", models=("m-1", "m-2"), temperature=0.2)
    await run(own)
    await run(own.model_copy(update={"task": own.task.model_copy(update={"model": "m-1"})}))
    await run(job("SAY Hi."))
    assert [(one.model, one.temperature) for one in models.calls] == [("m-2", 0.2), ("m-1", 0.2), ("scripted", None)]
