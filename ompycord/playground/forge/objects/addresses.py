"""Where things of the forge are: the addresses in its answers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

API: Final = "/api/v3"
"""Where GitHub Enterprise has its REST interface; what is before it is the address of its pages and of git."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """`web` is the address before `owner/name`, without a slash at its end."""

    web: str

    @property
    def api(self) -> str:
        """The address of the REST interface."""
        return f"{self.web}{API}"

    def repository(self, full_name: str) -> str:
        """The repository in the REST interface."""
        return f"{self.api}/repos/{full_name}"

    def page(self, full_name: str, number: int) -> str:
        """The page of a pull request."""
        return f"{self.web}/{full_name}/pull/{number}"

    def file(self, full_name: str, commit: str, path: str) -> str:
        """The page of a file."""
        return f"{self.web}/{full_name}/blob/{commit}/{quote(path)}"


def moment(seconds: float) -> str:
    """A time as GitHub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
