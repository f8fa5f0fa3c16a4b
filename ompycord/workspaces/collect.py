"""The host's half of collecting a result: lets the inside make a bundle, then trusts nothing of it.

Counterpart of the package `collecting`. The bundle is copied out as a plain file, unpacked into a repository that is
thrown away, and fetched from there with `fetch.fsckObjects`: git applies that setting to a bundle only since 2.46
(seen: 2.39 takes a tree with `.git` in it).
"""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from ompycord.domain.base import Frozen
from ompycord.domain.events import LeftOut
from ompycord.errors import ResultWithheld, WorkspaceError
from ompycord.processes import Bounds, Clocks, Outcome, ProcessResult, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.text import clean, cut
from ompycord.workspaces.alternates import BASE_REF, make_bare
from ompycord.workspaces.collecting.request import KEPT, REF, CollectRequest
from ompycord.workspaces.diff import DIFF, changed_files
from ompycord.workspaces.folders import is_real_folder, remove, take_file
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.guarding.granted import FindGranted, require_nothing_granted
from ompycord.workspaces.record import Folder, Record, Result
from ompycord.workspaces.repositories import RESULT_REF

__all__ = ["KEPT", "Collector"]

_PROGRAM: Final = Path(__file__).with_name("collecting") / "collect_program.py"
_BUNDLE: Final = "result.bundle"
_BUNDLE_BYTES: Final = 2 * 1024**3
_REPORT_BYTES: Final = 256 * 1024
_SENTENCE: Final = 300
_NAME: Final = 200
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,200}")
_ARRIVING: Final = "refs/ompycord/arriving"


