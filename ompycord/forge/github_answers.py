"""What is read of GitHub's answers; everything else of them is ignored."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator

from ompycord.errors import ForgeUnanswered

__all__ = [
    "Assigned",
    "Branch",
    "Complaint",
    "ComplaintDetail",
    "GraphAnswer",
    "GraphError",
    "Owner",
    "Pull",
    "Repository",
    "SummaryComment",
    "User",
    "read_as",
    "read_many",
    "strange",
]

M = TypeVar("M", bound=BaseModel)
_LIST = TypeAdapter(list[object])


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class User(_Read):
    """An account."""

    id: int
    login: str


class Owner(_Read):
    """What a token may do, as its owner: a fine-grained token may do less."""

    push: bool = False


class Repository(_Read):
    """A repository."""

    id: int
    full_name: str
    default_branch: str = "main"
    archived: bool = False
    permissions: Owner = Owner()


class RepositoryId(_Read):
    """Which repository a branch is in."""

    id: int


class Branch(_Read):
    """One end of a pull request; its repository is gone where that was deleted."""

    ref: str
    sha: str = ""
    repo: RepositoryId | None = None


class Pull(_Read):
    """A pull request."""

    number: int
    node_id: str = ""
    """Its name in GraphQL."""
    html_url: str
    state: str
    draft: bool = False
    merged_at: str | None = None
    title: str = ""
    body: str | None = None
    user: User | None = None
    head: Branch
    base: Branch


class SummaryComment(_Read):
    """A comment in the conversation of an issue or a pull request."""

    id: int
    issue_url: str = ""
    pull_request_url: str = ""
    """One of both ends with the number of what it belongs to; GitHub has the first one alone."""
    body: str | None = None
    user: User | None = None

    def is_of(self, number: int) -> bool:
        """Whether it belongs to the issue or pull request of this number."""
        return (self.pull_request_url or self.issue_url).endswith(f"/{number}")


class Assigned(_Read):
    """An issue or a pull request with those to whom it is assigned."""

    assignees: tuple[User, ...] = ()


class GraphError(_Read):
    """What GraphQL refused; its status is 200 all the same."""

    type: str = ""
    message: str = ""


class GraphAnswer(_Read):
    """An answer of GraphQL, as far as only its errors matter."""

    errors: tuple[GraphError, ...] = ()


class ComplaintDetail(_Read):
    """One reason of a refusal."""

    field: str | None = None
    code: str | None = None
    message: str | None = None


class Complaint(_Read):
    """A refusal."""

    message: str = ""
    errors: tuple[ComplaintDetail | str, ...] = ()

    @field_validator("errors", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return () if value is None else value

    @property
    def words(self) -> tuple[str, ...]:
        """Its sentences, the general one first."""
        details = (one if isinstance(one, str) else one.message or "" for one in self.errors)
        return tuple(text for text in (self.message, *details) if text)


def read_as(model: type[M], body: bytes) -> M:
    """The answer as one of the shapes that are read. Raises ForgeUnanswered where another program answered."""
    try:
        return model.model_validate_json(body)
    except ValidationError:
        raise strange() from None


def read_many(model: type[M], body: bytes) -> tuple[M, ...]:
    """The same of a list."""
    try:
        return tuple(model.model_validate(one) for one in _LIST.validate_json(body))
    except ValidationError:
        raise strange() from None


def strange() -> ForgeUnanswered:
    """For an answer that is not the forge's."""
    return ForgeUnanswered("strange", "The answer is not the forge's. Check forge.kind, forge.api and the proxy.")
