"""The host's half of collecting a result: lets the inside make a bundle, then trusts nothing of it.

Counterpart of `collect_program.py`. The bundle is copied out as a plain file, unpacked into a repository that is thrown
away, and fetched from there with `fetch.fsckObjects`: git applies that setting to a bundle only since 2.46 (seen: 2.39
takes a tree with `.git` in it).
"""

import json
import sys
from pathlib import Path
from typing import Final

from ompycord.errors import ResultHeldBack, WorkspaceError
from ompycord.processes import Clocks, Outcome, ProcessResult, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.text import clean, cut
from ompycord.workspaces.alternates import BASE_REF, make_bare
from ompycord.workspaces.collect_program import NOTHING_CHANGED, REF
from ompycord.workspaces.diff import changed_files
from ompycord.workspaces.folders import is_real_folder, remove, take_file
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.guard import FindGranted, require_nothing_granted
from ompycord.workspaces.record import Folder, Record, Result
from ompycord.workspaces.repositories import RESULT_REF

__all__ = ["Collector"]

_PROGRAM: Final = Path(__file__).with_name("collect_program.py")
_BUNDLE: Final = "result.bundle"
_BUNDLE_BYTES: Final = 2 * 1024**3
_SENTENCE: Final = 300
_ARRIVING: Final = "refs/ompycord/arriving"
_DIFF: Final = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "-l2000")


