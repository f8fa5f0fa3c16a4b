"""Any program as an agent: prompt in, lines out, a claim at the end."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ompycord.agents.command import CommandAgent
from ompycord.agents.drive import drive
from ompycord.agents.repository_settings import SWITCHES
from ompycord.domain.events import (
    ApprovalGranted,
    ApprovalRequested,
    Message,
    Note,
    Opaque,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    ToolStarted,
)
from ompycord.domain.ports import AgentJob
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.errors import ProcessFailed, StorageError
from ompycord.processes.launcher_port import Launcher
from ompycord.processes.spec import START_MARK
from ompycord.testing import ScriptedInbox
from tests.support.patience import patient, within

MakeJob = Callable[..., AgentJob]
SAY = "import json, os, sys\ndef say(t, **d): os.write(3, (json.dumps({'type': t, 'data': d}) + '\\n').encode())\n"


@pytest.mark.parametrize("end", ["", "\n"])
async def test_the_prompt_comes_as_whole_lines_on_stdin_and_as_a_file_outside_the_clone(
    launcher: Launcher, make_job: MakeJob, stored: Any, clone: Path, end: str
) -> None:
    script = (
        "import os, sys, pathlib, stat\n"
        "f = pathlib.Path(sys.argv[1])\n"
        "assert sys.stdin.read() == f.read_text(encoding='utf-8') == 'Grüße\\nzwei\\n'\n"
        "assert stat.S_IMODE(f.stat().st_mode) == 0o600 and stat.S_IMODE(f.parent.stat().st_mode) == 0o700\n"
        "assert not f.is_relative_to(os.getcwd())\n"
        "print(os.getcwd(), os.environ['OMPYCORD_RUN'], os.environ['EXTRA'], os.environ['MINE'], sys.argv[2:])\n"
    )
    job = make_job(script, prompt=f"Grüße\nzwei{end}", env={"EXTRA": "e"})
    spec = job.spec.model_copy(
        update={"command": (*job.spec.command, "{prompt_file}", "a b", "*"), "env": {"MINE": "m"}}
    )

    outcome = await CommandAgent(launcher=launcher).run(
        job.model_copy(update={"spec": spec}), stored.emit, ScriptedInbox()
    )

    assert outcome.claim, outcome.message
    assert [message.text for message in stored.of(Message)] == [f"{clone} {job.run} e m ['a b', '*']"]
    assert [entry.name for entry in clone.parent.iterdir() if entry.name.startswith("inbox-")] == []


async def test_events_come_from_descriptor_three_and_from_prefixed_lines_in_order(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    script = SAY + (
        "print('first', flush=True)\n"
        "print('@ompycord ' + json.dumps({'type': 'tool.started', 'data': {'tool': 'edit'}}), flush=True)\n"
        "print('second', flush=True)\n"
        "print('@ompycord ' + json.dumps({'type': 'x.y', 'data': {'k': 1}}), file=sys.stderr, flush=True)\n"
    )
    outcome = await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())
    assert outcome.claim
    assert Message(text="first") in stored.events
    assert stored.events.index(Message(text="first")) < stored.events.index(ToolStarted(tool="edit"))
    assert stored.events.index(ToolStarted(tool="edit")) < stored.events.index(Message(text="second"))
    assert Opaque(type="x.y", data={"k": 1}) in stored.events


async def test_ten_thousand_lines_become_few_messages_and_the_last_lines_survive(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    await CommandAgent(launcher=launcher).run(
        make_job("for n in range(10_000): print('line', n)"), stored.emit, ScriptedInbox()
    )
    texts = [message.text for message in stored.of(Message)]
    assert len(texts) < 100
    assert max(map(len, texts)) <= 2000
    assert texts[-1].endswith("line 9998\nline 9999")
    numbers = [int(line.split()[1]) for text in texts for line in text.splitlines() if line.startswith("line")]
    left_out = [int(text.split()[0][1:].replace(",", "")) for text in texts if text.startswith("(")]
    assert numbers == sorted(numbers)
    assert len(numbers) + sum(left_out) == 10_000


async def test_a_long_line_is_cut_and_colours_are_taken_out(launcher: Launcher, make_job: MakeJob, stored: Any) -> None:
    script = "print('\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07end')\nprint('w' * 300_000)"
    await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())
    texts = [message.text for message in stored.of(Message)]
    assert texts[0] == "red end"
    assert texts[1].startswith("www")
    assert len(texts[1]) <= 2000
    assert len(texts) == 2


async def test_what_an_agent_may_not_say_is_refused_and_noted_without_its_words(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    script = SAY + (
        "say('run.state', state='COMPLETE', previous='QUEUED', cause='me')\n"
        "say('approval.granted', approval='a', by='admin')\n"
        "os.write(3, b'hunter22 is no json\\n')\n"
        'os.write(3, b\'{"type":"message","data":{"text":"\' + b\'x\' * 70000 + b\'"}}\\n\')\n'
        "for _ in range(50): os.write(3, b'x\\n')\n"
    )
    outcome = await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())
    notes = [note.text for note in stored.of(Note)]
    assert outcome.claim
    assert stored.events == stored.of(Note)
    assert "run.state is not for agent sources to say" in notes[0]
    assert "approval.granted is not for agent sources" in notes[1]
    assert "longer than 64 KiB" in notes[3]
    assert len(notes) == 6
    assert notes[-1].startswith("49 more lines")
    assert not any("hunter22" in note for note in notes)


@pytest.mark.parametrize(
    ("script", "claim", "message", "failure"),
    [
        ("say('run.finished', summary='All done')", True, "All done", None),
        ("pass", True, None, None),
        ("say('run.failed', message='No idea', failure='ENV')", False, "No idea", FailureClass.ENV),
        ("say('run.failed', message='No idea', failure='CANCELLED')", False, "No idea", FailureClass.REPAIRABLE),
        (
            "say('run.finished', summary='Done'); sys.exit(3)",
            False,
            "mine exited with code 3.",
            FailureClass.REPAIRABLE,
        ),
        ("print('boom'); sys.exit(1)", False, "mine exited with code 1: boom", FailureClass.REPAIRABLE),
        ("os.kill(os.getpid(), 9)", False, "mine was ended by signal 9.", FailureClass.LOST),
        ("sys.exit(128 + 11)", False, "mine exited with code 139.", FailureClass.LOST),
        ("sys.exit(128 + 2)", False, "mine exited with code 130.", FailureClass.REPAIRABLE),
    ],
)
async def test_the_end_is_a_claim(
    launcher: Launcher, make_job: MakeJob, stored: Any,
    script: str, claim: bool, message: str | None, failure: FailureClass | None,
) -> None:  # fmt: skip
    outcome = await CommandAgent(launcher=launcher).run(make_job(SAY + script), stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.message, outcome.failure) == (claim, message, failure)
    assert not [body for body in stored.events if body.type.startswith("run.")]


@pytest.mark.parametrize("code", [126, 127])
async def test_a_program_that_could_not_be_executed_lacks_something_here(
    launcher: Launcher, make_job: MakeJob, stored: Any, code: int
) -> None:
    script = f"print('not found', file=sys.stderr); sys.exit({code})"
    agent = CommandAgent(launcher=launcher)
    outcome = await agent.run(make_job(SAY + script), stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.failure, outcome.ended_by) == (False, FailureClass.ENV, EndedBy.EXIT)
    assert outcome.message == f"mine exited with code {code}: not found"
    spoken = await agent.run(make_job(SAY + "say('message', text='on')\n" + script), stored.emit, ScriptedInbox())
    assert spoken.failure is FailureClass.REPAIRABLE


REPORTED = "say('run.finished', summary='All done', outcome='partial')\n"


@pytest.mark.parametrize(("clocks", "grace_s"), [({"idle_s": 60.0}, 0.5), ({"wall_s": 1.5}, 300)])
async def test_a_program_that_reported_its_end_and_goes_silent_has_ended_as_it_said(
    launcher: Launcher, make_job: MakeJob, stored: Any, clocks: dict[str, float], grace_s: float
) -> None:
    job = make_job(SAY + REPORTED + "import time; time.sleep(300)", **{k: patient(s) for k, s in clocks.items()})
    outcome = await drive(launcher, job, job.spec.command, stored.emit, grace_s=grace_s)
    assert (outcome.claim, outcome.message, outcome.is_partial) == (True, "All done", True)
    assert outcome.ended_by is EndedBy.AGENT


ASKED = "say('question.asked', question='q', text='Which?')\n"


@pytest.mark.parametrize("script", [ASKED + REPORTED, REPORTED + ASKED], ids=["asked before", "asked after"])
async def test_a_program_that_reported_its_end_waits_for_no_answer_any_more(
    launcher: Launcher, make_job: MakeJob, stored: Any, script: str
) -> None:
    job = make_job(SAY + script + "import time; time.sleep(300)")
    async with within(60):
        outcome = await drive(launcher, job, job.spec.command, stored.emit, messages=ScriptedInbox(), grace_s=0.5)
    assert (outcome.claim, outcome.is_partial) == (True, True)


async def test_the_grace_is_longer_than_an_idle_clock_and_ends_by_itself(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    tidying = f"import time; time.sleep({patient(3)}); print('tidied up', flush=True)"
    job = make_job(SAY + REPORTED + tidying, idle_s=patient(1.5))
    outcome = await drive(launcher, job, job.spec.command, stored.emit, grace_s=patient(30))
    assert outcome.claim
    assert Message(text="tidied up") in stored.events


async def test_a_report_of_failure_counts_too_and_an_exit_code_still_takes_a_claim_back(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    job = make_job(SAY + "say('run.failed', message='No idea')\nimport time; time.sleep(300)")
    failed = await drive(launcher, job, job.spec.command, stored.emit, grace_s=0.5)
    assert (failed.claim, failed.message, failed.ended_by) == (False, "No idea", EndedBy.AGENT)
    job = make_job(SAY + REPORTED + "sys.exit(3)")
    exited = await drive(launcher, job, job.spec.command, stored.emit, grace_s=30)
    assert (exited.claim, exited.ended_by) == (False, EndedBy.EXIT)


def quiet_tool(seconds: float) -> str:
    return (
        "import time\n"
        "say('tool.started', tool='bash', call='c1')\n"
        f"time.sleep({seconds})\n"
        "say('tool.finished', tool='bash', call='c1')\n"
    )


async def test_a_tool_that_is_under_way_is_no_silence(launcher: Launcher, make_job: MakeJob, stored: Any) -> None:
    agent, idle_s = CommandAgent(launcher=launcher), patient(1.5)
    done = await agent.run(make_job(SAY + quiet_tool(2 * idle_s), idle_s=idle_s), stored.emit, ScriptedInbox())
    assert done.claim
    silent = make_job(SAY + quiet_tool(0) + "time.sleep(300)", idle_s=idle_s)
    outcome = await agent.run(silent, stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.ended_by) == (False, EndedBy.CLOCK)


async def test_only_the_wall_clock_bounds_a_tool_and_what_it_ends_may_go_on(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    endless = make_job(SAY + quiet_tool(300), idle_s=patient(1.5), wall_s=patient(3))
    outcome = await CommandAgent(launcher=launcher).run(endless, stored.emit, ScriptedInbox())
    assert outcome.message == f"mine was not done within {patient(3):.0f} s, so Ompycord stopped it."
    assert (outcome.ended_by, outcome.failure) == (EndedBy.CLOCK, FailureClass.TRANSIENT)


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        ("Error: 401 Unauthorized", FailureClass.ENV),
        ("API Error: 529 Overloaded", FailureClass.TRANSIENT),
        ("You've hit your usage limit. Try again in 2 hours.", FailureClass.TRANSIENT),
        ("Your credit balance is too low to access the API.", FailureClass.TRANSIENT),
    ],
)
async def test_a_provider_that_refuses_is_told_by_the_last_words_of_a_program_that_exits(
    launcher: Launcher, make_job: MakeJob, stored: Any, words: str, failure: FailureClass
) -> None:
    script = f"print({words!r}, file=sys.stderr); print('    at run (cli.js:1)', file=sys.stderr); sys.exit(1)"
    outcome = await CommandAgent(launcher=launcher).run(make_job(SAY + script), stored.emit, ScriptedInbox())
    assert (outcome.message, outcome.failure, outcome.ended_by) == (words, failure, EndedBy.PROVIDER)


async def test_the_end_of_last_words_is_kept_and_what_was_written_over_is_not(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    progress = (
        "sys.stdout.write(''.join(f'\\rstep {n}' for n in range(20_000)) + '\\rfatal: ' + 'x' * 400 + ' no linker')"
    )
    outcome = await CommandAgent(launcher=launcher).run(
        make_job(SAY + progress + "; sys.exit(2)"), stored.emit, ScriptedInbox()
    )
    assert outcome.message is not None
    assert outcome.message.startswith("mine exited with code 2: …xxx")
    assert outcome.message.endswith("x no linker")
    assert len(outcome.message) < 240
    assert stored.of(Message)[-1].text.startswith("fatal: ")


async def test_the_clocks_end_it(launcher: Launcher, make_job: MakeJob, stored: Any) -> None:
    hang = "import time; time.sleep(300)"
    agent = CommandAgent(launcher=launcher)
    wall = await agent.run(make_job(hang, wall_s=1), stored.emit, ScriptedInbox())
    idle = await agent.run(make_job(hang, idle_s=1), stored.emit, ScriptedInbox())
    assert (wall.claim, wall.message) == (False, "mine was not done within 1 s, so Ompycord stopped it.")
    assert (idle.claim, idle.message) == (False, "mine stopped responding for 1 s, so Ompycord stopped it.")
    assert {wall.ended_by, idle.ended_by} == {EndedBy.CLOCK}
    assert (wall.failure, idle.failure) == (FailureClass.TRANSIENT, FailureClass.REPAIRABLE)


async def test_cancelling_halts_it_and_keeps_its_last_lines(launcher: Launcher, make_job: MakeJob, stored: Any) -> None:
    # One write, so that the second line is heard before anybody can act on the first.
    script = SAY + (
        "started = '@ompycord ' + json.dumps({'type': 'tool.started', 'data': {'tool': str(os.getpid())}})\n"
        "os.write(1, f'{started}\\nlast words\\n'.encode())\n"
        "import time; time.sleep(300)\n"
    )
    agent = CommandAgent(launcher=launcher)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(agent.run(make_job(script), stored.emit, ScriptedInbox()))
        await stored.until(ToolStarted)
        task.cancel()
    assert task.cancelled()
    assert stored.of(Message) == [Message(text="last words")]
    pid = int(stored.of(ToolStarted)[0].tool)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_an_event_that_cannot_be_stored_ends_the_agent_with_that_error(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    async def full(*bodies: object) -> None:
        raise StorageError("the disk is full")

    with pytest.raises(StorageError, match="the disk is full"):
        await CommandAgent(launcher=launcher).run(
            make_job(SAY + "say('note', text='x')\nimport time; time.sleep(300)"), full, ScriptedInbox()
        )
    with pytest.raises(StorageError, match="the disk is full"):
        await CommandAgent(launcher=launcher).run(
            make_job("print('x', flush=True)\nimport time; time.sleep(300)"), full, ScriptedInbox()
        )


async def test_it_does_not_run_below_its_confinement(
    launcher: Launcher, make_job: MakeJob, stored: Any, clone: Path
) -> None:
    job = make_job("open('trace', 'w')", sandbox={"minimum": "files"})
    with pytest.raises(ProcessFailed, match="needs confinement of level files"):
        await CommandAgent(launcher=launcher).run(job, stored.emit, ScriptedInbox())
    assert stored.events == []


async def test_a_program_that_is_not_there_says_so(launcher: Launcher, make_job: MakeJob, stored: Any) -> None:
    with pytest.raises(ProcessFailed, match="no-such-agent was not found"):
        await CommandAgent(launcher=launcher).run(make_job(command=("no-such-agent",)), stored.emit, ScriptedInbox())


async def test_it_sees_nothing_of_our_environment(
    launcher: Launcher, make_job: MakeJob, stored: Any, clone: Path
) -> None:
    script = "import os; print(sorted(os.environ)); print(os.environ['HOME'], os.environ['TMPDIR'])"
    await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())
    names, places = "\n".join(message.text for message in stored.of(Message)).splitlines()
    own = {*SWITCHES, "OPENCODE_CONFIG_CONTENT", START_MARK}  # of every agent; they say nothing of the bot
    assert names == str(sorted({"HOME", "LANG", "OMPYCORD_RUN", "PATH", "TERM", "TMPDIR", *own}))
    assert places == f"{clone.parent / 'home'} {clone.parent / 'tmp'}"


FORKS = "import os, time\nfor _ in range(8):\n    if os.fork() == 0: time.sleep(50)\ntime.sleep(50)"
FEW = {"sandbox": {"minimum": "none", "max_processes": 5}}


@pytest.mark.posix
async def test_an_agent_that_starts_too_many_processes_is_ended_and_it_is_said(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    outcome = await CommandAgent(launcher=launcher).run(make_job(FORKS, **FEW), stored.emit, ScriptedInbox())
    assert (outcome.claim, outcome.failure) == (False, FailureClass.POLICY)
    assert outcome.message == "mine started more than 5 processes, so Ompycord stopped it."
    assert outcome.ended_by is EndedBy.LIMITS


# -- what it asks ------------------------------------------------------------------------------------------------------

ASKS = SAY + (
    "import pathlib, time\n"
    "def wait(word):\n"
    "    while word not in (text := pathlib.Path(sys.argv[1]).read_text(encoding='utf-8')): time.sleep(0.02)\n"
    "    return [json.loads(line) for line in text.splitlines()]\n"
    "say('question.asked', question='q', text='Which?', options=['left', 'right'])\n"
    "wait('question.answered')\n"
    "say('approval.requested', approval='a', title='Push', command='git push')\n"
    "for line in wait('approval.granted'): print(json.dumps(line, sort_keys=True))\n"
)


async def test_a_program_that_asks_reads_its_answers_in_a_file_and_messages_are_none(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    inbox, job = ScriptedInbox(), make_job(ASKS)
    spec = job.spec.model_copy(update={"command": (*job.spec.command, "{answers_file}")})
    async with within(60), asyncio.TaskGroup() as tasks:
        agent = CommandAgent(launcher=launcher)
        run = tasks.create_task(agent.run(job.model_copy(update={"spec": spec}), stored.emit, inbox))
        await stored.until(QuestionAsked)
        inbox.send(Prompted(text="a message restarts it"), QuestionAnswered(question="q", answer="left", by="Ada"))
        await stored.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval="a", by="Ada", scope="run"))
    assert run.result().claim
    lines = [json.loads(line) for message in stored.of(Message) for line in message.text.splitlines()]
    assert lines == [
        {"type": "question.answered", "data": {"question": "q", "answer": "left", "by": "Ada"}},
        {"type": "approval.granted", "data": {"approval": "a", "by": "Ada", "scope": "run"}},
    ]


async def test_a_program_without_the_file_is_refused_what_it_asks_with_words(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    script = SAY + (
        "say('question.asked', question='q', text='Which?')\n"
        "say('approval.requested', approval='a', title='Push')\n"
        "say('message', text='on')\n"
    )
    assert (await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())).claim
    why = "was not asked: it gets no answers. {answers_file} in its command names the file in which they arrive."
    assert [note.text for note in stored.of(Note)] == [
        f"A question of the agent (Which?) {why}",
        f"An approval of the agent (Push) {why}",
    ]
    assert not stored.of(QuestionAsked)
    assert not stored.of(ApprovalRequested)
    assert stored.of(Message) == [Message(text="on")]


async def test_the_clocks_stand_still_while_a_program_waits_for_its_answer(
    launcher: Launcher, make_job: MakeJob, stored: Any
) -> None:
    idle_s = patient(1.0)
    inbox, job = ScriptedInbox(), make_job(ASKS, idle_s=idle_s, wall_s=3600.0)
    spec = job.spec.model_copy(update={"command": (*job.spec.command, "{answers_file}")})
    async with within(60), asyncio.TaskGroup() as tasks:
        agent = CommandAgent(launcher=launcher)
        run = tasks.create_task(agent.run(job.model_copy(update={"spec": spec}), stored.emit, inbox))
        await stored.until(QuestionAsked)
        await asyncio.sleep(2 * idle_s)  # twice as long as it may be silent: no event says that a clock stands still
        assert not run.done()
        inbox.send(QuestionAnswered(question="q", answer="left", by="Ada"))
        await stored.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval="a", by="Ada"))
    assert run.result().claim


@pytest.mark.parametrize("field", ["edits", "tool", "call"])
async def test_a_program_cannot_say_what_permission_for_its_request_would_cover(
    launcher: Launcher, make_job: MakeJob, stored: Any, field: str
) -> None:
    value = "['a.py']" if field == "edits" else "'Edit'" if field == "tool" else f"'{'a' * 64}'"
    script = SAY + f"say('approval.requested', approval='a', title='Edit it', **{{'{field}': {value}}})\n"
    assert (await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())).claim
    assert not stored.of(ApprovalRequested)
    assert [note.text for note in stored.of(Note)] == [f"A line of the agent was not taken: /{field} extra_forbidden."]
