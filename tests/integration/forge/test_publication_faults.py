"""Sixty ways in which each forge fails a publication, with real git, over real connections: push, then pull request.

Each ends in its documented state, in words that say what to do; and when it is done again, nothing is there twice.
"""

import os
import shutil
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import ProposedPullRequest, PushRequest
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed
from ompycord.forge.gitea.proposing import Gitea
from ompycord.forge.github import GitHub
from ompycord.playground.forge.faults import PROTECTED, RULES, SECONDARY, SECRETS
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from tests.integration.forge.conftest import HastyClock
from tests.support.forge_double import TOKEN, Fault, ForgeDouble, forge_double
from tests.support.forge_options import forge_options
from tests.support.patience import patient
from tests.support.verified_run import make_repository

pytestmark = [pytest.mark.posix, pytest.mark.long]

BRANCH = "ompycord/fix-7f3k2m"
MARKER = "<!-- ompycord:run=01JD0000000000000000000001 -->"
WHO = ("-c", "user.name=a", "-c", "user.email=a@b.example")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    return done.stdout.decode().strip()


def _kept(forge: ForgeSpec) -> AbstractAsyncContextManager[Path]:
    assert forge.token_file is not None
    return nullcontext(Path(forge.token_file))


class Place:
    """A repository here with a result on top of `main`, its forge, and what publishes."""

    def __init__(self, folder: Path, forge: ForgeDouble, port: GitHub | Gitea, spec: ForgeSpec) -> None:
        self.forge = forge
        self.shop = folder / "shop"
        self._port = port
        self._spec = RepositorySpec(name="shop", path=self.shop, forge=spec)
        self._pushes = ForgePushes(repositories=folder / "caches", git=Git(path=os.environ["PATH"]), token_file=_kept)
        self.base = git(self.shop, "rev-parse", "main")
        self.commit = self.result("a result", "main")
        self.request = PushRequest(branch=BRANCH, commit=self.commit, base="main", base_commit=self.base)

    def result(self, words: str, parent: str) -> str:
        """A commit here, on no branch."""
        tree = git(self.shop, "rev-parse", f"{parent}^{{tree}}")
        return git(self.shop, *WHO, "commit-tree", "-p", parent, "-m", words, tree)

    def there(self, branch: str, words: str, parent: str) -> None:
        """A commit of others on a branch there."""
        git(self.shop, "push", "-q", "-f", str(self.forge.git), f"{self.result(words, parent)}:refs/heads/{branch}")

    async def publish(self) -> int:
        """Push and open; how far the base is ahead there."""
        run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        pushed = await self._pushes.push(run, self._spec, self.request)
        head, base = self.request.branch, self.request.base
        body = f"{MARKER}\nIt adds."
        await self._port.open(
            ProposedPullRequest(head=head, base=base, title="Fix", body=body, marker=MARKER, is_draft=True)
        )
        return pushed.behind


class Case(NamedTuple):
    """What is wrong, how it ends (`published`, or the fault), and what the words have in them."""

    name: str
    arrange: Callable[[Place], None]
    end: str
    words: str = ""
    is_lasting: bool = False
    """Whether nothing but a person, or another setting, lets it go on: it is not done again."""


def planned(*faults: Fault) -> Callable[[Place], None]:
    return lambda place: place.forge.faults.extend(replace(one) for one in faults)  # each counts for itself