class _Report(Frozen):
    """What the inside says of its bundle: an agent's word (`collecting.main.Report`)."""

    result: bool
    taken: str
    kept: Annotated[tuple[tuple[str, str], ...], Field(max_length=20)]
    refused: Annotated[tuple[str, ...], Field(max_length=20)]
    more: Annotated[int, Field(ge=0)]


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
        """The result and its diff as files of ours. What is kept beside it has its refs in `result.git`, below KEPT.

        Raises WorkspaceError; nothing of an earlier result is lost then.
        """
        if not is_real_folder(folder.clone):
            raise WorkspaceError("The clone of this run is gone, so there is nothing to collect. Start the run again.")
        marker = f"{run}.git"
        try:
            report = await self._collect(folder, record, run, message=message, co_author=co_author)
            has_bundle = report.result or bool(report.kept)
            if has_bundle:
                await take_file(folder.work, folder.tmp.name, _BUNDLE, folder.bundle, limit=_BUNDLE_BYTES)
        finally:
            await remove(folder.tmp)
        await self._forget_kept(folder, marker)
        left_out = await self._fetch(folder, record, report, marker, granted) if has_bundle else []
        left_out += [LeftOut(what=_shown(path)) for path in report.refused]
        left_out += [LeftOut(what=f"and {report.more} more, which are not named")] if report.more else []
        if not report.result:
            result = await self._nothing(folder, marker)
        else:
            commit = await self._git.line("rev-parse", "--verify", RESULT_REF, cwd=folder.result, marker=marker)
            result = await self._describe(folder, record, commit, marker)
        taken = _shown(report.taken) if report.taken else ""
        return result.model_copy(update={"left_out": tuple(left_out), "taken": taken})

    async def _collect(
        self, folder: Folder, record: Record, run: str, *, message: str, co_author: str | None
    ) -> _Report:
        """Runs the inside half as confined as the agent."""
        modules = [one.objects for one in record.submodules if one.objects is not None]
        layout = Layout(folder.clone, readable=(record.objects, *modules))
        request = CollectRequest(
            folder=str(layout.tmp / "harvest.git"),
            bundle=str(layout.tmp / _BUNDLE),
            objects=str(record.objects),
            format=record.object_format,
            base=record.base_commit,
            message=clean(message),
            trailer=f"Co-authored-by: {clean(co_author)}" if co_author else "",
            exclude=folder.excluded(),
            modules=[
                {"path": one.path, "commit": one.commit, "objects": str(one.objects) if one.objects else None}
                for one in record.submodules
            ],
        )
        spec = ProcessSpec(
            argv=(sys.executable, "-I", "-S", str(_PROGRAM)),
            env={},
            cwd=folder.clone,
            stdin=json.dumps(request).encode(),
            marker=run,
        )
        bounds = Bounds(line_bytes=_REPORT_BYTES)
        clocks = Clocks(wall_s=TRANSFER_S, idle_s=TRANSFER_S)
        printed, reported = "", ""
        async with self._launcher.start(spec, layout, clocks=clocks, bounds=bounds) as process:
            async for line in process.lines():
                if line.stream is Stream.STDOUT:
                    reported = line.text
                elif line.text.strip():
                    printed = line.text
            ended = await process.wait()
        if ended.outcome is not Outcome.EXITED or ended.exit_code != 0:
            raise WorkspaceError(f"The result could not be collected: {_why(ended, printed)}")
        try:
            return _Report.model_validate_json(reported)
        except ValidationError as error:
            raise WorkspaceError("The result could not be collected: what collects it made no report.") from error

    async def _fetch(
        self, folder: Folder, record: Record, report: _Report, marker: str, granted: FindGranted | None
    ) -> list[LeftOut]:
        """Takes the bundle into `result.git`, checked; an equal result that was collected earlier stays.

        Returns what lies beside the result, or was not taken.
        """
        throw_away = folder.path / "incoming.git"
        await remove(throw_away)
        try:
            await make_bare(self._git, throw_away, record, marker=marker)
            refs = [f"+{REF}:{RESULT_REF}"] if report.result else []
            refs += [f"+{KEPT}*:{KEPT}*"] if report.kept else []
            await self._take(folder.bundle, *refs, into=throw_away, marker=marker)
            if report.result:
                await self._take(throw_away, f"+{RESULT_REF}:{_ARRIVING}", into=folder.result, marker=marker)
                await self._arrive(folder, marker, granted)
            return [await self._keep(throw_away, label, what, folder, marker, granted) for label, what in report.kept]
        finally:
            await remove(throw_away)

    async def _arrive(self, folder: Folder, marker: str, granted: FindGranted | None) -> None:
        at = folder.result
        if not await self._goes_on(_ARRIVING, at, marker):
            raise WorkspaceError("The result does not go on from the base, so it was not taken.")
        await self._guard(folder, _ARRIVING, marker, granted)
        content = ("show", "--no-patch", "--format=%T %P%n%B")
        old = await self._git.commit_of(RESULT_REF, cwd=at)
        is_same = old is not None and (
            await self._git.run(*content, RESULT_REF, "--", cwd=at, marker=marker)
            == await self._git.run(*content, _ARRIVING, "--", cwd=at, marker=marker)
        )
        if not is_same:
            await self._git.run("update-ref", RESULT_REF, _ARRIVING, cwd=at, marker=marker)
        await self._git.run("update-ref", "-d", _ARRIVING, cwd=at, marker=marker)

    async def _guard(self, folder: Folder, ref: str, marker: str, granted: FindGranted | None) -> None:
        """Raises ResultWithheld where what arrives holds what its agent was granted; it is dropped here then."""
        if granted is None:
            return
        at = folder.result
        try:
            await require_nothing_granted(self._git, at, base=BASE_REF, commit=ref, granted=granted, marker=marker)
        except ResultWithheld:
            await self._git.run("update-ref", "-d", ref, cwd=at, marker=marker)
            folder.bundle.unlink(missing_ok=True)
            raise

    async def _keep(
        self, throw_away: Path, label: str, what: str, folder: Folder, marker: str, granted: FindGranted | None
    ) -> LeftOut:
        """Takes one piece of work beside the result, under a ref of its own; where it is not fit, that is said."""
        shown, ref = _shown(what), f"{KEPT}{label}"
        if not _LABEL.fullmatch(label) or ".." in label or label.endswith((".lock", ".", "/")):
            return LeftOut(what=f"{shown}: its name is not fit for a ref")
        try:
            await self._take(throw_away, f"+{ref}:{ref}", into=folder.result, marker=marker)
        except WorkspaceError:
            return LeftOut(what=f"{shown}: it is damaged or not allowed in a repository (git fsck)")
        if await self._goes_on(ref, folder.result, marker):
            await self._guard(folder, ref, marker, granted)
            return LeftOut(what=shown, ref=ref)
        await self._git.run("update-ref", "-d", ref, cwd=folder.result, marker=marker)
        return LeftOut(what=f"{shown}: it does not go on from the base")

    async def _forget_kept(self, folder: Folder, marker: str) -> None:
        """Removes the refs that an earlier collection kept: what they hold is found again, or is no more."""
        if not (folder.result / KEPT).is_dir():
            return
        listed = await self._git.line("for-each-ref", "--format=%(refname)", KEPT, cwd=folder.result, marker=marker)
        for ref in listed.splitlines():
            await self._git.run("update-ref", "-d", ref, cwd=folder.result, marker=marker)

    async def _goes_on(self, ref: str, at: Path, marker: str) -> bool:
        return (await self._git.attempt("merge-base", "--is-ancestor", BASE_REF, ref, cwd=at, marker=marker)).is_success

    async def _take(self, source: Path, *refs: str, into: Path, marker: str) -> None:
        """Fetches with fsck. git's words stay out of the error: they can repeat what an agent wrote."""
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
        fetched = await self._git.attempt(
            *(*fetch, "--", str(source), *refs),
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
        names = await self._git.run(*DIFF, "-z", "--name-status", *ends, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        if not names:
            return await self._nothing(folder, marker)
        counts = await self._git.run(*DIFF, "-z", "--numstat", *ends, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        new = folder.diff.with_name(".diff.patch.new")
        whole = (*DIFF, "--full-index", f"--output={new}", *ends)
        await self._git.run(*whole, cwd=at, marker=marker, timeout_s=TRANSFER_S)
        new.replace(folder.diff)
        files, total = changed_files(names, counts)
        return Result(commit=commit, files=files, total=total)

    async def set_back(self, folder: Folder, record: Record, run: str) -> None:
        """Put the result of `record` in place of the one that was just collected, whose diff is kept aside."""
        marker = f"{run}.git"
        if folder.diff.exists():
            folder.diff.replace(folder.refused)
        former = record.result.commit if record.result is not None else None
        if former is None:
            await self._nothing(folder, marker)
            return
        await self._git.run("update-ref", RESULT_REF, former, cwd=folder.result, marker=marker)
        await self._describe(folder, record, former, marker)

    async def back_to(self, folder: Folder, record: Record, commit: str | None, marker: str) -> Result:
        """Make `commit`, which was collected earlier, the result again; None: there is none again."""
        if commit is None:
            return await self._nothing(folder, marker)
        await self._git.run("update-ref", RESULT_REF, commit, cwd=folder.result, marker=marker)
        return await self._describe(folder, record, commit, marker)

    async def _nothing(self, folder: Folder, marker: str) -> Result:
        await self._git.run("update-ref", "-d", RESULT_REF, cwd=folder.result, marker=marker)
        folder.diff.unlink(missing_ok=True)
        return Result(commit=None)


def _shown(text: str) -> str:
    return cut(clean(text).replace("\n", " "), _NAME) or "?"


def _why(ended: ProcessResult, printed: str) -> str:
    """The reason of a failure. `said` is the last line of its standard error."""
    if ended.over_limit is not None:
        return f"what collects it {ended.over_limit} and was ended."
    return cut(clean(printed), _SENTENCE) or str(ended.outcome)
