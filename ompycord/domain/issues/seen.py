"""An issue as a forge shows it."""

from ompycord.domain.base import Frozen

__all__ = ["IssueComment", "SeenIssue"]


class IssueComment(Frozen):
    """A comment below it."""

    id: int
    login: str
    text: str
    edited_at: str
    """When it was written or edited last, as the forge writes it: only compared."""


class SeenIssue(Frozen):
    """An issue with all that was written below it, oldest first."""

    number: int
    url: str
    title: str
    text: str
    login: str
    newest: str = ""
    """The forge's time of its last change that is no comment, where it says so."""
    is_pull_request: bool = False
    comments: tuple[IssueComment, ...] = ()
