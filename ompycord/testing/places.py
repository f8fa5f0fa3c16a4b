"""Workspaces without git and checks without processes; they keep the ports' promises in memory and plain folders."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from ompycord.domain.checking.probe import Probe
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import ChangedEvidence, ChangedFile, CheckFinished, FailedTest, LeftOut, ResultGuarded
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.ports import CheckRun, Collected, Comparison, Listener, Prepared, Published
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.ports.trees import ResultTrees, TreeEntry
from ompycord.domain.repository import CheckSpec, RepositorySpec
from ompycord.errors import ResultWithheld, WorkspaceError

__all__ = ["FakeChecks", "FakeWorkspaces"]

BASE = "0" * 40
_NONE = "This run has no workspace. Start the run again."

Tree = dict[str, bytes]
"""Files by their path in a repository."""


class FakeWorkspaces:
    """A folder per run, which starts with the files of `repository.path` where that is a folder.

    A file that differs from them is a change. `branches` holds what was published. Keeps what the port promises
    (`tests/contract/test_workspaces.py`).
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bases: dict[RunId, Tree] = {}
        self._first_bases: dict[RunId, Tree] = {}
        """The bases with which the evidence of follow-ups is compared."""
        self._started: dict[RunId, Prepared] = {}
        self._follows: dict[RunId, str | None] = {}
        """The branch with which a follow-up goes on."""
        self.kept_sessions: set[RunId] = set()
        """Runs whose session is kept."""
        self._results: dict[RunId, tuple[Collected, Tree]] = {}
        self._earlier: dict[tuple[RunId, str], tuple[Collected, Tree]] = {}
        """By run and commit: every result that was collected."""
        self._put_back: dict[RunId, tuple[str, tuple[LeftOut, ...]]] = {}
        """By run: when it was put back last, and what its clone held that no result has."""
        self.branches: dict[str, str] = {}
        self.taken_over: set[RunId] = set()
        """Runs in whose clone a person works."""
        self.by_hand: set[RunId] = set()
        """Runs in whose clone a person worked, which was not told yet."""
        self.co_authors: list[str | None] = []
        """The co-author of each commit, one entry per collected result."""
        self.set_asides: dict[RunId, str] = {}
        """Runs whose clone is kept as it is, with the reason."""
        self.rules: list[GuardRules] = []
        """Those of each collection."""
        self.guard_verdicts: list[ResultGuarded] = []
        """What the guard says of the next results that are collected."""
        self.refuses: str | None = None
        """When set, `prepare` raises WorkspaceError with it."""

    async def prepare(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        base: str | None,
        former: Former | None = None,
        branch: str | None = None,
    ) -> Prepared:
        if self.refuses:
            raise WorkspaceError(self.refuses)
        self._results.pop(run, None)
        self.set_asides.pop(run, None)
        await self.discard(run)
        followed = former.branch if former is not None else None
        if followed is not None and followed not in self.branches:
            raise WorkspaceError(f"{repository.name} has no branch {followed} any more. Put it back and retry.")
        tip = self.branches[followed] if followed is not None else BASE
        self._bases[run] = self._of_commit(tip, repository)
        self._first_bases.pop(run, None)
        if former is not None and former.first_base is not None:
            self._first_bases[run] = self._of_commit(former.first_base, repository)
        _write(self._path(run), self._bases[run])
        known = former.sessions if former is not None else ()
        session = next((one.session for one in known if one.run in self.kept_sessions), None)
        self._started[run] = Prepared(
            path=self._path(run), base_commit=tip, base_branch=base or repository.base, session=session
        )
        self._follows[run] = followed
        return self._started[run]

    def _of_commit(self, commit: str, repository: RepositorySpec) -> Tree:
        """The files of what was collected under this commit, else those of the repository."""
        made = (tree for collected, tree in self._results.values() if collected.commit == commit)
        return next(made, None) or (_read(repository.path) if repository.path else {})

    async def tip(self, repository: RepositorySpec, branch: str) -> str | None:
        return self.branches.get(branch)

    async def keep_session(
        self, run: RunId, *, grants: Sequence[Path], granted: Callable[[str], str | None] | None, at: int
    ) -> bool:
        if run in self.set_asides or not self._path(run).is_dir():
            return False
        self.kept_sessions.add(run)
        return True

    async def workspace(self, run: RunId) -> Prepared | None:
        return self._started.get(run) if self._path(run).is_dir() else None

    async def write_file(self, run: RunId, name: str, data: bytes) -> Path:
        if not self._path(run).is_dir():
            raise WorkspaceError(_NONE)
        folder = self._files(run)
        _write(folder, {name: data})
        return folder

    async def is_taken_over(self, run: RunId) -> bool:
        return run in self.taken_over

    async def was_taken_over(self, run: RunId) -> bool:
        return run in self.by_hand

    async def forget_takeover(self, run: RunId) -> None:
        self.by_hand.discard(run)

    async def set_aside(self, run: RunId, why: str) -> str:
        if not self._path(run).is_dir():
            raise WorkspaceError(_NONE)
        self.set_asides[run] = why
        return "Nothing of it was published; its clone is kept."

    async def collect(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        message: str,
        co_author: str | None = None,
        granted: Callable[[str], str | None] | None = None,
        rules: GuardRules | None = None,
    ) -> Collected:
        if run in self.set_asides:
            raise WorkspaceError(f"The clone of this run was set aside. {self.set_asides[run]}")
        if not self._path(run).is_dir():
            return self._recorded(run)[0]
        self.co_authors.append(co_author)
        tree = _read(self._path(run))
        files = _changes(self._bases.get(run, {}), tree)
        for text in (message, *(f"{file.path}\n{tree.get(file.path, b'').decode(errors='replace')}" for file in files)):
            if granted is not None and (name := granted(text)) is not None:
                raise ResultWithheld(f"Held back: it holds a secret of {name}. Not published.")
        commit = sha1(f"{run}{sorted(tree.items())}".encode(), usedforsecurity=False).hexdigest() if files else None
        if rules is not None:
            self.rules.append(rules)
        guarded = self.guard_verdicts.pop(0) if rules is not None and self.guard_verdicts else None
        if guarded is not None and guarded.findings:
            none = Collected(commit=None, files=(), total=0, diff=None)
            former, _ = self._results.setdefault(run, (none, self._bases.get(run, {})))
            return former.model_copy(update={"guarded": guarded})
        collected = Collected(commit=commit, files=files, total=len(files), diff=None, guarded=guarded)
        self._results[run] = collected, tree
        if collected.commit is not None:
            self._earlier[run, collected.commit] = collected, tree
        return collected

    async def result(self, run: RunId) -> Collected | None:
        return self._results[run][0] if run in self._results else None

    async def base_file(self, run: RunId, path: str) -> bytes | None:
        if run not in self._bases:
            raise WorkspaceError(_NONE)
        return self._first_bases.get(run, self._bases[run]).get(path)

    async def trees(self, run: RunId) -> ResultTrees:
        if run not in self._bases:
            raise WorkspaceError(_NONE)
        base = self._first_bases.get(run, self._bases[run])
        result = self._results[run][1] if run in self._results else self._bases[run]
        blobs = {_blob(content): content for content in (*base.values(), *result.values())}

        async def read(names: Collection[str]) -> Mapping[str, bytes | None]:
            return {name: blobs[name] for name in names}

        return ResultTrees(base=_entries(base), result=_entries(result), read=read)

    @asynccontextmanager
    async def checkout(
        self,
        run: RunId,
        repository: RepositorySpec,
        *,
        with_git: bool = False,
        tree: Mapping[str, TreeEntry] | None = None,
    ) -> AsyncGenerator[Path]:
        files = self._results[run][1] if run in self._results else self._bases.get(run, {})
        if tree is not None:
            known = (*self._bases.get(run, {}).values(), *self._first_bases.get(run, {}).values(), *files.values())
            blobs = {_blob(content): content for content in known}
            files = {path: blobs[entry.blob] for path, entry in tree.items()}
        with TemporaryDirectory() as place:
            path = Path(place, "tree")
            _write(path, files)
            yield path

    @asynccontextmanager
    async def copy(self, run: RunId, repository: RepositorySpec) -> AsyncGenerator["FakeCopy"]:
        collected = self._results.get(run)
        commit = collected[0].commit if collected is not None else None
        async with self.checkout(run, repository) as path:
            yield FakeCopy(path, commit or self._started[run].base_commit)

    async def roll_back(
        self,
        run: RunId,
        commit: str,
        *,
        branch: str,
        key: str,
        granted: Callable[[str], str | None] | None = None,
    ) -> Collected:
        if (run, commit) not in self._earlier:
            raise WorkspaceError(f"The result {commit[:12]} is no longer kept. Go back to another round.")
        if self._put_back.get(run, ("", ()))[0] != key:
            self._put_back[run] = key, self._uncollected(run)
        self._results[run] = self._earlier[run, commit]
        rmtree(self._path(run), ignore_errors=True)
        _write(self._path(run), self._results[run][1])
        return self._results[run][0].model_copy(update={"left_out": self._put_back[run][1]})

    async def keep_uncollected(self, run: RunId, *, granted: Callable[[str], str | None] | None) -> tuple[LeftOut, ...]:
        return self._uncollected(run) if self._path(run).is_dir() else ()

    def _uncollected(self, run: RunId) -> tuple[LeftOut, ...]:
        now = _read(self._path(run))
        known = self._results[run][1] if run in self._results else self._bases.get(run, {})
        if now == known:
            return ()
        changed = len(_changes(self._bases.get(run, {}), now))
        ref = f"refs/ompycord/left/{sha1(repr(sorted(now.items())).encode(), usedforsecurity=False).hexdigest()}"
        return (LeftOut(what=f"what the agent changed since ({changed} files in all)", ref=ref),)

    async def publish(self, run: RunId, repository: RepositorySpec, *, branch: str) -> Published:
        commit = self._recorded(run)[0].commit
        if branch == repository.base:
            raise WorkspaceError(f"A result never goes to {branch}.")
        if commit is None:
            return Published(branch=None)
        names = [branch, *(f"{branch}-{number}" for number in range(2, 10))]
        start = self._started[run].base_commit if self._follows.get(run) == branch else commit
        name = next(name for name in names if self.branches.get(name, commit) in {commit, start})
        self.branches[name] = commit
        return Published(branch=name, commit=commit)

    async def discard(self, run: RunId) -> None:
        clones = () if run in self.set_asides else (self._path(run),)
        for folder in (*clones, self._files(run)):
            rmtree(folder, ignore_errors=True)

    def _recorded(self, run: RunId) -> tuple[Collected, Tree]:
        if run not in self._results:
            raise WorkspaceError(_NONE)
        return self._results[run]

    def _path(self, run: RunId) -> Path:
        return self._root / run

    def _files(self, run: RunId) -> Path:
        return self._root / f"{run}-files"


