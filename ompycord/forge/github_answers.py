"""What is read of GitHub's answers; everything else of them is ignored."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Branch", "Complaint", "ComplaintDetail", "Owner", "Pull", "Repository", "User"]


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
    repo: RepositoryId | None = None


class Pull(_Read):
    """A pull request."""

    number: int
    html_url: str
    state: str
    draft: bool = False
    body: str | None = None
    user: User | None = None
    head: Branch
    base: Branch


class ComplaintDetail(_Read):
    """One reason of a refusal."""

    field: str | None = None
    code: str | None = None
    message: str | None = None


class Complaint(_Read):
    """A refusal."""

    message: str = ""
    errors: tuple[ComplaintDetail | str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Its sentences, the general one first."""
        details = (one if isinstance(one, str) else one.message or "" for one in self.errors)
        return tuple(text for text in (self.message, *details) if text)
