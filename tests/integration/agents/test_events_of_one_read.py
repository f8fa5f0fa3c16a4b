"""What an agent writes at once is stored at once: one commit, however many events."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ompycord.agents.command import CommandAgent
from ompycord.agents.converse import converse
from ompycord.dialects.protocol_session import Reaction
from ompycord.domain.events import EventBody, Message, Note
from ompycord.domain.ports import AgentInput, AgentJob, AgentOutcome
from ompycord.processes.launcher_port import Launcher
from ompycord.testing import ScriptedInbox

MakeJob = Callable[..., AgentJob]


@dataclass
class Commits:
    """What was stored, by commit."""

    commits: list[tuple[EventBody, ...]] = field(default_factory=list[tuple[EventBody, ...]])

    async def emit(self, *bodies: EventBody) -> None:
        self.commits.append(bodies)

    @property
    def texts(self) -> list[str]:
        return [one.text for commit in self.commits for one in commit if isinstance(one, Note | Message)]


class Notes:
    """A protocol in which each line is a note, and the line `end` the end."""

    awaits_person = is_starting = False

    def begin(self) -> Reaction:
        return Reaction()

    def skips(self, line: str) -> bool:
        return line == "skipped"

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        return Reaction(outcome=AgentOutcome(claim=True)) if line == "end" else Reaction((Note(text=line),))

    def on_input(self, received: AgentInput) -> Reaction:
        return Reaction()

    def cut(self) -> tuple[EventBody, ...]:
        return ()

    def interrupt(self) -> Reaction:
        return Reaction()


async def test_lines_of_a_command_that_came_together_share_a_commit(launcher: Launcher, make_job: MakeJob) -> None:
    stored = Commits()
    script = (
        "import json, os\n"
        "line = lambda n: json.dumps({'type': 'note', 'data': {'text': f'{n}'}}) + '\\n'\n"
        "os.write(3, ''.join(line(n) for n in range(60)).encode())\n"
    )
    await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())
    assert stored.texts == [str(number) for number in range(60)]
    assert len(stored.commits) == 1


async def test_so_many_lines_share_no_more_than_a_hundred_to_a_commit(launcher: Launcher, make_job: MakeJob) -> None:
    stored = Commits()
    script = (
        "import json, os\n"
        "line = lambda n: json.dumps({'type': 'note', 'data': {'text': f'{n}'}}) + '\\n'\n"
        "os.write(3, ''.join(line(n) for n in range(1000)).encode())\n"
    )
    await CommandAgent(launcher=launcher).run(make_job(script), stored.emit, ScriptedInbox())
    assert stored.texts == [str(number) for number in range(1000)]
    assert max(map(len, stored.commits)) <= 100
    assert len(stored.commits) <= 30


async def test_frames_of_a_session_that_came_together_share_a_commit(launcher: Launcher, make_job: MakeJob) -> None:
    stored = Commits()
    script = "import os\nos.write(1, ('\\n'.join(map(str, range(60))) + '\\nskipped\\n').encode())"
    job = make_job(script)
    assert job.spec.command is not None
    await converse(launcher, job, job.spec.command, Notes(), stored.emit, ScriptedInbox())
    assert stored.texts == [str(number) for number in range(60)]
    assert len(stored.commits) == 1


async def test_what_a_session_said_before_its_end_is_stored_before_it(launcher: Launcher, make_job: MakeJob) -> None:
    stored = Commits()
    job = make_job("import os\nos.write(1, b'one\\ntwo\\nend\\nlater\\n')")
    assert job.spec.command is not None
    outcome = await converse(launcher, job, job.spec.command, Notes(), stored.emit, ScriptedInbox())
    assert (outcome.claim, stored.texts) == (True, ["one", "two"])