class FakeCopy:
    """A plain folder that knows what it held."""

    def __init__(self, path: Path, commit: str) -> None:
        self.path = path
        self.commit = commit
        self._before = _read(path)

    async def changes(self) -> tuple[str, ...]:
        now = _read(self.path)
        both = self._before.keys() | now.keys()
        return tuple(sorted(name for name in both if self._before.get(name) != now.get(name)))


def _read(folder: Path) -> Tree:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _write(folder: Path, tree: Tree) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _blob(content: bytes) -> str:
    return sha1(content, usedforsecurity=False).hexdigest()


def _entries(tree: Tree) -> dict[str, TreeEntry]:
    return {path: TreeEntry("100644", _blob(content)) for path, content in tree.items()}


def _changes(before: Tree, after: Tree) -> tuple[ChangedFile, ...]:
    """Whole files: every line of what is there counts as added, every line of what was there as removed."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(
        ChangedFile(
            path=name,
            status="added" if name not in before else "modified" if name in after else "deleted",
            added=len(after.get(name, b"").splitlines()),
            removed=len(before.get(name, b"").splitlines()),
        )
        for name in names
    )


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


class FakeChecks:
    """Answers by the check's name; unknown checks pass, and an empty base. `changes` is what a result changed."""

    def __init__(self, results: Mapping[str, CheckFinished] | None = None) -> None:
        self.results: Mapping[str, CheckFinished] = results or {}
        self.changes: tuple[ChangedEvidence, ...] = ()
        self.ran: list[str] = []
        self.trees: list[Path] = []
        """The checkout of each check that ran."""
        self.before: Callable[[], Awaitable[None]] | None = None
        """Awaited at the start of each check; it may change `results`, or hold the check up."""

    async def run(
        self,
        run: RunId,
        check: CheckSpec,
        cwd: Path,
        probe: Probe | None = None,
        *,
        secrets: Sequence[str] = (),
        services: Sequence[ServiceSpec] = (),
        listener: Listener | None = None,
    ) -> CheckRun:
        if self.before is not None:
            await self.before()
        passed = CheckFinished(check=check.name, status="passed", passed=1, failed=0)
        finished = self.results.get(check.name, passed)
        if finished.status in {"failed", "timeout"} and _is_empty(cwd):  # the base of a repository that is not there
            return CheckRun(finished=passed)
        self.ran.append(check.name)
        self.trees.append(cwd)
        errors = tuple(FailedTest(test=name, error=f"{name} failed") for name in finished.failing)
        return CheckRun(finished=finished, errors=errors)

    async def compare(self, checks: Sequence[CheckSpec], trees: ResultTrees) -> Comparison:
        return Comparison(changes=self.changes, with_base=trees.result, on_base=trees.base)
