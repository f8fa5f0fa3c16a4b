"""The repositories that configuration names: where they lie, their base, and new branches in them.

Used by `service.py`.
"""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ompycord.domain.ids import is_ulid
from ompycord.domain.repository import ANOTHER_BASE, RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.processes import kill_strays
from ompycord.workspaces.collecting.request import KEPT
from ompycord.workspaces.folders import is_real_folder, remove
from ompycord.workspaces.git import TRANSFER_S, Git, require_branch
from ompycord.workspaces.locks import unlock, unlock_ref
from ompycord.workspaces.record import Publication, Record
from ompycord.workspaces.remote import NotReached, RemoteGit
from ompycord.workspaces.ssh.deploy_key import with_deploy_key

__all__ = ["RESULT_REF", "Repositories", "Source"]

_OURS: Final = "refs/ompycord/"
_BASES: Final = "refs/ompycord/base/"
_KEPT: Final = "refs/ompycord/kept/"

RESULT_REF: Final = "refs/heads/result"
_LISTED_S: Final = 20.0
_NAMES: Final = 9
"""How many branches of one name are tried: `x`, `x-2` … `x-9`."""


@dataclass(frozen=True, slots=True)
class Source:
    """A repository as git sees it."""

    git_folder: Path
    objects: Path
    object_format: Literal["sha1", "sha256"]