class Collector:
    """Takes the content of a run's clone into its `result.git`."""

    def __init__(self, *, git: Git, launcher: Launcher) -> None:
        self._git = git
        self._launcher = launcher

    async def collect(
        self,
        folder: Folder,
        record: Record,
        *,
        message: str,
        co_author: str | None,
        run: str,
        granted: FindGranted | None = None,
    ) -> Result:
        """The result and its diff as files of ours.

        Raises WorkspaceError; nothing of an earlier result is lost then.
        """
        if not is_real_folder(folder.clone):
            raise WorkspaceError("The clone of this run is gone, so there is nothing to collect. Start the run again.")
        marker = f"{run}.git"
        try:
            has_bundle = await self._collect(folder, record, run, message=message, co_author=co_author)
            if has_bundle:
                await take_file(folder.path, "tmp", _BUNDLE, folder.bundle, limit=_BUNDLE_BYTES)
        finally:
            await remove(folder.path / "tmp")
        if not has_bundle:
            return await self._nothing(folder, marker)
        commit = await self._fetch(folder, record, marker, granted)
        return await self._describe(folder, record, commit, marker)

    async def _collect(self, folder: Folder, record: Record, run: str, *, message: str, co_author: str | None) -> bool:
        """Runs the inside half as confined as the agent; whether it made a bundle."""
        layout = Layout(folder.clone, readable=(record.objects,))
        request = {
            "folder": str(layout.tmp / "harvest.git"),
            "bundle": str(layout.tmp / _BUNDLE),
            "objects": str(record.objects),
            "format": record.object_format,
            "base": record.base_commit,
            "message": clean(message),
            "trailer": f"Co-authored-by: {clean(co_author)}" if co_author else "",
        }
        spec = ProcessSpec(
            argv=(sys.executable, "-I", "-S", str(_PROGRAM)),
            env={},
            cwd=folder.clone,
            stdin=json.dumps(request).encode(),
            marker=run,
        )
        printed = ""
        async with self._launcher.start(spec, layout, clocks=Clocks(wall_s=TRANSFER_S, idle_s=TRANSFER_S)) as process:
            async for line in process.lines():
                if line.stream is Stream.STDERR and line.text.strip():
                    printed = line.text
            ended = await process.wait()
        if ended.outcome is Outcome.EXITED and ended.exit_code in (0, NOTHING_CHANGED):
            return ended.exit_code == 0
        raise WorkspaceError(f"The result could not be collected: {_why(ended, printed)}")

    async def _fetch(self, folder: Folder, record: Record, marker: str, granted: FindGranted | None) -> str:
        """The commit in `result.git`, checked; an equal one that was collected earlier stays."""
        throw_away = folder.path / "incoming.git"
        await remove(throw_away)
        try:
            await make_bare(self._git, throw_away, record, marker=marker)
            await self._take(folder.bundle, f"+{REF}:{RESULT_REF}", into=throw_away, marker=marker)
            await self._take(throw_away, f"+{RESULT_REF}:{_ARRIVING}", into=folder.result, marker=marker)
        finally:
            await remove(throw_away)
        at = folder.result
        descends = await self._git.attempt("merge-base", "--is-ancestor", BASE_REF, _ARRIVING, cwd=at, marker=marker)
        if not descends.is_success:
            raise WorkspaceError("The result does not go on from the base, so it was not taken.")
        if granted is not None:
            await self._guard(folder, marker, granted)
        content = ("show", "--no-patch", "--format=%T %P%n%B")
        old = await self._git.commit_of(RESULT_REF, cwd=at)
        is_same = old is not None and (
            await self._git.run(*content, RESULT_REF, "--", cwd=at, marker=marker)
            == await self._git.run(*content, _ARRIVING, "--", cwd=at, marker=marker)
        )
        if not is_same:
            await self._git.run("update-ref", RESULT_REF, _ARRIVING, cwd=at, marker=marker)
        await self._git.run("update-ref", "-d", _ARRIVING, cwd=at, marker=marker)
        return await self._git.line("rev-parse", "--verify", f"{RESULT_REF}^{{commit}}", cwd=at, marker=marker)

    async def _guard(self, folder: Folder, marker: str, granted: FindGranted) -> None:
        """Raises ResultHeldBack where the arriving result holds what its agent was granted; it is dropped here then."""
        at = folder.result
        try:
            await require_nothing_granted(
                self._git, at, base=BASE_REF, commit=_ARRIVING, granted=granted, marker=marker
            )
        except ResultHeldBack:
            await self._git.run("update-ref", "-d", _ARRIVING, cwd=at, marker=marker)
            folder.bundle.unlink(missing_ok=True)
            raise

    async def _take(self, source: Path, refs: str, *, into: Path, marker: str) -> None:
        """Fetches with fsck. git's words stay out of the error: they can repeat what an agent wrote."""
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
        fetched = await self._git.attempt(
            *(*fetch, "--", str(source), refs),
            cwd=into,
            marker=marker,
            timeout_s=TRANSFER_S,
            settings=("fetch.fsckObjects=true",),
        )
        if not fetched.is_success:
            raise WorkspaceError(
                "The result is damaged or not allowed in a repository (git fsck), so it was not taken."
            )

    async def _describe(self, folder: Folder, record: Record, commit: str, marker: str) -> Result:
        """Lists the changes and writes the diff."""
        ends = (record.base_commit, commit, "--")
        at = folder.result
        names = await self._git.run(*_DIFF, "-z", "--name-status", *ends, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        if not names:
            return await self._nothing(folder, marker)
        counts = await self._git.run(*_DIFF, "-z", "--numstat", *ends, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        new = folder.diff.with_name(".diff.patch.new")
        whole = (*_DIFF, "--full-index", f"--output={new}", *ends)
        await self._git.run(*whole, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        new.replace(folder.diff)
        files, total = changed_files(names, counts)
        return Result(commit=commit, files=files, total=total)

    async def _nothing(self, folder: Folder, marker: str) -> Result:
        await self._git.run("update-ref", "-d", RESULT_REF, cwd=folder.result, marker=marker)
        folder.diff.unlink(missing_ok=True)
        return Result(commit=None)


def _why(ended: ProcessResult, printed: str) -> str:
    """The reason of a failure. `said` is the last line of its standard error."""
    if ended.over_limit is not None:
        return f"what collects it {ended.over_limit} and was ended."
    return cut(clean(printed), _SENTENCE) or str(ended.outcome)
