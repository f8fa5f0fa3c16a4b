"""What Gitea and Forgejo do otherwise: a draft is a title, labels have numbers, refusals are their own."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from ompycord.app.forges import judged
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import OpenedPullRequest
from ompycord.errors import ForgeFailed
from ompycord.forge.gitea.following import GiteaFollowing
from ompycord.forge.gitea.proposing import Gitea
from tests.integration.forge.conftest import HastyClock
from tests.integration.forge.test_github import MARKER, PROPOSED, WANTED, posts, refusal
from tests.support.forge_double import TOKEN, Fault, ForgeDouble
from tests.support.forge_options import forge_options

READY = PROPOSED.model_copy(update={"is_draft": False})
SPEC = {"kind": "gitea", "repository": "acme/shop", "token_file": "t", "api": "https://git.corp/api/v1"}


@pytest.fixture
def kind() -> str:
    return "gitea"


@pytest.fixture
def gitea(port: Gitea) -> Gitea:
    return port


def titles(forge: ForgeDouble) -> list[str]:
    return [one["title"] for one in forge.pulls]


async def test_a_draft_has_a_word_before_its_title_and_a_verified_one_has_none(
    gitea: Gitea, forge: ForgeDouble
) -> None:
    await gitea.open(PROPOSED)
    forge.git_line("update-ref", "refs/heads/ompycord/two", "ompycord/fix")
    ready = await gitea.open(READY.model_copy(update={"head": "ompycord/two"}))
    assert not ready.is_draft
    assert titles(forge) == ["WIP: Fix the total", "Fix the total"]


@pytest.mark.parametrize("title", ["WIP: Fix", "[wip] Fix", "wip: Fix"])
async def test_any_word_of_a_draft_is_taken_off_its_title(gitea: Gitea, forge: ForgeDouble, title: str) -> None:
    forge.add({**WANTED, "title": title, "draft": True}, by="ompycord-bot", number=99)
    await gitea.mark_ready(1)
    assert (titles(forge), forge.pulls[0]["draft"]) == (["Fix"], False)


async def test_a_server_with_another_word_for_drafts_says_what_to_do(gitea: Gitea, forge: ForgeDouble) -> None:
    forge.add({**WANTED, "title": "Draft~ Fix", "draft": True}, by="ompycord-bot", number=99)
    with pytest.raises(ForgeFailed, match="Take that word out of the title there"):
        await gitea.mark_ready(1)


async def test_one_that_was_merged_is_found_after_its_branch_was_deleted(gitea: Gitea, forge: ForgeDouble) -> None:
    """Its `head.ref` is not the branch any more."""
    await gitea.open(READY)
    [pull] = forge.forge.pulls("acme/shop")
    await forge.forge.merge("anna", pull)
    forge.git_line("update-ref", "-d", "refs/heads/ompycord/fix")
    there = await gitea.newest(head="ompycord/fix", marker=MARKER)
    assert there is not None
    assert (there.state, there.head) == ("merged", "ompycord/fix")


@pytest.mark.parametrize(("most", "others"), [(50, 55), (7, 15)])
async def test_ours_is_found_behind_others_however_few_come_at_once(
    gitea: Gitea, forge: ForgeDouble, most: int, others: int
) -> None:
    """A server may give fewer of a list than it is asked for, and old ones know no filter by author."""
    forge.add({**WANTED, "title": "mine"}, by="ompycord-bot", number=99)
    for index in range(others):
        forge.add({**WANTED, "title": f"{index}"}, by="ompycord-bot", number=99, fork=True)
    forge.gitea.most = most
    found = await gitea.find(head="ompycord/fix", base="main", marker=MARKER)
    assert found is not None
    assert found.number == 1


@pytest.mark.parametrize("is_old", [False, True])
async def test_labels_are_put_by_their_numbers_and_none_is_made(gitea: Gitea, forge: ForgeDouble, is_old: bool) -> None:
    forge.gitea.is_old = is_old
    number = (await gitea.open(PROPOSED)).number
    assert list(await gitea.marks.add_labels(number, ("agent", "made-up"))) == ["made-up"]
    assert [one["name"] for one in forge.pulls[0]["labels"]] == ["agent"]


async def test_a_wrong_reviewer_costs_nobody_else_and_teams_are_asked_as_teams(
    gitea: Gitea, forge: ForgeDouble
) -> None:
    number = (await gitea.open(PROPOSED)).number
    assert list(await gitea.marks.ask_reviewers(number, ("anna", "gone", "acme/backend"))) == ["gone", "acme/backend"]
    asked = [one.body for one in forge.asked if one.path.endswith("/requested_reviewers")]
    assert asked == [{"reviewers": ["anna"]}, {"reviewers": ["gone"]}, {"team_reviewers": ["backend"]}]


async def test_who_was_assigned_by_a_person_stays_assigned(gitea: Gitea, forge: ForgeDouble) -> None:
    """The list is replaced as a whole there."""
    number = (await gitea.open(PROPOSED)).number
    forge.forge.add_account("bert", number=12, permission="write")
    [pull] = forge.forge.pulls("acme/shop")
    forge.forge.records.change("pull", pull, assignees=["bert"])
    assert list(await gitea.marks.assign(number, ("anna",))) == []
    assert [one["login"] for one in forge.pulls[0]["assignees"]] == ["bert", "anna"]


@pytest.mark.parametrize(
    ("status", "message", "fault", "words"),
    [
        (401, "invalid username, password or token", "authentication", "make a new one"),
        (403, "token does not have at least one of required scope(s), required=[write:repository], token scope=all",
         "permission", "the token lacks write:repository. Make one with write:repository, write:issue and read:user."),
        (404, "The target couldn't be found.", "base", "has no branch main"),
        (409, "pull request already exists for these targets [id: 1]", "exists", "that is not ours"),
        (422, "Invalid PullRequest: There are no changes between the head and the base", "no_commits",
         "nothing to propose"),
        (422, "[]: something new", "invalid", "refused it: []: something new."),
        (423, "Repo is archived", "archived", "Unarchive it"),
    ],
)  # fmt: skip
async def test_a_refusal_of_gitea_says_what_to_do(
    gitea: Gitea, forge: ForgeDouble, status: int, message: str, fault: str, words: str
) -> None:
    forge.faults = [Fault("POST", "/pulls", status, {"message": message, "errors": None})]
    refused = await refusal(gitea)
    assert refused.fault == fault
    assert words in str(refused)
    assert TOKEN not in str(refused)
    assert (forge.pulls, posts(forge)) == ([], 1)


async def test_a_repository_that_the_account_may_not_see_is_no_missing_branch(gitea: Gitea, forge: ForgeDouble) -> None:
    forge.faults = [Fault("GET", "/repos/acme/shop", 404, {"message": "The target couldn't be found."})]
    with pytest.raises(ForgeFailed, match="let that account into the repository") as refused:
        await gitea.examine()
    assert refused.value.fault == "not_found"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"may_push": False}, "Give it write:repository, write:issue and read:user, and its account write access"),
        ({"archived": True}, "Unarchive it"),
        ({}, ""),
    ],
)
async def test_the_token_is_judged_by_gitea_s_own_words(
    gitea: Gitea, forge: ForgeDouble, state: dict[str, Any], words: str
) -> None:
    forge.forge.set_up("acme/shop", **state)
    found = judged(forge_options(SPEC), await gitea.examine(branch="ompycord/any"), now=0)
    assert (found.status, found.fix.startswith(words)) == ("fail" if state else "ok", True)
    assert "Contents" not in found.text + found.fix


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"api": "https://api.github.com"}, "kind gitea needs api"),
        ({"api": "https://git.corp/api/v3"}, "kind gitea needs api"),
        ({"app": {"id": "1", "key_file": "k"}}, "Extra inputs"),
        ({"token_file": None}, "kind gitea needs token_file"),
        ({"api": "http://git.corp/api/v1"}, "must begin with https://"),
    ],
)
def test_settings_that_suit_no_gitea_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        forge_options({**SPEC, **more})


@pytest.mark.parametrize("before", ["", "/code"])
def test_its_pages_and_git_are_beside_its_interface(before: str) -> None:
    spec = forge_options({**SPEC, "repository": "a.b_c/d", "api": f"https://git.corp{before}/api/v1/"})
    assert spec.git_address == f"https://git.corp{before}/a.b_c/d.git"


async def test_a_second_process_that_was_faster_is_adopted(gitea: Gitea, forge: ForgeDouble) -> None:
    """The list did not have it, and the request is refused with 409."""
    forge.add(WANTED, by="ompycord-bot", number=99)
    forge.faults = [Fault("GET", "/pulls", 200, [])]
    opened = await gitea.open(PROPOSED)
    assert opened == OpenedPullRequest(
        number=1, url=f"{forge.address}/acme/shop/pulls/1", is_draft=False, is_adopted=True
    )
    assert len(forge.pulls) == 1


@pytest.fixture
async def following(spec: ForgeSpec, forge: ForgeDouble, clock: HastyClock) -> AsyncGenerator[GiteaFollowing]:
    forge.add(WANTED, by="ompycord-bot", number=99)
    made = GiteaFollowing(spec, token=lambda: TOKEN, clock=clock)
    yield made
    await made.close()


async def test_who_counts_as_of_the_repository_is_the_forge_s_word(
    following: GiteaFollowing, forge: ForgeDouble
) -> None:
    """An approval is *official* there where its author may write."""
    forge.forge.add_account("eve", number=13)
    for login in ("anna", "eve"):
        forge.review(1, "APPROVED", by=login)
    assert {one.login: one.is_member for one in (await following.discussion(1)).reviews} == {"anna": True, "eve": False}


async def test_a_review_that_is_asked_for_or_taken_back_is_no_verdict(
    following: GiteaFollowing, forge: ForgeDouble
) -> None:
    forge.review(1, "REQUEST_REVIEW", by="anna")
    record = forge.forge.records.get("review", forge.review(1, "APPROVED", by="anna"))
    assert record is not None
    forge.forge.records.change("review", record, dismissed=True)
    assert [one.verdict for one in (await following.discussion(1)).reviews] == ["dismissed"]


async def test_an_account_of_the_forge_s_own_is_a_program(following: GiteaFollowing, forge: ForgeDouble) -> None:
    forge.comment(1, "Built.", by="gitea-actions", account=-2)
    assert [one.is_bot for one in (await following.discussion(1)).comments] == [True]


async def test_a_pattern_of_the_rule_stands_for_the_checks_that_it_names(
    following: GiteaFollowing, forge: ForgeDouble
) -> None:
    commit = forge.branches()["ompycord/fix"]
    for context in ("ci / test (push)", "other"):
        forge.forge.checks.set_status("anna", "acme/shop", commit, {"context": context, "state": "success"})
    forge.forge.set_up("acme/shop", required=["ci / *", "lint*"])
    assert (await following.checks(commit, base="main")).required == {"ci / test (push)", "lint*"}


@pytest.mark.parametrize(("state", "verdict"), [("warning", "neutral"), ("skipped", "skipped"), ("error", "error")])
async def test_a_status_that_github_does_not_have_is_understood(
    following: GiteaFollowing, forge: ForgeDouble, state: str, verdict: str
) -> None:
    commit = forge.branches()["ompycord/fix"]
    one = {"context": "ci", "status": state, "target_url": "/acme/shop/actions/runs/7"}
    forge.faults = [Fault("GET", "/status", 200, {"statuses": [one]}), Fault("GET", "/status", 200, {"statuses": None})]
    [check] = (await following.checks(commit, base="")).checks
    assert (check.is_done, check.verdict) == (True, verdict)
    assert check.url == f"{forge.origin}/acme/shop/actions/runs/7", "older servers leave the host out"


async def test_an_old_server_that_answers_nothing_has_no_statuses(
    following: GiteaFollowing, forge: ForgeDouble
) -> None:
    forge.gitea.is_old = True
    seen = await following.checks(forge.branches()["ompycord/fix"], base="main")
    assert (seen.checks, seen.is_seen) == ((), True)


async def test_nobody_may_write_where_the_forge_does_not_tell(following: GiteaFollowing, forge: ForgeDouble) -> None:
    """Only an admin of the repository is told what others may."""
    refusal = {"message": "Only admins can query all permissions, repo admins can query all repo permissions"}
    forge.faults = [Fault("GET", "/collaborators/anna/permission", 403, refusal)]
    assert not await following.may_write("anna")


async def test_of_very_many_reviews_the_newest_are_read_and_the_rest_is_named(
    following: GiteaFollowing, forge: ForgeDouble
) -> None:
    for index in range(101):
        forge.say_at(1, index + 1, f"{index}", by="anna")
    seen = await following.discussion(1)
    assert {one.line for one in seen.threads} == set(range(2, 102))
    assert "only the comments at lines of the newest 100 reviews are read" in seen.unread


async def test_a_server_that_knows_no_pages_of_a_list_is_not_asked_for_ever(
    following: GiteaFollowing, forge: ForgeDouble
) -> None:
    commit = forge.branches()["ompycord/fix"]
    statuses = {"statuses": [{"context": "ci", "status": "success"}]}
    reviews = [{"id": 1, "state": "COMMENT", "user": {"id": 11, "login": "anna"}, "body": "Good."}]
    forge.faults = [Fault("GET", "/status", 200, statuses, times=9), Fault("GET", "/reviews", 200, reviews, times=9)]
    assert len((await following.checks(commit, base="")).checks) == 1
    assert len((await following.discussion(1)).reviews) == 1
    assert len(forge.asked) < 9
