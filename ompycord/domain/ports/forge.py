"""What publishing needs of a forge: to look at a repository, to find, open and decorate pull requests.

Each call has its class: *safe to repeat*, or *probed before it is repeated*, since what it makes would be there twice.
Every method raises ForgeFailed.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import Field

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.events import ChangedFile
from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec

__all__ = [
    "BaseMoves",
    "BaseThere",
    "BranchPushes",
    "CommitStatus",
    "ForgeAccess",
    "ForgeMarks",
    "ForgePort",
    "ForgeRests",
    "OpenedPullRequest",
    "ProposedChange",
    "ProposedPullRequest",
    "PullRequestState",
    "PushRequest",
    "PutOnBase",
]


class ForgeAccess(Frozen):
    """What the token may do in a repository."""

    login: str
    """Whose token it is."""
    repository: str
    """`owner/name` as the forge has it now: after a renaming not what was asked for."""
    default_branch: str
    may_push: bool
    is_archived: bool
    expires_at: Millis | None = None
    """When the token ends; None where it does not, or the forge does not say."""
    missing: tuple[str, ...] = ()
    """Permissions that publishing needs and the forge says that it does not have, in the forge's own words."""
    wants_signatures: bool = False
    """Whether a rule lets only commits with a verified signature onto the branch: ours have none."""


class OpenedPullRequest(Frozen):
    """A pull request as the forge has it."""

    number: int
    url: str
    is_draft: bool
    is_adopted: bool = False
    """Whether it was there already."""


class ProposedPullRequest(Frozen):
    """One that is to be opened."""

    head: str
    """The branch of the result, in the same repository."""
    base: str
    title: str
    body: str
    marker: str
    """Stands in the body, and tells ours from others of the same branch."""
    is_draft: bool


class PullRequestState(Frozen):
    """A pull request as it stands on the forge, with what people made of it."""

    number: int
    url: str
    state: Literal["open", "closed", "merged"]
    is_draft: bool
    title: str
    body: str
    head: str
    """The branch that is proposed."""
    head_commit: str
    """Its tip, as the forge shows it."""
    base: str
    """The branch into which it is proposed now."""


class CommitStatus(Frozen):
    """A mark at a commit, which a forge shows at every pull request of it."""

    context: str
    """Its name; the newest one of a name counts."""
    state: Literal["success", "failure", "pending", "error"]
    description: str
    """At most 140 characters, the verdict first."""
    url: str | None = None
    """What the mark links to."""


class ForgeMarks(Protocol):
    """What decorates a pull request. None of it makes or unmakes the publication."""

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """Put labels on it; those that could not be put. None is made there. Safe to repeat."""
        ...

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """Ask people and teams for a review; those who could not be asked. Safe to repeat."""
        ...

    async def assign(self, number: int, people: Sequence[str]) -> Sequence[str]:
        """Assign it to people; those who could not be. Safe to repeat."""
        ...

    async def set_status(self, commit: str, status: CommitStatus) -> None:
        """Put a mark at a commit. Safe to repeat."""
        ...

    async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int:
        """Have our one comment with `marker` say `text`; its number. Probed before it is repeated.

        `known` is its number as far as it is known. Another's comment is never ours, whatever it says.
        """
        ...


class ForgePort(Protocol):
    """One repository on a forge."""

    @property
    def marks(self) -> ForgeMarks:
        """What decorates its pull requests."""
        ...

    @property
    def refused_paths(self) -> tuple[str, ...]:
        """Where the credential may change nothing, as far as the forge says so before a push."""
        ...

    async def examine(self, *, branch: str = "") -> ForgeAccess:
        """Look at the repository, at what the token may do there, and at the rules of such a branch. Safe to repeat."""
        ...

    async def newest(self, *, head: str, marker: str) -> PullRequestState | None:
        """The newest pull request that we opened of this branch in this repository, ended ones too. Safe to repeat."""
        ...

    async def open(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        """Open one, or adopt ours where it is there already. Probed before it is repeated."""
        ...

    async def pull_request(self, number: int) -> PullRequestState:
        """One by its number, as it stands now. Safe to repeat."""
        ...

    async def edit_body(self, number: int, body: str) -> None:
        """Write its body; its title stays. Safe to repeat."""
        ...

    async def mark_ready(self, number: int) -> None:
        """Make a draft one that asks for review. Safe to repeat."""
        ...


class PushRequest(Frozen):
    """A commit that goes to a branch of a forge."""

    branch: str
    commit: str
    base: str
    """The branch into which it is proposed."""
    base_commit: str
    """The commit of it from which the work started."""
    refused_paths: tuple[str, ...] = ()
    """Where the credential may change nothing, as the forge said."""


class ProposedChange(Frozen):
    """What a branch of a forge proposes after a push, compared with the commit at which it left its base."""

    behind: int
    """Commits that the base has there beyond the one from which the work started."""
    files: tuple[ChangedFile, ...] = ()
    """The first of them by path."""
    total: int = 0
    names: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    """Names that others use and of which a line was changed, by path."""


class BaseThere(Frozen):
    """The base as its forge has it now."""

    commit: str
    ahead: int
    """Commits that it has beyond the one from which the work started."""


class PutOnBase(Frozen):
    """What came of putting a result on another base."""

    commit: str | None
    """The result there; None where it could not be put there."""
    conflicts: tuple[str, ...] = ()
    """Paths that both changed; empty where it is no conflict that keeps it from being done."""


class ForgeRests(Protocol):
    """Which forges rest, since they failed; git's own traffic counts as every other request."""

    def require(self, spec: ForgeSpec) -> None:
        """Raises ForgeNotNow while the forge rests."""
        ...

    def answered(self, spec: ForgeSpec) -> None:
        """It answered, were it with a refusal."""
        ...

    def failed(self, spec: ForgeSpec) -> None:
        """It did not answer, or with an error of its own."""
        ...


class BaseMoves(Protocol):
    """Puts results on a base that has moved, without running anything of theirs."""

    async def put_on(self, run: RunId, *, onto: str) -> PutOnBase:
        """The run's result on top of this commit, which verification and publication see from then on. Idempotent.

        Raises WorkspaceError.
        """
        ...


class BranchPushes(Protocol):
    """Pushes results from repositories here to their forges. The token is in no argument and no address."""

    async def base(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> BaseThere | None:
        """Fetch the base; None where the work started from commits that are not there. Raises ForgeFailed."""
        ...

    async def follow(self, run: RunId, repository: RepositorySpec, branch: str) -> None:
        """Bring here what others put on top of a branch of ours there, so that a run can build on it. Idempotent.

        A branch that went another way there stays as it is here. Raises ForgeFailed.
        """
        ...

    async def push(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> ProposedChange:
        """Put the commit on the branch there; what the branch proposes then. Idempotent.

        What others put on the branch is never replaced. Raises ForgeFailed.
        """
        ...