def answered(status: int, message: str = "", times: int = 1, **headers: str) -> Callable[[Place], None]:
    """What a request for a pull request is answered, without an effect."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return planned(Fault("POST", "/pulls", status, {"message": message}, named, times=times))


def field(name: str) -> Callable[[Place], None]:
    errors = [{"resource": "PullRequest", "field": name, "code": "invalid"}]
    return planned(Fault("POST", "/pulls", 422, {"message": "Validation Failed", "errors": errors}))


def listed(status: int, path: str = "/info/refs", **more: Any) -> Callable[[Place], None]:
    return planned(Fault("GET", path, status, **more))


def pushed(status: int = 502, **more: Any) -> Callable[[Place], None]:
    """What a pack is answered."""
    return planned(Fault("POST", "/git-receive-pack", status, **more))


def hooked(words: str) -> Callable[[Place], None]:
    return planned(Fault("POST", "/git-receive-pack", git=words))


def switched(**fields: object) -> Callable[[Place], None]:
    def arrange(place: Place) -> None:
        place.forge.forge.set_up("acme/shop", **fields)

    return arrange


def refused(place: Place) -> None:
    place.forge.forge.credentials.is_refused = True


def moved(place: Place) -> None:
    place.there("main", "by others", "main")


def moved_and_half(place: Place) -> None:
    """The base moved there, and of what git fetches half arrives."""
    (place.shop / "more").write_bytes(os.urandom(200_000))
    git(place.shop, "checkout", "-q", "--detach")
    git(place.shop, "add", "more")
    git(place.shop, *WHO, "commit", "-q", "-m", "more")
    made = git(place.shop, "rev-parse", "HEAD")
    git(place.shop, "push", "-q", str(place.forge.git), f"{made}:refs/heads/main")
    git(place.shop, "checkout", "-q", "main")
    git(place.shop, "reflog", "expire", "--expire=now", "--all")
    git(place.shop, "prune", "--expire=now", place.commit)
    # `ls-refs` of protocol 2 is a POST, too: the second one carries the pack.
    place.forge.faults.append(Fault("POST", "/git-upload-pack", seconds=0.01))
    place.forge.faults.append(Fault("POST", "/git-upload-pack", halves=True))


def foreign(place: Place) -> None:
    place.there(BRANCH, "by a person", "main")


def empty(place: Place) -> None:
    git(place.forge.git, "update-ref", "-d", "refs/heads/main")


def ahead(place: Place) -> None:
    place.base = place.result("not pushed", "main")
    commit = place.result("on top", place.base)
    place.request = place.request.model_copy(update={"commit": commit, "base_commit": place.base})


def in_the_way(place: Place) -> None:
    git(place.forge.git, "update-ref", "refs/heads/ompycord", "main")


def renamed(place: Place) -> None:
    place.forge.forge.rename("acme/shop", "acme/store")
    place.forge.git = place.forge.forge.path_of("acme/store")


def not_ours(place: Place) -> None:
    place.there(BRANCH, "x", "main")
    git(place.forge.git, "update-ref", f"refs/heads/{BRANCH}", git(place.forge.git, "rev-parse", "main"))
    wanted = {"title": "t", "body": "by hand", "head": BRANCH, "base": "main"}
    place.forge.add(wanted, by="somebody", number=5)


def other_base(place: Place) -> None:
    place.request = place.request.model_copy(update={"base": "trunk"})


def elsewhere(place: Place) -> None:
    headers = {"Location": "https://elsewhere.example/x"}
    place.forge.faults.append(Fault("POST", "/pulls", 307, {"message": "Temporary Redirect"}, headers))


def same_host(place: Place) -> None:
    headers = {"Location": f"{place.forge.settings['api']}/repos/acme/shop/pulls"}
    place.forge.faults.append(Fault("POST", "/pulls", 307, {"message": "Temporary Redirect"}, headers))


NOT_FOUND = "select"
CASES = [
    # what the token may
    Case("the token is refused from the start", refused, "authentication", "make a new one"),
    Case("the token ends in mid-push", pushed(401, times=2), "authentication", "make a new one"),
    Case("the token ends after the push", listed(401, "/user"), "authentication", "make a new one"),
    Case("the token ends before the request", answered(401, "Bad credentials"), "authentication", "make a new one"),
    Case("it may not push", switched(may_push=False), "permission", "Give it Contents", is_lasting=True),
    Case("it may not push, said with the pack", pushed(403, body="Permission to acme/shop denied"), "permission",
         "Give it Contents"),
    Case("it may open none", answered(403, "Resource not accessible by personal access token"), "permission",
         "Give it Contents and Pull requests"),
    Case("the permission that lacks is named", answered(403, "Resource not accessible",
         X_Accepted_GitHub_Permissions="pull_requests=write"), "permission", "It needs pull_requests=write."),
    Case("SSO", answered(403, "Resource protected by organization SAML enforcement.", X_GitHub_SSO="required"), "sso",
         "authorised for SSO"),
    Case("an address that is not allowed", answered(403, "Although you appear to have the correct authorization"
         " credentials, the organization has an IP allow list enabled"), "allow_list", "does not allow this machine"),
    # the repository
    Case("archived", switched(archived=True), "archived", "Unarchive it", is_lasting=True),
    Case("archived between push and request", answered(403, "Repository was archived so is read-only."), "archived",
         "Unarchive it"),
    Case("renamed", renamed, "moved", "Set forge.repository to its new name", is_lasting=True),
    Case("renamed, answered with its new place here", same_host, "published"),
    Case("moved to another host", elsewhere, "moved", "Set forge.repository to its new name"),
    Case("git does not see it", listed(404), "not_found", NOT_FOUND),
    Case("the interface does not see it", answered(404, "Not Found"), "not_found", NOT_FOUND),
    Case("it has been deleted", answered(410, "Gone"), "not_found", NOT_FOUND),
    Case("blocked by law", answered(451, "Repository access blocked"), "refused", "Retry later"),
    Case("no commits there yet", empty, "base", "Name one that is there", is_lasting=True),
    Case("no such base", other_base, "base", "Name one that is there", is_lasting=True),
    # branches
    Case("others moved the branch", foreign, "foreign", "Follow up, or delete it there", is_lasting=True),
    Case("the base moved", moved, "published"),
    Case("the base here is ahead of it", ahead, "base_ahead", "Push main first", is_lasting=True),
    Case("a branch is in the way", in_the_way, "name", "Set another branch_prefix", is_lasting=True),
    Case("protected", hooked(PROTECTED), "protected", "Set another branch_prefix"),
    Case("a rule set", hooked(RULES), "rules", "GH013"),
    Case("push protection", hooked(SECRETS), "secrets", "let a person allow it"),
    Case("a workflow file", hooked("refusing to allow a Personal Access Token to create or update workflow"
         " .github/workflows/ci.yml without workflow scope"), "workflow", "Give it Workflows"),
    Case("a file that is too large", hooked("error: GH001: Large files detected."), "size", "GH001"),
    Case("a hook of their own", hooked("No pushes on Fridays"), "declined", "No pushes on Fridays"),
    # the request
    Case("no such head", field("head"), "head", ""),
    Case("the base is gone", field("base"), "base", "has no branch main"),
    Case("nothing to propose", answered(422, "No commits between main and x"), "no_commits", "nothing to propose"),
    Case("no drafts there", switched(has_drafts=False), "no_drafts", "by hand", is_lasting=True),
    Case("one that is not ours", not_ours, "exists", "already that is not ours", is_lasting=True),
    Case("422 that is new", answered(422, "Something new"), "invalid", "Something new"),
    Case("400", answered(400, "Problems parsing JSON"), "refused", "Retry later"),
    # limits
    Case("secondary limit with a time", answered(403, SECONDARY, Retry_After="7"), "published"),
    Case("secondary limit without one", answered(403, SECONDARY), "published"),
    Case("429", answered(429, "Too many", Retry_After="7"), "published"),
    Case("the hour is spent", answered(403, "API rate limit exceeded", X_RateLimit_Remaining="0",
         X_RateLimit_Reset="1760000009"), "published"),
    Case("a limit for half an hour", answered(429, "Too many", Retry_After="1800"), "limited", "for 30 minutes"),
    Case("the limit meets a read", listed(429, "/user", body={"message": "x"}, headers={"Retry-After": "3"}),
         "published"),
    # servers and lines
    *(Case(f"{status} once", answered(status), "published") for status in (500, 502, 503, 504)),
    *(Case(f"{status} once, after it took effect", planned(Fault("POST", "/pulls", status, after=True)), "published")
      for status in (500, 502, 504)),
    Case("502 for ever", answered(502, times=9), "unavailable", "Retry later"),
    Case("503 for every read", listed(503, "/user", times=9), "unavailable", "Retry later"),
    Case("502 for a read", listed(502, "/pulls"), "published"),
    Case("cut before the answer", planned(Fault("POST", "/pulls", cuts=True)), "published"),
    Case("cut after it took effect", planned(Fault("POST", "/pulls", after=True, cuts=True)), "published"),
    Case("half an answer", planned(Fault("POST", "/pulls", 201, {"number": 1, "html_url": "https://x.example"},
         after=True, halves=True)), "published"),
    Case("another program answers", planned(Fault("POST", "/pulls", 200, "<html>", after=True)), "published"),
    Case("a slow interface", planned(Fault("POST", "/pulls", seconds=0.05)), "published"),
    Case("git's server fails", listed(500), "unreachable", "Try"),
    Case("git's server is away", listed(503), "unreachable", "Try"),
    Case("git's line is cut", listed(502, cuts=True), "unreachable", "Try"),
    Case("the pack meets 500", pushed(500), "unreachable", "Try"),
    Case("the pack is cut once", pushed(cuts=True), "published"),
    Case("the pack is cut again and again", pushed(cuts=True, times=9), "unreachable", "Try"),
    Case("the pack took effect, its answer is lost", pushed(after=True, cuts=True), "published"),
    Case("the pack took effect, half an answer came", pushed(halves=True), "published"),
    Case("half a pack arrives here", moved_and_half, "unreachable", "Try"),
    Case("a slow git", pushed(seconds=0.05), "published"),
]  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "shop"
    make_repository(folder, {"total.py": b"x = 1\n"})
    return folder


@asynccontextmanager
async def placed(folder: Path, template: Path, kind: str) -> AsyncGenerator[Place]:
    shutil.copytree(template, folder / "shop")
    (folder / "token").write_text(f"{TOKEN}\n")
    async with forge_double(folder / "forge", folder / "shop", kind=kind) as forge:
        spec = forge_options({**forge.settings, "token_file": folder / "token"})
        port = (GitHub if kind == "github" else Gitea)(spec, token=lambda: TOKEN, clock=HastyClock())
        try:
            yield Place(folder, forge, port, spec)
        finally:
            await port.close()


def ours(place: Place) -> list[dict[str, Any]]:
    return [pull for pull in place.forge.pulls if MARKER in (pull["body"] or "")]


GITHUB_ALONE = {
    "the permission that lacks is named", "SSO", "an address that is not allowed", "no such head", "the base is gone",
    "nothing to propose", "no drafts there",
}  # fmt: skip
"""What Gitea does not have, or says otherwise: `test_gitea.py`."""
GITEA_WORDS = {
    "it may not push": ("permission", "Give it write:repository"),
    "it may not push, said with the pack": ("permission", "Give it write:repository"),
    "it may open none": ("permission", "Give it write:repository, write:issue and read:user"),
    "git does not see it": ("not_found", "let the token's account into it"),
    "the interface does not see it": ("base", "Name a base that is there, or retry"),
    "it has been deleted": ("base", "Name a base that is there, or retry"),
}
ON_GITEA = [
    case._replace(end=GITEA_WORDS[case.name][0], words=GITEA_WORDS[case.name][1]) if case.name in GITEA_WORDS else case
    for case in CASES
    if case.name not in GITHUB_ALONE
]
BOTH = [
    *(pytest.param("github", case, id=f"github: {case.name}") for case in CASES),
    *(
        pytest.param(
            "gitea", case, id=f"gitea: {case.name}",
            marks=() if case.name in GITEA_WORDS or number % 4 == 0 else pytest.mark.soak,
        )
        for number, case in enumerate(ON_GITEA)
    ),
]  # fmt: skip
"""What both share is tried on one of them each time, and on both in the soak."""


@pytest.mark.parametrize(("kind", "case"), BOTH)
async def test_a_fault_ends_in_its_state_with_words_and_nothing_is_there_twice(
    kind: str, case: Case, tmp_path: Path, template: Path
) -> None:
    async with placed(tmp_path, template, kind) as place:
        case.arrange(place)
        before = place.forge.branches()
        if case.end == "published":
            await place.publish()
        else:
            with pytest.raises(ForgeFailed) as failed:
                await place.publish()
            assert (failed.value.fault, case.words in str(failed.value)) == (case.end, True), str(failed.value)
            assert TOKEN not in str(failed.value)
            assert "acme/shop" in str(failed.value), "it names the repository"
        if case.is_lasting:
            assert place.forge.branches().keys() <= before.keys() | {BRANCH}
            assert ours(place) == []
            return
        place.forge.forge.credentials.is_refused = False
        place.forge.faults.clear()
        for _ in range(2):
            await place.publish()
        assert place.forge.branches().keys() == {"main", BRANCH}
        assert place.forge.branches()[BRANCH] == place.commit
        [pull] = ours(place)
        assert (pull["head"]["sha"], pull["draft"]) == (place.commit, True)
        posts = [one for one in place.forge.asked if one.method == "POST" and one.path.endswith("/pulls")]
        assert sum(one.status == 201 for one in posts) <= 1


def test_there_are_sixty_on_each() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert len(ON_GITEA) >= 60
    assert {case.name for case in CASES} >= GITEA_WORDS.keys() | GITHUB_ALONE
