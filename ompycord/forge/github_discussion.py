"""What is read of GitHub's answers about pull requests that are open already, and what it means; pure.

Counterpart of `github_following.py`, which asks. What is read of their checks is in `github_checks.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from ompycord.domain.base import Millis
from ompycord.domain.issues.seen import IssueComment, SeenIssue
from ompycord.domain.pull_requests.seen import SeenComment, SeenPull, SeenReview, SeenThread
from ompycord.forge.github_answers import User

__all__ = [
    "Comment",
    "CommentAuthor",
    "FullPull",
    "Issue",
    "Resolutions",
    "Review",
    "comment_of",
    "issue_of",
    "millis",
    "pull_of",
    "review_of",
    "threads_of",
    "unread_of",
    "words_of",
]

_VERDICTS: Final[Mapping[str, Literal["approved", "refused", "commented", "dismissed"]]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "refused",
    "DISMISSED": "dismissed",
}


_MEMBERS: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class CommentAuthor(User):
    """An account, with what it is."""

    type: str = "User"

    @property
    def is_program(self) -> bool:
        """Whether it is no person: GitHub says so, and accounts of Gitea's own have no number above 0."""
        return self.type != "User" or self.id <= 0


class _Head(_Read):
    ref: str
    sha: str


class FullPull(_Read):
    """A pull request, of a list or by itself."""

    number: int
    html_url: str
    state: str
    draft: bool = False
    head: _Head
    base: _Head
    updated_at: str
    merged_at: str | None = None
    merged_by: User | None = None


class Comment(_Read):
    """A comment of any kind."""

    id: int
    user: CommentAuthor | None = None
    body: str | None = ""
    created_at: datetime | None = None
    updated_at: str = ""
    html_url: str = ""
    author_association: str = ""
    path: str = ""
    line: int | None = None
    original_line: int | None = None
    position: int | None = None
    in_reply_to_id: int | None = None


class Issue(_Read):
    """An issue; pull requests are issues, too."""

    number: int
    html_url: str
    title: str
    body: str | None = ""
    user: CommentAuthor | None = None
    updated_at: str = ""
    pull_request: dict[str, Any] | None = None


class Review(_Read):
    """A review: its verdict, and its words where it has any."""

    id: int
    user: CommentAuthor | None = None
    state: str
    commit_id: str | None = None
    submitted_at: datetime | None = None
    body: str | None = ""
    html_url: str = ""
    author_association: str = ""


class _Node(_Read):
    database_id: Annotated[int | None, Field(alias="databaseId")] = None


class _Nodes(_Read):
    nodes: tuple[_Node, ...] = ()


class _Thread(_Read):
    is_resolved: Annotated[bool, Field(alias="isResolved")] = False
    is_outdated: Annotated[bool, Field(alias="isOutdated")] = False
    comments: _Nodes = _Nodes()


class _Threads(_Read):
    nodes: tuple[_Thread, ...] = ()


class _PullNode(_Read):
    review_threads: Annotated[_Threads, Field(alias="reviewThreads")] = _Threads()


class _RepositoryNode(_Read):
    pull_request: Annotated[_PullNode | None, Field(alias="pullRequest")] = None


class _Data(_Read):
    repository: _RepositoryNode | None = None


class Collaborator(_Read):
    """What an account may do in a repository."""

    permission: str = "none"


class Resolutions(_Read):
    """Which threads are resolved, as GraphQL alone tells."""

    data: _Data | None = None

    def by_first_comment(self) -> dict[int, tuple[bool, bool]]:
        """Resolved and outdated, by the number of a thread's first comment."""
        pull = self.data.repository.pull_request if self.data and self.data.repository else None
        found: dict[int, tuple[bool, bool]] = {}
        for thread in pull.review_threads.nodes if pull is not None else ():
            first = next(iter(thread.comments.nodes), None)
            if first is not None and first.database_id is not None:
                found[first.database_id] = thread.is_resolved, thread.is_outdated
        return found


def pull_of(pull: FullPull) -> SeenPull:
    """A pull request in our form."""
    return SeenPull(
        number=pull.number,
        url=pull.html_url,
        state="merged" if pull.merged_at else "open" if pull.state == "open" else "closed",
        is_draft=pull.draft,
        branch=pull.head.ref,
        commit=pull.head.sha,
        base=pull.base.ref,
        base_commit=pull.base.sha,
        updated_at=pull.updated_at,
        merged_by=pull.merged_by.login if pull.merged_by is not None else None,
    )


def comment_of(comment: Comment, kind: Literal["comment", "review", "line"]) -> SeenComment:
    """A comment in our form. That of an account which is gone is a bot's: it starts nothing."""
    user = comment.user
    return SeenComment(
        id=comment.id,
        kind=kind,
        login=user.login if user is not None else "ghost",
        author=user.id if user is not None else 0,
        is_bot=user is None or user.is_program,
        text=comment.body or "",
        at=millis(comment.created_at),
        url=comment.html_url,
        association=comment.author_association,
    )


def issue_of(issue: Issue, comments: Sequence[Comment]) -> SeenIssue:
    """An issue in our form."""
    return SeenIssue(
        number=issue.number,
        url=issue.html_url,
        title=issue.title,
        text=issue.body or "",
        login=issue.user.login if issue.user is not None else "ghost",
        newest=issue.updated_at,
        is_pull_request=issue.pull_request is not None,
        comments=tuple(
            IssueComment(
                id=one.id,
                login=one.user.login if one.user is not None else "ghost",
                text=one.body or "",
                edited_at=one.updated_at,
            )
            for one in comments
        ),
    )


def review_of(review: Review) -> SeenReview:
    """A review's verdict in our form."""
    user = review.user
    return SeenReview(
        id=review.id,
        login=user.login if user is not None else "ghost",
        author=user.id if user is not None else 0,
        is_bot=user is None or user.is_program,
        verdict=_VERDICTS.get(review.state, "commented"),
        commit=review.commit_id,
        at=millis(review.submitted_at),
        is_member=review.author_association in _MEMBERS,
    )


def unread_of(cut: Sequence[str]) -> str:
    """A sentence about lists that are longer than what is read of them."""
    return f"Too much is written there: only {', '.join(cut)} are read. Look at the rest there." if cut else ""


def words_of(review: Review) -> SeenComment:
    """The text of a review in our form."""
    comment = Comment(
        id=review.id,
        user=review.user,
        body=review.body,
        created_at=review.submitted_at,
        html_url=review.html_url,
        author_association=review.author_association,
    )
    return comment_of(comment, "review")


def threads_of(comments: Sequence[Comment], known: Mapping[int, tuple[bool, bool]]) -> tuple[SeenThread, ...]:
    """Comments at lines by the place at which they began. Where `known` lacks a thread, its lines say if it is old."""
    begun = {one.id: [one] for one in comments if one.in_reply_to_id is None}
    for one in comments:
        if one.in_reply_to_id is not None:
            begun.setdefault(one.in_reply_to_id, []).append(one)
    threads: list[SeenThread] = []
    for number, replies in begun.items():
        first = replies[0]
        is_resolved, is_outdated = known.get(number, (False, first.line is None and first.position is None))
        threads.append(
            SeenThread(
                id=number,
                path=first.path,
                line=first.line,
                is_resolved=is_resolved,
                is_outdated=is_outdated,
                comments=tuple(comment_of(one, "line") for one in replies),
            )
        )
    return tuple(threads)


def millis(at: datetime | None) -> Millis:
    """A time of a forge in milliseconds; 0 where it has none."""
    return max(0, int(at.timestamp() * 1000)) if at is not None else 0
