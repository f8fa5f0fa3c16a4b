"""Workspaces without git and checks without processes; they keep the ports' promises in memory and plain folders."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from ompycord.domain.events import ChangedFile, CheckFinished
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Harvested, Prepared, Published
from ompycord.domain.repository import CheckSpec, RepositorySpec
from ompycord.errors import WorkspaceError

__all__ = ["FakeChecks", "FakeWorkspaces"]

BASE = "0" * 40


class FakeWorkspaces:
    """A folder a run; every file in it is a change. `branches` holds what was published."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._harvests: dict[RunId, Harvested] = {}
        self.branches: dict[str, str] = {}
        self.taken_over: set[RunId] = set()
        """Runs in whose clone somebody works."""
        self.co_authors: list[str | None] = []
        """Who was to stand on the commit, harvest by harvest."""
        self.refuses: str | None = None
        """When set, `prepare` raises WorkspaceError with it."""

    async def prepare(self, run: RunId, repository: RepositorySpec, *, base: str | None) -> Prepared:
        if self.refuses:
            raise WorkspaceError(self.refuses)
        await self.discard(run)
        self._path(run).mkdir(parents=True)
        return Prepared(path=self._path(run), base_commit=BASE, base_branch=base or repository.base)

    async def workspace(self, run: RunId) -> Prepared | None:
        path = self._path(run)
        return Prepared(path=path, base_commit=BASE, base_branch="main") if path.is_dir() else None

    async def lay(self, run: RunId, name: str, data: bytes) -> Path:
        folder = self._root / f"{run}-files"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        return folder

    async def is_taken_over(self, run: RunId) -> bool:
        return run in self.taken_over

    async def harvest(
        self, run: RunId, repository: RepositorySpec, *, message: str, co_author: str | None = None
    ) -> Harvested:
        self.co_authors.append(co_author)
        if run in self._harvests and not self._path(run).is_dir():
            return self._harvests[run]
        files = tuple(
            ChangedFile(
                path=path.name, status="added", added=len(path.read_text(encoding="utf-8").splitlines()), removed=0
            )
            for path in sorted(self._path(run).iterdir())
        )
        commit = f"{hash(files) & (1 << 160) - 1:040x}" if files else None
        self._harvests[run] = Harvested(commit=commit, files=files, total=len(files), diff=None)
        return self._harvests[run]

    async def result(self, run: RunId) -> Harvested | None:
        return self._harvests.get(run)

    def checkout(self, run: RunId, repository: RepositorySpec) -> AbstractAsyncContextManager[Path]:
        @asynccontextmanager
        async def checked_out() -> AsyncGenerator[Path]:
            yield self._path(run)

        return checked_out()

    async def publish(self, run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        harvested = self._harvests[run]
        if harvested.commit is None:
            return Published(branch=None)
        self.branches[branch] = harvested.commit
        return Published(branch=branch, commit=harvested.commit)

    async def discard(self, run: RunId) -> None:
        path = self._path(run)
        if path.is_dir():
            for file in path.iterdir():
                file.unlink()
            path.rmdir()

    def _path(self, run: RunId) -> Path:
        return self._root / run


class FakeChecks:
    """Answers by the check's name; unknown checks pass."""

    def __init__(self, results: Mapping[str, CheckFinished] | None = None) -> None:
        self.results: Mapping[str, CheckFinished] = results or {}
        self.ran: list[str] = []

    async def run(self, run: RunId, check: CheckSpec, cwd: Path) -> CheckFinished:
        self.ran.append(check.name)
        return self.results.get(check.name, CheckFinished(check=check.name, status="passed", passed=1, failed=0))
