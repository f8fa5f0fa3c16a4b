"""Four real agents with the configuration that `ompycord integrations` writes, started as at somebody's terminal."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ompycord.app.sidecar import create_sidecar
from ompycord.app.system import SystemClock, SystemIds
from ompycord.cli.commands import application
from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import RunChannels
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Commit, NewEvent, Scope
from ompycord.domain.run import RunState
from ompycord.http import HttpLimits, KeySet, bind, mint_bearer, serve
from ompycord.store import SqliteStore, open_store
from tests.e2e.agents.conftest import Place
from tests.support.patience import within

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


@dataclass
class Elsewhere:
    """A sidecar on a port, and a key for it."""

    url: str
    key: str
    store: SqliteStore
    projector: Projector

    async def start(
        self, place: Place, agent: str, *argv: str, env: dict[str, str] | None = None, ask: bool = False, said: str = ""
    ) -> None:
        """Write the configuration and let the agent work to its end."""
        own = {
            "HOME": str(place.home),
            "XDG_CONFIG_HOME": "",
            "CODEX_HOME": "",
            "OMPYCORD_KEY": self.key,
            **(env or {}),
        }
        options = ("--ask",) if ask else ()
        made = CliRunner().invoke(application, ["integrations", agent, "--url", self.url, *options], env=own)
        assert made.exit_code == 0, made.output
        environ = {"PATH": place.path, **own}
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=place.clone,
            env=environ,
            stdin=-1,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with within(90):
            out, _ = await process.communicate(said.encode())
        assert process.returncode == 0, out.decode()

    async def until(self, wanted: Callable[[StatusSnapshot], bool]) -> tuple[RunId, StatusSnapshot]:
        """The one run that there is, as it is shown once it is as wanted.

        Posts may arrive after their sender has ended.
        """
        async with within(60):
            while True:
                while await self.projector.project_some():
                    pass
                for record in await self.store.runs(RunFilter(limit=1)):
                    run = RunId(record.id)
                    card = (await self.store.folds([run]))[run].snapshot()
                    if wanted(card):
                        return run, card
                await asyncio.sleep(0.05)  # between two looks: an agent is another process and sets no event

    async def ended(self) -> StatusSnapshot:
        """The card at its end."""
        _, card = await self.until(lambda card: card.is_final)
        return card

    async def click(self, body_of: type[ev.ApprovalGranted] | type[ev.ApprovalDenied], number: int) -> None:
        """Decide the approval that is asked for as the `number`-th."""
        run, card = await self.until(lambda card: len(card.open_approvals) > 0 and len(card.approvals) == number)
        body = body_of(approval=card.approvals[number - 1].ref, by="Ada")
        event = NewEvent(run=run, source=OMPYCORD, kind=SourceKind.PERSON, at=0, body=body, id=SystemIds().ulid())
        await self.store.commit(Commit(writes=(event,)))
        self.projector.wake()


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncGenerator[Elsewhere]:
    clock, ids, bus = SystemClock(), SystemIds(), Bus()
    async with open_store(tmp_path / "ompycord.db", clock=clock, ids=ids) as store:
        scopes = [Scope.EVENTS_WRITE, Scope.RUNS_CREATE]
        record, token = mint_bearer(ids=ids, now_ms=clock.now_ms(), name="laptop", scopes=scopes)
        await store.commit(Commit(writes=(record,)))
        ring = KeySet(clock=clock)
        ring.replace(await store.keys(), hmac_secrets={})
        projector = Projector(
            store=store, snapshots=Snapshots(store=store), bus=bus, clock=clock, channels=RunChannels()
        )
        app = create_sidecar(
            store=store,
            snapshots=Snapshots(store=store),
            keyring=ring,
            clock=clock,
            ids=ids,
            limits=HttpLimits(),
            wake=projector.wake,
            probes={},
            bus=bus,
        )
        sock, stop, serving = bind("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(app, stop=stop, sock=sock, serving=serving, grace_s=1))
            await serving.wait()
            yield Elsewhere(url, token, store, projector)
            stop.set()


async def test_opencode(opencode: Place, elsewhere: Elsewhere) -> None:
    settings = opencode.home / ".config/opencode/opencode.json"
    document = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps(document | {"permission": "allow"}), encoding="utf-8")
    task = f'CALL write {{"filePath": "{opencode.clone}/a.txt", "content": "one\\ntwo\\n"}}\nSAY all done'
    # From its input, since it quotes words with spaces in them.
    await elsewhere.start(opencode, "opencode", "opencode", "run", said=task)
    card = await elsewhere.ended()
    assert (card.state, card.agent, card.last_words) == (RunState.COMPLETE, "opencode", "all done")
    assert [(tool.tool, tool.title, tool.status) for tool in card.tools] == [("write", "a.txt", "ok")]
    assert (card.usage.cost_usd or 0) > 0
    assert "SAY all done" in card.prompt
    assert not card.notes


async def test_omp(omp: Place, elsewhere: Elsewhere) -> None:
    task = 'CALL write {"path": "a.txt", "content": "one\\ntwo\\n"}\nSAY all done'
    await elsewhere.start(omp, "omp", "omp", "--model", "stub/stub-1", "--approval-mode", "yolo", "-p", task)
    card = await elsewhere.ended()
    assert (card.state, card.agent, card.last_words) == (RunState.COMPLETE, "omp", "all done")
    assert [(tool.tool, tool.title, tool.status) for tool in card.tools] == [("write", "a.txt", "ok")]
    assert (card.usage.cost_usd or 0) > 0
    assert "SAY all done" in card.prompt
    assert not card.notes


@pytest.mark.shared
async def test_claude_waits_for_a_click(claude: Place, address: str, elsewhere: Elsewhere) -> None:
    path = claude.clone / "a.txt"
    task = (
        f'CALL Write {{"file_path": "{path}", "content": "one\\ntwo\\n"}}\n'
        'CALL Bash {"command": "rm a.txt", "description": "remove"}\n'
        "SAY all done"
    )
    env = {
        "ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": "none", "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }  # fmt: skip
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            elsewhere.start(claude, "claude", "claude", "--model", "stub-1", "-p", task, env=env, ask=True)
        )
        await elsewhere.click(ev.ApprovalGranted, 1)
        await elsewhere.click(ev.ApprovalDenied, 2)
    card = await elsewhere.ended()
    assert (card.state, card.agent, card.last_words) == (RunState.COMPLETE, "claude", "all done")
    assert path.read_text(encoding="utf-8") == "one\ntwo\n"
    assert [approval.title for approval in card.approvals] == ["Write: a.txt", "Bash: rm a.txt"]
    assert not card.notes


@pytest.mark.shared
async def test_codex(codex: Place, address: str, elsewhere: Elsewhere) -> None:
    task = 'CALL exec_command {"cmd": "echo hi"}\nSAY all done'
    await elsewhere.start(codex, "codex", "codex", "exec", "--skip-git-repo-check", task)
    card = await elsewhere.ended()
    assert (card.state, card.agent, card.summary) == (RunState.COMPLETE, "codex", "all done")
    assert "SAY all done" in card.prompt