class Repositories:
    """Path repositories where they are; a bare cache `<folder>/<name>.git` of each address.

    `folder` lies in the data folder, where relative files of the settings lie, too.
    """

    def __init__(self, *, folder: Path, git: Git) -> None:
        self._folder = folder
        self._git = git
        self._remote = RemoteGit(git)
        self._fetching: dict[str, asyncio.Lock] = {}

    async def refresh(self, spec: RepositorySpec) -> None:
        """Fetches the branches of an address into its cache. Raises WorkspaceError, without the address."""
        if spec.address is None:
            return
        async with self._fetching.setdefault(spec.name, asyncio.Lock()):
            await self._fetch(spec, spec.address)

    async def listen(self, spec: RepositorySpec, *, folder: Path) -> None:
        """Ask an address for its branches, and fetch nothing. Raises NotReached, ProcessFailed."""
        words = ("ls-remote", "--heads", "--", spec.address or "", spec.base)
        key = with_deploy_key(spec, self._folder.parent)
        heads = await self._remote.attempt(
            *words, cwd=folder, timeout_s=_LISTED_S, more_env=key, is_operator=key is None
        )
        if not heads.is_success:
            raise NotReached(spec.name, heads, by_key=key is not None)

    async def source(self, spec: RepositorySpec) -> Source:
        """The place of its objects. Raises WorkspaceError where there is no repository."""
        path = spec.path or self._cache(spec.name)
        if not path.exists():
            raise WorkspaceError(f"{spec.name}: its repository is not there. Check its path in the configuration.")
        words = ("--path-format=absolute", "--git-common-dir", "--git-path", "objects", "--show-object-format")
        folder, objects, object_format = (await self._git.line("rev-parse", *words, cwd=path)).splitlines()
        return Source(Path(folder), Path(objects), "sha256" if object_format == "sha256" else "sha1")

    async def base_commit(self, spec: RepositorySpec, source: Source, branch: str) -> str:
        """The commit to start from: the local branch, else the one of `origin`. Raises WorkspaceError."""
        require_branch(branch)
        places = ("refs/heads/", "refs/remotes/origin/") if spec.address is None else ("refs/remotes/origin/",)
        for layout in places:
            commit = await self._git.commit_of(layout + branch, cwd=source.git_folder)
            if commit is not None:
                return commit
        raise WorkspaceError(f"{spec.name} has no branch {branch} with a commit. {ANOTHER_BASE}")

    async def tip(self, spec: RepositorySpec, source: Source, branch: str) -> str | None:
        """The commit of a branch of ours as it stands here; None where there is none.

        Of an address it is the branch in our cache, or what others pushed on top of it.
        """
        require_branch(branch)
        here = await self._git.commit_of(f"refs/heads/{branch}", cwd=source.git_folder)
        there = await self._git.commit_of(f"refs/remotes/origin/{branch}", cwd=source.git_folder)
        if here is None or there is None or spec.address is None:
            return here or there
        words = ("merge-base", "--is-ancestor", here, there)
        return there if (await self._git.attempt(*words, cwd=source.git_folder)).is_success else here

    async def hold_base(self, source: Source, run: str, commit: str, *, marker: str) -> None:
        """Keeps the base from being cleaned up by git for as long as the run may need it. Raises WorkspaceError."""
        ref = f"{_BASES}{run}"
        unlock_ref(source.git_folder, ref, commit)
        written = await self._git.attempt("update-ref", ref, commit, cwd=source.git_folder, marker=marker)
        if not written.is_success:
            raise WorkspaceError(
                f"git cannot write {ref} in {source.git_folder}, so no result could land there. Fix its permissions."
            )

    async def release_base(self, record: Record, run: str) -> None:
        """The counterpart of `hold_base`. A repository that is gone or refuses keeps its ref: that harms nothing."""
        if record.source is not None and record.source.is_dir():
            unlock_ref(record.source, f"{_BASES}{run}", record.base_commit)
            await self._git.attempt("update-ref", "-d", f"{_BASES}{run}", cwd=record.source)

    async def release_kept(self, record: Record, run: str) -> None:
        """The counterpart of `keep`, once the run's own folder goes. A repository that refuses keeps its refs."""
        if record.source is not None and record.source.is_dir():
            await self._forget(record.source, f"{_KEPT}{run}/")

    async def runs_with_refs(self, spec: RepositorySpec) -> dict[str, tuple[str, ...]]:
        """Runs for which a ref stands in the repository that only a run at work needs, each with those refs.

        Raises WorkspaceError.
        """
        source = await self.source(spec)
        listed = await self._git.line("for-each-ref", "--format=%(refname)", _OURS, cwd=source.git_folder)
        found: dict[str, tuple[str, ...]] = {}
        for ref in listed.splitlines():
            run = ref.removeprefix(_BASES) if ref.startswith(_BASES) else ref.removeprefix(_OURS).removesuffix(".git")
            if is_ulid(run):
                found[run] = (*found.get(run, ()), ref)
        return found

    async def forget_refs(self, spec: RepositorySpec, refs: Sequence[str]) -> None:
        """Remove refs that `runs_with_refs` named. Raises WorkspaceError."""
        source = await self.source(spec)
        for ref in refs:
            await self._git.attempt("update-ref", "-d", ref, cwd=source.git_folder)

    async def _forget(self, git_folder: Path, prefix: str) -> None:
        listed = await self._git.attempt("for-each-ref", "--format=%(refname)", prefix, cwd=git_folder)
        for ref in listed.stdout.decode("utf-8", "replace").splitlines() if listed.is_success else ():
            await self._git.attempt("update-ref", "-d", ref, cwd=git_folder)

    async def keep(self, record: Record, run: str, *, result: Path, marker: str) -> str:
        """Puts what `result` keeps beside the result into the repository; the beginning of those refs' names.

        What an earlier collection of the run put there and this one did not find goes away. Raises WorkspaceError.
        """
        kept = f"{_KEPT}{run}/"
        at = record.source or record.objects.parent
        fetch = ("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-gc")
        await self._git.run(
            *(*fetch, "--no-recurse-submodules", "--", str(result), f"+{KEPT}*:{kept}*"),
            cwd=at,
            marker=marker,
            timeout_s=TRANSFER_S,
            settings=("fetch.fsckObjects=true",),
        )
        return kept

    async def publish(
        self, spec: RepositorySpec, record: Record, *, result: Path, commit: str, branch: str, marker: str
    ) -> Publication:
        """Puts `commit` from `result` on `branch`, or on `branch-2` … `branch-9` where that name holds other work.

        A branch is made, or moved where we put it, or where a follow-up found it, and no one changed it since; never
        the base and never one that is checked out. For an address the branch is made in the cache; pushing it is the
        forge's part. Raises WorkspaceError.
        """
        require_branch(branch)
        if branch in (spec.base, record.base_branch):
            raise WorkspaceError(f"{branch} is the base branch of {spec.name}; results never go there.")
        source = await self.source(spec)
        arriving = f"refs/ompycord/{marker}"
        unlock(source.git_folder, f"{arriving}.lock")
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
        await self._git.run(
            *(*fetch, "--", str(result), f"+{RESULT_REF}:{arriving}"),
            cwd=source.git_folder,
            marker=marker,
            timeout_s=TRANSFER_S,
            settings=("fetch.fsckObjects=true",),
        )
        try:
            return await self._point(source, record, branch, commit, marker)
        finally:
            await self._git.run("update-ref", "-d", arriving, cwd=source.git_folder, marker=marker)

    async def _point(self, source: Source, record: Record, branch: str, commit: str, marker: str) -> Publication:
        in_use = await self._checked_out(source)
        free = await self._without_obstacle(source, branch)
        for number in range(1, _NAMES + 1):
            name = free if number == 1 else f"{free}-{number}"
            tip = await self._git.commit_of(f"refs/heads/{name}", cwd=source.git_folder)
            if tip == commit:
                return Publication(branch=name, commit=commit)
            found = Publication(branch=name, commit=tip or commit)
            start = Publication(branch=record.branch, commit=record.base_commit) if record.branch is not None else None
            is_ours = found in (record.published, start)
            if f"refs/heads/{name}" in in_use or (tip is not None and not is_ours):
                continue
            # The old value makes it a comparison and a swap: a change by another program in between wins.
            old = tip or "0" * len(commit)
            unlock_ref(source.git_folder, f"refs/heads/{name}", commit)
            words = ("update-ref", "-m", f"ompycord: {marker}", f"refs/heads/{name}", commit, old)
            try:
                await self._git.run(*words, cwd=source.git_folder, marker=marker)
            except WorkspaceError as error:
                if tip is None and await self._has_beneath(source, name):
                    continue
                raise WorkspaceError(f"{error} The branch is {name}: free it, or set another branch_prefix.") from error
            return Publication(branch=name, commit=commit)
        raise WorkspaceError(f"The branches {free} to {free}-{_NAMES} hold other work. Delete one or choose a prefix.")

    async def _without_obstacle(self, source: Source, branch: str) -> str:
        """The name, or one with `-` for `/` where a branch has the name of one of its folders.

        git cannot have both (`ompycord` and `ompycord/x`).
        """
        parts = branch.split("/")
        for length in range(1, len(parts)):
            above = "/".join(parts[:length])
            if await self._git.commit_of(f"refs/heads/{above}", cwd=source.git_folder) is not None:
                return f"{above}-{'-'.join(parts[length:])}"
        return branch

    async def _has_beneath(self, source: Source, name: str) -> bool:
        """Whether there are branches of which the name would be a folder."""
        listed = await self._git.line("for-each-ref", "--count=1", f"refs/heads/{name}/", cwd=source.git_folder)
        return bool(listed)

    async def _checked_out(self, source: Source) -> frozenset[str]:
        listed = await self._git.line("worktree", "list", "--porcelain", cwd=source.git_folder)
        return frozenset(line.removeprefix("branch ") for line in listed.splitlines() if line.startswith("branch "))

    async def _fetch(self, spec: RepositorySpec, address: str) -> None:
        name, key = spec.name, with_deploy_key(spec, self._folder.parent)
        cache = self._cache(name)
        place = hashlib.sha256(os.fsencode(cache.absolute())).hexdigest()[:16]
        marker = f"repository.{place}"  # by its place: another data folder may fetch one of the same name
        await kill_strays(marker)
        unlock(cache, "shallow.lock", "refs/remotes/**/*.lock")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_real_folder(cache):
            building = self._folder / f".{name}.git.new"
            await remove(building)
            await self._git.run("init", "--quiet", "--bare", "--template=", "--", str(building), cwd=self._folder)
            building.rename(cache)
        fetched = await self._remote.attempt(
            *("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"),
            *("--no-recurse-submodules", "--", address, "+refs/heads/*:refs/remotes/origin/*"),
            cwd=cache,
            marker=marker,
            timeout_s=TRANSFER_S,
            more_env=key,
            is_operator=key is None,
        )
        if not fetched.is_success:
            raise NotReached(name, fetched, by_key=key is not None)

    def _cache(self, name: str) -> Path:
        return self._folder / f"{name}.git"
