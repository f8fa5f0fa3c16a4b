"""Claude Code itself, from npm, by its stream-json, against the shared stub, which speaks its model's dialect."""

from typing import Any

import pytest

from ompycord.agents.conformance import RULES, Rule, Trial
from ompycord.agents.stream_json import StreamJsonAgent
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    FilesChanged,
    Note,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    SessionOpened,
    ToolFinished,
    UsageUpdated,
)
from ompycord.testing import ScriptedInbox
from tests.e2e.agents.conftest import AgentInput, Place, working
from tests.e2e.agents.test_real_omp import WORDS

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.shared, pytest.mark.timeout(180, func_only=True)]


def spec(address: str) -> dict[str, Any]:
    env = {
        "ANTHROPIC_BASE_URL": address,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    return {"name": "claude", "kind": "stream_json", "model": "stub-1", "env": env}


async def test_a_whole_task_and_its_session_goes_on(claude: Place, address: str) -> None:
    heard, inbox, agent = AgentInput(), ScriptedInbox(), StreamJsonAgent(launcher=claude.launcher)
    path = claude.clone / "a.txt"
    task = (
        f'CALL Write {{"file_path": "{path}", "content": "one\\ntwo\\n"}}\n'
        'CALL AskUserQuestion {"questions": [{"question": "Which?", "header": "h", "multiSelect": false, "options": '
        '[{"label": "A", "description": "a"}, {"label": "B", "description": "b"}]}]}\n'
        'CALL Bash {"command": "rm a.txt", "description": "remove"}\n'
        "SAY the first turn"
    )
    async with working(agent.run(claude.job(spec(address), task), heard.emit, inbox)) as run:
        write = await heard.until(ApprovalRequested)
        inbox.send(ApprovalGranted(approval=write.approval, by="Bob"))
        asked = await heard.until(QuestionAsked)
        inbox.send(QuestionAnswered(question=asked.question, answer="B", by="Ada"))
        remove = await heard.until(ApprovalRequested, 2)
        inbox.send(Prompted(text="SAY the next turn", by="Ada"))
        inbox.send(ApprovalDenied(approval=remove.approval, by="Bob", reason="keep it"))
    assert (run.result().claim, run.result().message) == (True, "the next turn")
    assert path.read_text(encoding="utf-8") == "one\ntwo\n"
    assert [(one.tool, one.ok) for one in heard.of(ToolFinished)] == [
        ("Write", True),
        ("AskUserQuestion", True),
        ("Bash", False),
    ]
    assert heard.of(ToolFinished)[-1].detail == "keep it"
    assert [one.path for one in heard.of(FilesChanged)[-1].files] == ["a.txt"]
    assert sum(one.cost_usd or 0 for one in heard.of(UsageUpdated)) > 0
    assert not heard.of(Note)

    again = AgentInput()
    session = heard.of(SessionOpened)[0].session
    outcome = await agent.run(claude.job(spec(address), "SAY back again", session=session), again.emit, ScriptedInbox())
    assert outcome.message == "back again"
    assert again.of(SessionOpened)[0].session == session


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_the_contract(rule: Rule, claude: Place, address: str) -> None:
    trial = Trial(
        adapter=StreamJsonAgent(launcher=claude.launcher),
        quick=lambda: claude.job(spec(address), "SAY " + WORDS),
        long=lambda: claude.job(spec(address), 'CALL Bash {"command": "sleep 300"}\nSAY never'),
    )
    assert await rule(trial) is None
