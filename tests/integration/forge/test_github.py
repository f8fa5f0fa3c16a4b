"""Pull requests on GitHub: opened once, ours told from others', and every refusal in words with what to do."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.forges import inspect_access
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import ProposedPullRequest
from ompycord.errors import ForgeFailed
from ompycord.forge.gitea.proposing import Gitea
from ompycord.forge.github import GitHub
from ompycord.forge.token_file import read_token
from tests.integration.forge.conftest import HastyClock
from tests.support.forge_double import TOKEN, Fault, ForgeDouble
from tests.support.forge_options import forge_options

MARKER = "<!-- ompycord:run=01JD0000000000000000000001 -->"
PROPOSED = ProposedPullRequest(
    head="ompycord/fix", base="main", title="Fix the total", body=f"{MARKER}\nIt adds.", marker=MARKER, is_draft=True
)
WANTED: dict[str, Any] = {"title": "t", "body": MARKER, "head": "ompycord/fix", "base": "main", "draft": False}


def posts(forge: ForgeDouble) -> int:
    return sum(asked.method == "POST" and asked.path.endswith("/pulls") for asked in forge.asked)


async def refusal(github: GitHub | Gitea) -> ForgeFailed:
    with pytest.raises(ForgeFailed) as refused:
        await github.open(PROPOSED)
    return refused.value


@pytest.mark.parametrize(
    ("status", "body", "headers", "fault", "words"),
    [
        (401, {"message": "Bad credentials"}, {}, "authentication", "make a new one"),
        (403, {"message": "Resource not accessible by personal access token"},
         {"X-Accepted-GitHub-Permissions": "pull_requests=write"}, "permission", "It needs pull_requests=write."),
        (403, {"message": "Repository was archived so is read-only."}, {}, "archived", "Unarchive it"),
        (403, {"message": "Resource protected by organization SAML enforcement."},
         {"X-GitHub-SSO": "required; url=https://evil.example/sso"}, "sso", "in the token's settings"),
        (404, {"message": "Not Found"}, {}, "not_found", "select the repository in the token's settings"),
        (301, {"message": "Moved Permanently"}, {"Location": "https://elsewhere.example/x"}, "moved", "its new name"),
        (422, {"message": "Validation Failed", "errors": [{"message": "No commits between main and ompycord/fix"}]},
         {}, "no_commits", "nothing to propose"),
        (422, {"message": "Draft pull requests are not supported in this repository."}, {}, "no_drafts", "by hand"),
        (422, {"message": "Validation Failed", "errors": [{"field": "base", "code": "invalid"}]}, {}, "base",
         "has no branch main"),
        (422, {"message": "Something new"}, {}, "invalid", "refused it: Something new."),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)  # fmt: skip
async def test_a_refusal_says_what_to_do(
    github: GitHub, forge: ForgeDouble, status: int, body: Any, headers: dict[str, str], fault: str, words: str
) -> None:
    forge.faults = [Fault("POST", "/pulls", status, body, headers)]
    refused = await refusal(github)
    assert refused.fault == fault
    assert words in str(refused)
    assert "evil.example" not in str(refused)
    assert TOKEN not in str(refused)
    assert (forge.pulls, posts(forge)) == ([], 1)


@pytest.mark.parametrize(
    ("status", "headers", "message", "waits"),
    [
        (403, {"Retry-After": "7"}, "You have exceeded a secondary rate limit.", 7.0),
        (429, {"Retry-After": "7"}, "Too many", 7.0),
        (403, {}, "You have exceeded a secondary rate limit. Please wait a few minutes.", 60.0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1760000009"}, "API rate limit exceeded", 10.0),
    ],
)
async def test_a_limit_of_requests_is_waited_for_and_is_no_lost_permission(
    github: GitHub, forge: ForgeDouble, clock: HastyClock, status: int, headers: dict[str, str], message: str,
    waits: float,
) -> None:  # fmt: skip
    forge.faults = [Fault("POST", "/pulls", status, {"message": message}, headers)]
    assert (await github.open(PROPOSED)).number == 1
    assert clock.slept == [waits]
    assert posts(forge) == 2


async def test_a_label_that_is_not_there_and_a_wrong_reviewer_cost_nobody_else(
    github: GitHub, forge: ForgeDouble
) -> None:
    number = (await github.open(PROPOSED)).number
    assert list(await github.marks.add_labels(number, ("agent", "made-up"))) == ["made-up"]
    assert list(await github.marks.ask_reviewers(number, ("anna", "gone"))) == ["gone"]
    asked = [one.body for one in forge.asked if one.method == "POST" and "reviewers" in one.path]
    assert asked == [{"reviewers": ["anna"]}, {"reviewers": ["gone"]}]
    assert not any("made-up" in str(one.body) for one in forge.asked if one.method == "POST")


async def test_the_token_is_looked_at_with_what_it_may_do(github: GitHub, forge: ForgeDouble) -> None:
    forge.headers = {"GitHub-Authentication-Token-Expiration": "2026-12-02 10:00:00 UTC"}
    access = await github.examine()
    assert (access.login, access.repository, access.default_branch) == ("ompycord-bot", "acme/shop", "main")
    assert (access.may_push, access.is_archived, access.expires_at) == (True, False, 1_796_205_600_000)
    forge.may_push = False
    assert not (await github.examine()).may_push


RULE = "any-task-7f3k2m"


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([{"type": "required_signatures", "ruleset_source_type": "Organization"}], "fail"),
        ([{"type": "required_linear_history"}, {"type": "deletion"}], "ok"),
        ([], "ok"),
    ],
)
async def test_a_rule_that_takes_signed_commits_alone_is_named_before_an_agent_starts(
    github: GitHub, forge: ForgeDouble, rules: list[dict[str, str]], status: str
) -> None:
    """Asked by the name of a branch that is not there yet, as rule sets of all branches have it."""
    forge.faults = [Fault("GET", RULE, 200, rules)]

    @asynccontextmanager
    async def opened(spec: ForgeSpec) -> AsyncGenerator[GitHub]:
        yield github

    spec = forge_options({**forge.settings, "token_file": "t"})
    judged = await inspect_access(opened, spec, now=0, branch_prefix="ompycord/")
    assert judged.status == status
    assert ("verified signature" in judged.text) is (status == "fail")
    assert not forge.faults, "the rules were asked for"


async def test_rules_that_cannot_be_seen_refuse_nothing(github: GitHub, forge: ForgeDouble) -> None:
    forge.faults = [Fault("GET", RULE, 403, {"message": "Resource not accessible by personal access token"})]
    assert not (await github.examine(branch="ompycord/any-task-7f3k2m")).wants_signatures


async def test_what_graphql_refuses_is_an_error_in_words(github: GitHub, forge: ForgeDouble) -> None:
    number = (await github.open(PROPOSED)).number
    refused = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}
    forge.faults = [Fault("POST", "/graphql", 200, refused)]
    with pytest.raises(ForgeFailed, match="Give it Contents") as error:
        await github.mark_ready(number)
    assert error.value.fault == "permission"


def test_a_file_without_a_token_is_named_by_its_setting_alone(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for content in (None, "", "two words", "a\nb"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(ForgeFailed, match=r"^The file of forge\.token_file ") as refused:
            read_token(file, setting="forge.token_file")
        assert "two words" not in str(refused.value)
    file.write_text(f"{TOKEN}\n")
    assert read_token(file, setting="forge.token_file") == TOKEN


@pytest.mark.parametrize("api", ["http://git.corp/api/v3", "https://user:pw@git.corp", "https://git.corp/?a=b"])
def test_an_address_to_which_a_token_must_not_go_is_refused(api: str) -> None:
    with pytest.raises(ValueError, match="api"):
        forge_options({"kind": "github", "repository": "a/b", "token_file": "t", "api": api})


def test_an_enterprise_server_keeps_its_path() -> None:
    spec = forge_options({"kind": "github", "repository": "a/b", "token_file": "t", "api": "https://git.corp/api/v3"})
    assert (spec.api_address, spec.git_address) == ("https://git.corp/api/v3", "https://git.corp/a/b.git")
