"""Pushes a result from a repository here to its forge: implements `BranchPushes` with git.

The token comes to git from its file by a credential helper that answers for that forge alone: it is in no argument, no
address, no environment and no setting of a repository. Counterpart of `remote.py`, which fetches as the operator.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ids import RunId
from ompycord.domain.ports import BaseThere, ForgeRests, ProposedChange, PushRequest
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed, ProcessFailed, WorkspaceError
from ompycord.processes import Completed, kill_strays
from ompycord.text import clean, cut
from ompycord.workspaces.git import TRANSFER_S, Git, require_branch
from ompycord.workspaces.locks import unlock_ref
from ompycord.workspaces.publishing.outgoing import LARGEST, require_takable
from ompycord.workspaces.publishing.proposed_change import proposed_change
from ompycord.workspaces.publishing.push_protection import secret_words
from ompycord.workspaces.remote import RemoteGit, why_not_reached
from ompycord.workspaces.repositories import Repositories

__all__ = ["ForgeGit", "ForgePushes"]

_FILE: Final = "OMPYCORD_FORGE_TOKEN_FILE"
_USER: Final = "OMPYCORD_FORGE_USER"
_HELPER: Final = (
    f'!f() {{ test "$1" = get || exit 0; printf "username=%s\\npassword=" "${_USER}"; '
    f"""tr -d "\\r\\n\\t " < "${_FILE}"; printf "\\n"; }}; f"""
)
"""What git runs for a user and a password (gitcredentials(7)); printf is the shell's own."""
_BASE: Final = "refs/ompycord/forge/base/"
_PUSHED: Final = "refs/ompycord/forge/pushed/"
"""Where we put a branch there last: only from that may it be moved to a commit that does not contain it."""
_FOLLOWED: Final = "refs/ompycord/forge/followed/"
_HEADS: Final = "refs/ompycord/forge/pulls/"
"""The heads of open pull requests, with which results are merged on trial."""
_FETCH: Final = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
_LINE: Final = 300
_NO_DETAIL: Final = "it does not say which. Take it out, or let a person allow it there."

_WHY: Final = (
    ("authentication", ("authentication failed", "could not read username", "could not read password", "error: 401"),
     "the token was refused. It may have expired: make a new one, and put it into the file of forge.token_file."),
    ("secrets", ("push cannot contain secrets", "github push protection"),
     "its push protection found a secret in the result: {reason}"),
    ("workflow", ("refusing to allow",),
     "the token may not change workflow files. Give it Workflows, read and write: {reason}"),
    ("rules", ("gh013", "repository rule violations", "unverified commit"),
     "a rule of the repository forbids it: {reason}"),
    ("protected", ("gh006", "protected branch", "is protected from"),
     "{branch} is protected there. Set another branch_prefix, or let the token push to it."),
    ("size", ("gh001", "exceeds github's file size limit"), "a file is too large for it: {reason}"),
    ("archived", ("archived", "read-only"), "it is archived and takes nothing. Unarchive it, or take forge out."),
    ("moved", ("redirect", "error: 301", "error: 302", "error: 307", "error: 308"),
     "it has moved. Set forge.repository to its new name."),
    ("permission", ("error: 403", "permission to", "write access"),
     "the token may not push. Give it {rights} for this repository."),
    ("not_found", ("not found", "error: 404"),
     "it is not there, or the token may not see it. Check forge.repository, and {let_in}."),
    ("foreign", ("stale info", "fetch first", "non-fast-forward"),
     "others moved {branch} there, so it was left as it is. Follow up, or delete it there."),
    ("name", ("directory file conflict", "cannot lock ref"),
     "a branch there has the name of a folder of {branch}, or the other way round. Set another branch_prefix."),
    ("declined", ("hook declined", "remote rejected"), "it refuses the push: {reason}"),
)  # fmt: skip
"""What git and forges say, in small letters, by fault; the first that fits."""


TokenFile = Callable[[ForgeSpec], AbstractAsyncContextManager[Path]]
"""A file that has a forge's token, as long as the block is open."""


