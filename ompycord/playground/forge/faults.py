"""Answers of the forge that come before, or instead of, its own: planned one by one, or by a button of its page."""

from dataclasses import dataclass, field
from typing import Any, Final

from ompycord.playground.rules.documents import Json


@dataclass(kw_only=False)
class ForgeFault:
    """What the next request to a path answers instead; `after` lets it take effect first."""

    method: str
    """`*` is any."""
    ends: str
    """How the path ends."""
    status: int = 502
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    after: bool = False
    cuts: bool = False
    """The connection is cut and nothing is answered."""
    halves: bool = False
    """The connection is cut in the middle of the answer."""
    seconds: float = 0.0
    """It answers that much later."""
    times: int = 1
    git: str = ""
    """Of a push: what git's `pre-receive` hook prints, which refuses it."""

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and path.endswith(self.ends)

    def answer(self) -> Any:
        """What is answered where its body is left out."""
        return self.body if self.body is not None else {"message": "Bad gateway"}


class Faults(list[ForgeFault]):
    """The planned ones, in their order."""

    def take(self, method: str, path: str) -> ForgeFault | None:
        """The one that this request meets, counted."""
        found = next((one for one in self if one.fits(method, path)), None)
        if found is not None:
            found.times -= 1
            if found.times < 1:
                self.remove(found)
        return found


SECONDARY: Final = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PROTECTED: Final = (
    "error: GH006: Protected branch update failed for {ref}.\nerror: Changes must be made through a pull request."
)
RULES: Final = "error: GH013: Repository rule violations found for {ref}.\n\n- Commits must have verified signatures."
SECRETS: Final = (
    "error: GH013: Repository rule violations found for {ref}.\n\n- GITHUB PUSH PROTECTION\n"
    "  Push cannot contain secrets"
)

BUTTONS: Final[dict[str, tuple[str, list[Json]]]] = {
    "outage": ("The next six answers are 502", [{"method": "*", "ends": "", "times": 6}]),
    "limit": (
        "The next request meets a limit of requests for five seconds",
        [{"method": "*", "ends": "", "status": 403, "body": {"message": SECONDARY}, "headers": {"Retry-After": "5"}}],
    ),
    "lost": (
        "The next pull request opens, and its answer is lost",
        [{"method": "POST", "ends": "/pulls", "after": True, "cuts": True}],
    ),
    "protected": (
        "The next push meets a protected branch",
        [{"method": "POST", "ends": "/git-receive-pack", "git": PROTECTED}],
    ),
    "secrets": (
        "The next push meets push protection",
        [{"method": "POST", "ends": "/git-receive-pack", "git": SECRETS}],
    ),
    "cut": ("The next push is cut off", [{"method": "POST", "ends": "/git-receive-pack", "cuts": True}]),
    "slow": ("The next three answers take five seconds", [{"method": "*", "ends": "", "seconds": 5.0, "times": 3}]),
}
"""The page's buttons: what each does, in words and as faults. States that last, as archived, are switches."""


def of(given: Json) -> ForgeFault:
    """One from JSON. Raises TypeError for a field that there is not."""
    return ForgeFault(**given)
