"""Labels and assignments over the real store, with a forge in memory and runs that are only noted."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from ompycord.conductor.issue_calls.calls import IssueCalls
from ompycord.conductor.issue_calls.judging import CallJudge
from ompycord.conductor.pull_requests.callers import Callers
from ompycord.conductor.pull_requests.issues import Issues
from ompycord.domain.access import Access
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.events import Note
from ompycord.domain.ids import RunId
from ompycord.domain.issue_calls.options import ForgeHookSpec
from ompycord.domain.issue_calls.reading import ChangedPull
from ompycord.domain.issue_calls.records import HookOutcome
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.forge.gitea.following import GiteaFollowing
from ompycord.forge.github_following import GitHubFollowing, KnownAnswers
from ompycord.store import SqliteStore
from tests.integration.store.world import CountingIds, HandClock
from tests.support.forge_deliveries import delivery_of
from tests.support.forge_double import TOKEN, ForgeDouble
from tests.support.forge_options import forge_options
from tests.support.new_store import new_store
from tests.support.scheduling import Roles, StartedRuns
from tests.support.talking_forge import TalkingForge

ANNA, VI = "300000000000000001", "300000000000000002"


class WokenPulls:
    """Notes what was to be looked at; one pull request is ours."""

    def __init__(self) -> None:
        self.woken: list[tuple[str, ChangedPull]] = []
        self.notes: list[str] = []

    async def changed(self, repository: str, pull: ChangedPull) -> bool:
        self.woken.append((repository, pull))
        return pull.number == 5

    async def note(self, run: RunId, note: Note) -> None:
        self.notes.append(note.text)


class CallWorld:
    def __init__(self, store: SqliteStore, clock: HandClock, gitea: ForgeDouble | None = None) -> None:
        """`gitea` is asked instead of the forge in memory."""
        self.store, self.clock, self.gitea = store, clock, gitea
        self.forge, self.pulls, self.roles = TalkingForge(), WokenPulls(), Roles()
        self.forge.issue(12, "anna", "The total is wrong", "It adds twice.")
        self.runs = StartedRuns(clock.now_ms)
        self.ids = CountingIds(7000)
        self.calls = self.made()

    @property
    def issue(self) -> dict[str, Any]:
        return self.forge.issues[12]

    def made(self, channel: str = "2", hook_api: str | None = None, name: str = "shop", **starts: object) -> IssueCalls:
        """What takes and starts; another one over the same store is the process after a restart."""
        settings = self.forge.settings if self.gitea is None else self.gitea.settings
        options: dict[str, Any] = {"label": "ompycord", "assigned_to": "ompycord-bot", **starts}
        spec = RepositorySpec.model_validate(
            {
                "name": name,
                "path": "/srv/shop",
                "base": "main",
                "forge": forge_options({**settings, "token_file": "token"}),
            }
        )
        catalog = Catalog(repositories=(spec,), agents=(AgentSpec(name="worker", kind="command"),))
        access = Access.model_validate({"users": {"runner": [ANNA], "viewer": [VI]}, "forge": {"anna": ANNA, "vi": VI}})
        hook = ForgeHookSpec.model_validate(
            {"name": "github", "api": hook_api or settings["api"], "starts": {name: options}}
        )
        callers = Callers(lambda: access)
        issues = Issues(catalog=catalog, callers=callers, forge=self._opened)
        return IssueCalls(
            hooks={"github": hook},
            rows=self.store.issue_calls,
            judge=CallJudge(catalog=catalog, callers=callers, issues=issues, rights=self._opened, starts=hook.starts),
            issues=issues,
            pulls=self.pulls,
            runs=cast("Any", self.runs),
            announcements=self.store.announcements,
            audit=self.store,
            catalog=catalog,
            guild="1",
            channels={"": channel},
            role_of=self.roles.role_of,
            clock=self.clock,
            ids=self.ids,
            redact=lambda text: text.replace("s3cret", "*"),
        )

    @asynccontextmanager
    async def _opened(self, spec: ForgeSpec) -> AsyncGenerator[GitHubFollowing | GiteaFollowing]:
        if self.gitea is not None:
            gitea = GiteaFollowing(spec, token=lambda: TOKEN, clock=self.clock)
            try:
                yield gitea
            finally:
                await gitea.close()
            return
        known = KnownAnswers()
        made = GitHubFollowing(
            spec, token=lambda: self.forge.token, clock=self.clock, known=known, transport=self.forge
        )
        try:
            yield made
        finally:
            await made.close()

    async def take(self, payload: Mapping[str, Any], event: str = "issues") -> HookOutcome:
        delivery, message = delivery_of(payload, self.clock.now_ms(), event)
        return await self.calls.take(delivery, message)

    async def texts(self) -> list[str]:
        return [one.outcome or one.text for one in await self.store.announcements.unsent(100)]

    async def refusals(self) -> list[tuple[str, str]]:
        rows = await self.store.audit_rows(after=0, limit=100)
        return [(row.actor.decode(), row.subject.decode()) for row in rows if row.action == b"forge.refused"]


@pytest.fixture
def clock() -> HandClock:
    clock = HandClock()
    clock.wall_ms = 1_796_004_000_000  # the forge of these tests writes times of that day
    return clock


@pytest.fixture
async def world(tmp_path: Path, clock: HandClock) -> AsyncGenerator[CallWorld]:
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=CountingIds(), readers=1) as store:
        yield CallWorld(store, clock)