class ForgePushes:
    """One for all repositories."""

    def __init__(
        self,
        *,
        repositories: Path,
        git: Git,
        token_file: TokenFile,
        rests: ForgeRests | None = None,
        largest: int = LARGEST,
    ) -> None:
        """`rests` knows whether a forge may be asked; `largest`: bytes of a file that a forge takes."""
        self._rests = rests
        self._largest = largest
        self._repositories = Repositories(folder=repositories, git=git)
        self._git = git
        self._remote = RemoteGit(git)
        self._token_file = token_file

    async def base(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> BaseThere | None:
        """See the port."""
        async with self._place(run, repository, request.branch) as place:
            ref = await _fetched_base(place, request)
            if not await place.is_within(request.base_commit, ref):
                return None
            commit = await place.git.line("rev-parse", "--verify", ref, cwd=place.folder)
            return BaseThere(commit=commit, ahead=await _ahead(place, request, ref))

    async def push(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> ProposedChange:
        """See the port."""
        async with self._place(run, repository, request.branch) as place:
            pushed = await _change(place, request)
            await require_takable(place, request, largest=self._largest)
            await _push(place, request)
        return pushed

    async def follow(self, run: RunId, repository: RepositorySpec, branch: str) -> None:
        """See the port. git itself refuses to move a branch that is checked out, or otherwise than forward."""
        async with self._place(run, repository, branch) as place:
            there = await place.tip(branch)
            here = await place.git.commit_of(f"refs/heads/{branch}", cwd=place.folder)
            if there is None or here in {None, there}:
                return
            ref = f"{_FOLLOWED}{place.marker}"
            unlock_ref(place.folder, ref, there)
            fetched = await place.attempt(*_FETCH, "--", place.forge.git_address, f"+refs/heads/{branch}:{ref}")
            if not fetched.is_success:
                raise place.fault(fetched, branch)
            moved = (*_FETCH, "--", ".", f"{ref}:refs/heads/{branch}")
            await place.git.attempt(*moved, cwd=place.folder, marker=place.marker, timeout_s=TRANSFER_S)
            await place.git.run("update-ref", "-d", ref, cwd=place.folder, marker=place.marker)

    async def heads(self, repository: RepositorySpec, pulls: Mapping[int, str]) -> frozenset[int]:
        """Bring the heads of pull requests here, by their numbers; those that are here then. Raises ForgeFailed.

        They are kept by a ref each, and those of other numbers are let go.
        """
        async with self._place(RunId(f"overlaps.{repository.name}"), repository, repository.base) as place:
            here = {number: commit for number, commit in pulls.items() if await place.has(commit)}
            wanted = {number: commit for number, commit in pulls.items() if number not in here}
            if wanted:
                refs = [f"+{commit}:{_HEADS}{number}" for number, commit in wanted.items()]
                fetched = await place.attempt(*_FETCH, "--", place.forge.git_address, *refs)
                if not fetched.is_success:
                    raise place.fault(fetched, repository.base)
            await place.keep(_HEADS, {str(number): commit for number, commit in pulls.items()})
            return frozenset(pulls)

    @asynccontextmanager
    async def _place(self, run: RunId, repository: RepositorySpec, branch: str) -> AsyncGenerator["ForgeGit"]:
        forge = repository.forge
        if forge is None:
            raise ForgeFailed("settings", f"{repository.name} names no forge.")
        marker = f"{run}.push"
        try:
            await kill_strays(marker)
            require_branch(branch)
            folder = (await self._repositories.source(repository)).git_folder
            async with self._token_file(forge) as token:
                yield ForgeGit(self._git, self._remote, forge, folder, token, marker, self._rests)
        except (WorkspaceError, ProcessFailed, OSError) as error:
            raise ForgeFailed("here", str(error)) from error


class ForgeGit:
    """A repository here and its forge, with git between them."""

    def __init__(
        self,
        git: Git,
        remote: RemoteGit,
        forge: ForgeSpec,
        folder: Path,
        token: Path,
        marker: str,
        rests: ForgeRests | None = None,
    ) -> None:
        self._rests = rests
        self.git = git
        self.forge = forge
        self.folder = folder
        self.marker = marker
        self._remote = remote
        self._env = {_FILE: str(token), _USER: forge.git_user, "GIT_ASKPASS": "", "SSH_ASKPASS": ""}
        parts = urlsplit(forge.git_address)
        scope = f"credential.{parts.scheme}://{parts.netloc}"
        self._settings = (
            "credential.helper=",
            f"{scope}.helper=",
            f"{scope}.helper={_HELPER}",
            "credential.useHttpPath=false",
            "http.followRedirects=false",
            f"http.{forge.git_address}.sslVerify=true",  # the longest name wins over what the repository here says
        )

    async def attempt(self, *words: str) -> Completed:
        """Git with the forge's token and none of the operator's own credentials.

        Raises ForgeNotNow while the forge rests; what it answers counts as any other answer of it.
        """
        if self._rests is not None:
            self._rests.require(self.forge)
        done = await self._remote.attempt(
            *words,
            cwd=self.folder,
            marker=self.marker,
            timeout_s=TRANSFER_S,
            more_env=self._env,
            settings=self._settings,
            is_operator=False,
        )
        if self._rests is not None:
            is_fault = not done.is_success and _is_down(done, self.forge)
            (self._rests.failed if is_fault else self._rests.answered)(self.forge)
        return done

    @property
    def name(self) -> str:
        """See `Outgoing`."""
        return self.forge.repository

    async def output(self, *words: str, stdin: bytes | None = None, timeout_s: float) -> bytes:
        """See `Outgoing`."""
        return await self.git.run(*words, cwd=self.folder, marker=self.marker, stdin=stdin, timeout_s=timeout_s)

    async def is_within(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`; a commit that is not here is in nothing."""
        words = ("merge-base", "--is-ancestor", old, new)
        return (await self.git.attempt(*words, cwd=self.folder)).is_success

    async def has(self, commit: str) -> bool:
        """Whether the commit is here, with its history as far as this repository has one."""
        return (await self.git.attempt("cat-file", "-e", f"{commit}^{{commit}}", cwd=self.folder)).is_success

    async def keep(self, prefix: str, commits: Mapping[str, str]) -> None:
        """Have a ref below `prefix` for each of these names, and no other."""
        words = ("for-each-ref", "--format=%(refname)", prefix)
        listed = (await self.git.line(*words, cwd=self.folder)).splitlines()
        orders = [f"update {prefix}{name} {commit}" for name, commit in commits.items()]
        orders += [f"delete {ref}" for ref in listed if ref.removeprefix(prefix) not in commits]
        if orders:
            stdin = "".join(f"{order}\n" for order in orders).encode()
            await self.git.run("update-ref", "--stdin", cwd=self.folder, marker=self.marker, stdin=stdin)

    async def tip(self, branch: str) -> str | None:
        """Where the branch is there; None where it is not."""
        ref = f"refs/heads/{branch}"
        listed = await self.attempt("ls-remote", "--heads", "--", self.forge.git_address, ref)
        if not listed.is_success:
            raise self.fault(listed, branch)
        lines = listed.stdout.decode("ascii", "replace").splitlines()
        return next((line.partition("\t")[0] for line in lines if line.partition("\t")[2] == ref), None)

    def fault(self, done: Completed, branch: str) -> ForgeFailed:
        """Why git was refused, in words with what to do."""
        return _fault(done, self.forge, branch)


async def _fetched_base(place: ForgeGit, request: PushRequest) -> str:
    """The ref at which the base of the forge is here now. Raises ForgeFailed."""
    ref = f"{_BASE}{place.marker}"
    unlock_ref(place.folder, ref, request.base_commit)
    spec = f"+refs/heads/{request.base}:{ref}"
    fetched = await place.attempt(*_FETCH, "--", place.forge.git_address, spec)
    if not fetched.is_success:
        if b"couldn't find remote ref" in fetched.stderr:
            name = place.forge.repository
            raise ForgeFailed("base", f"{name} has no branch {request.base}. Name one that is there as its base.")
        raise _fault(fetched, place.forge, request.branch)
    return ref


async def _ahead(place: ForgeGit, request: PushRequest, ref: str) -> int:
    return int(await place.git.line("rev-list", "--count", f"{request.base_commit}..{ref}", cwd=place.folder))


async def _change(place: ForgeGit, request: PushRequest) -> ProposedChange:
    """What the result proposes to the base as it is there.

    Raises ForgeFailed where the work started from commits that are not there: they would be published with it.
    """
    ref = await _fetched_base(place, request)
    if not await place.is_within(request.base_commit, ref):
        raise ForgeFailed(
            "base_ahead",
            f"{request.base} here has commits that {place.forge.repository} does not have, and they would be published"
            f" with the result. Push {request.base} first, then follow up.",
        )
    behind = await _ahead(place, request, ref)
    ends = {"base": ref, "commit": request.commit}
    change = await proposed_change(place.git, place.folder, **ends, behind=behind, marker=place.marker)
    await place.git.run("update-ref", "-d", ref, cwd=place.folder, marker=place.marker)
    return change


async def _push(place: ForgeGit, request: PushRequest) -> None:
    branch, commit = request.branch, request.commit
    pushed = f"{_PUSHED}{branch}"
    tip = await place.tip(branch)
    if tip != commit:
        if tip is not None and await place.is_within(commit, tip):
            words = f"{branch} has a later result there, which stays. Go on from the newest run."
            raise ForgeFailed("followed", f"{place.forge.repository}: {words}")
        last = await place.git.commit_of(pushed, cwd=place.folder)
        if tip is not None and tip != last and not await place.is_within(tip, commit):
            words = f"others moved {branch} there, so it was left as it is. Follow up, or delete it there."
            raise ForgeFailed("foreign", f"{place.forge.repository}: {words}")
        lease = f"--force-with-lease=refs/heads/{branch}:{tip or ''}"
        words = ("push", "--quiet", "--no-verify", "--no-recurse-submodules", "--no-signed", lease)
        done = await place.attempt(*words, "--", place.forge.git_address, f"{commit}:refs/heads/{branch}")
        # A connection that is cut after the push took effect leaves the branch where it was to be.
        if not done.is_success and await place.tip(branch) != commit:
            raise _fault(done, place.forge, branch)
    unlock_ref(place.folder, pushed, commit)
    await place.git.run("update-ref", pushed, commit, cwd=place.folder, marker=place.marker)


def _fault(done: Completed, forge: ForgeSpec, branch: str) -> ForgeFailed:
    text = done.stderr.decode("utf-8", "replace")
    reason = next((line.removeprefix("remote:").strip() for line in text.splitlines() if _is_reason(line)), "")
    for fault, marks, words in _WHY:
        if any(mark in text.lower() for mark in marks):
            if fault == "secrets":
                reason = secret_words(text, forge.web_address) or _NO_DETAIL
                return ForgeFailed(fault, f"{forge.repository}: {words.format(reason=reason)}")
            line = cut(clean(reason), _LINE) or "see its rules."
            sentence = words.format(branch=branch, reason=line, rights=forge.rights.push, let_in=forge.rights.let_in)
            return ForgeFailed(fault, f"{forge.repository}: {sentence}")
    return ForgeFailed("unreachable", f"{forge.repository}: {why_not_reached(done)}")


def _is_down(done: Completed, forge: ForgeSpec) -> bool:
    """Whether the forge did not answer; that a ref is not there, and every refusal, are answers."""
    is_answer = b"remote ref" in done.stderr or b"not our ref" in done.stderr
    return not is_answer and _fault(done, forge, "").fault == "unreachable"


def _is_reason(line: str) -> bool:
    """Whether a line is the forge's own about why; its empty and drawn ones are not."""
    text = line.removeprefix("remote:").strip()
    is_theirs = line.startswith("remote:") or "[remote rejected]" in line
    return is_theirs and any(letter.isalpha() for letter in text) and not text.lower().startswith("resolving")
