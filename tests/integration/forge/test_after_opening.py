"""What is read and written after a pull request was opened: the same cases for every kind of forge."""

from collections.abc import AsyncGenerator

import pytest

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed, ForgeNotNow
from ompycord.forge import client
from ompycord.forge.gitea import following as gitea_following
from ompycord.forge.gitea.following import GiteaFollowing
from ompycord.forge.github_following import GitHubFollowing, KnownAnswers
from tests.integration.forge.conftest import HastyClock
from tests.integration.forge.test_github import WANTED
from tests.support.forge_double import TOKEN, Fault, ForgeDouble

Following = GitHubFollowing | GiteaFollowing
MARK = "<!-- ompycord:round=1 -->"


@pytest.fixture(params=["github", "gitea"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def following(spec: ForgeSpec, clock: HastyClock, forge: ForgeDouble) -> AsyncGenerator[Following]:
    """Of a forge with one pull request of ours."""
    forge.add(WANTED, by="ompycord-bot", number=99)
    if spec.kind == "gitea":
        made = GiteaFollowing(spec, token=lambda: TOKEN, clock=clock)
    else:
        made = GitHubFollowing(spec, token=lambda: TOKEN, clock=clock, known=KnownAnswers())
    yield made
    await made.close()


def head(forge: ForgeDouble) -> str:
    return forge.branches()["ompycord/fix"]


async def test_what_is_open_is_read_however_much_it_is(following: Following, forge: ForgeDouble) -> None:
    for number in range(70):
        forge.add({**WANTED, "title": f"{number}"}, by="somebody", number=5, fork=True)
    found = await following.open_pulls()
    assert len(found) == 71
    ours = found[1]
    assert (ours.state, ours.branch, ours.commit) == ("open", "ompycord/fix", head(forge))
    assert (ours.base, ours.base_commit) == ("main", forge.branches()["main"])


async def test_comments_reviews_and_their_words_are_read(following: Following, forge: ForgeDouble) -> None:
    forge.comment(1, "Good.", by="anna", account=11)
    forge.review(1, "CHANGES_REQUESTED", by="anna", body="Not yet.")
    forge.review(1, "APPROVED", by="anna")
    forge.forge.add_account("eve", number=13)
    forge.review(1, "APPROVED", by="eve")
    seen = await following.discussion(1)
    assert (seen.me, seen.login) == (99, "ompycord-bot")
    assert [(one.login, one.text, one.is_bot) for one in seen.comments] == [("anna", "Good.", False)]
    assert [one.text for one in seen.review_texts] == ["Not yet."]
    assert [(one.login, one.verdict, one.commit) for one in seen.reviews] == [
        ("anna", "refused", head(forge)),
        ("anna", "approved", head(forge)),
        ("eve", "approved", head(forge)),
    ]


async def test_more_than_is_read_at_once_is_no_forge_that_does_not_answer(
    following: Following, forge: ForgeDouble
) -> None:
    """A stranger may write as much: it is said, not asked for again, and others are looked at all the same."""
    forge.comment(1, "x", by="eve", account=13)
    [record] = forge.forge.records.every("comment")
    forge.forge.records.change("comment", record, body="x" * (client.LARGEST + 1))
    with pytest.raises(ForgeFailed, match="more than 8 MiB, which is not read") as refused:
        await following.discussion(1)
    assert (refused.value.fault, isinstance(refused.value, ForgeNotNow)) == ("too_large", False)
    assert sum(one.path.endswith("/issues/1/comments") for one in forge.asked) == 1


async def test_an_edited_pull_request_looks_edited(following: Following, forge: ForgeDouble) -> None:
    """What was written since is read only where this says so."""
    before = (await following.pull(1)).updated_at
    [pull] = forge.forge.pulls("acme/shop")
    forge.forge.records.put("pull", pull | {"updated_at": "2026-11-30T09:00:00Z"})
    assert (await following.pull(1)).updated_at != before


async def test_comments_at_one_line_are_a_thread_which_may_be_resolved(
    following: Following, forge: ForgeDouble
) -> None:
    still = forge.say_at(1, 1, "Why?", by="anna")
    forge.say_at(1, 1, "Yes, why?", by="eve", reply_to=still)
    done = forge.say_at(1, 2, "Old.", by="anna")
    record = forge.forge.records.get("line_comment", done)
    assert record is not None
    forge.forge.records.change("line_comment", record, resolved=True)
    threads = {one.id: one for one in (await following.discussion(1)).threads}
    assert {number: one.is_resolved for number, one in threads.items()} == {still: False, done: True}
    assert [(one.login, one.text) for one in threads[still].comments] == [("anna", "Why?"), ("eve", "Yes, why?")]
    assert (threads[still].path, threads[still].line) == ("total.py", 1)


async def test_statuses_of_a_commit_are_its_checks_and_the_base_says_which_it_needs(
    following: Following, forge: ForgeDouble
) -> None:
    for number in range(60):
        forge.forge.checks.set_status("anna", "acme/shop", head(forge), {"context": f"{number}", "state": "success"})
    for context, state in (("slow", "pending"), ("ci/test", "failure")):
        forge.forge.checks.set_status("anna", "acme/shop", head(forge), {"context": context, "state": state})
    forge.forge.set_up("acme/shop", required=["ci/test", "ci/late"], protected=["main"])
    seen = await following.checks(head(forge), base="main")
    checks = {one.name: (one.is_done, one.verdict) for one in seen.checks}
    assert len(checks) == 62
    assert (checks["slow"], checks["ci/test"], checks["0"]) == ((False, ""), (True, "failure"), (True, "success"))
    assert seen.required == {"ci/test", "ci/late"}


async def test_a_commit_without_any_check_has_none(following: Following, forge: ForgeDouble) -> None:
    assert (await following.checks(head(forge), base="main")).checks == ()


async def test_its_end_and_that_of_its_branch_are_seen(following: Following, forge: ForgeDouble) -> None:
    assert await following.has_branch("ompycord/fix")
    [pull] = forge.forge.pulls("acme/shop")
    await forge.forge.merge("anna", pull)
    forge.git_line("update-ref", "-d", "refs/heads/ompycord/fix")
    seen = await following.pull(1)
    assert (seen.state, seen.merged_by, seen.branch) == ("merged", "anna", "ompycord/fix")
    assert not await following.has_branch("ompycord/fix")
    assert await following.open_pulls() == {}


async def test_one_is_closed_without_merging(following: Following) -> None:
    await following.close_pull(1)
    assert (await following.pull(1)).state == "closed"


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
async def test_a_comment_is_written_once(following: Following, forge: ForgeDouble, is_lost: bool) -> None:
    forge.comment(1, f"{MARK} by someone else", by="eve", account=13)
    if is_lost:
        forge.faults = [Fault("POST", "/issues/1/comments", after=True)]
    for _ in range(2):
        await following.comment(1, marker=MARK, text="Done.")
    assert [one["body"] for one in forge.comments if one["user"]["id"] == 99] == [f"{MARK}\nDone."]


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
async def test_a_reply_stands_in_its_thread_once(following: Following, forge: ForgeDouble, is_lost: bool) -> None:
    first, other = forge.say_at(1, 1, "Why?", by="anna"), forge.say_at(1, 7, "And this?", by="anna")
    if is_lost:
        ends = "/reviews" if forge.kind == "gitea" else f"/comments/{first}/replies"
        forge.faults = [Fault("POST", ends, after=True)]
    for _ in range(2):
        await following.comment(1, thread=first, marker=MARK, text="Since.")
    threads = {one.id: [each.text for each in one.comments] for one in (await following.discussion(1)).threads}
    assert threads == {first: ["Why?", f"{MARK}\nSince."], other: ["And this?"]}


async def test_a_reply_finds_its_thread_behind_more_reviews_than_are_read(
    following: Following, forge: ForgeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitea_following, "_REVIEWS", 1)
    first = forge.say_at(1, 1, "Why?", by="anna")
    for line in (2, 3):
        forge.say_at(1, line, "Newer.", by="anna")
    await following.comment(1, thread=first, marker=MARK, text="Since.")
    forge.say_at(1, 4, "Newest.", by="anna")
    await following.comment(1, thread=first, marker=MARK, text="Since.")
    monkeypatch.undo()
    threads = {one.id: [each.text for each in one.comments] for one in (await following.discussion(1)).threads}
    assert threads[first] == ["Why?", f"{MARK}\nSince."]


async def test_a_reply_into_a_thread_that_is_gone_is_an_error_of_its_own(following: Following) -> None:
    with pytest.raises(ForgeFailed) as refused:
        await following.comment(1, thread=12345, marker=MARK, text="No.")
    assert refused.value.fault == "not_found"


async def test_an_issue_is_read_with_its_comments(following: Following, forge: ForgeDouble) -> None:
    forge.forge.add_account("eve", number=13)
    forge.forge.add_issue("eve", "acme/shop", {"title": "It is slow", "body": "Very."})
    forge.comment(2, "Indeed.", by="anna", account=11)
    issue = await following.issue(2)
    assert (issue.title, issue.text, issue.login, issue.is_pull_request) == ("It is slow", "Very.", "eve", False)
    assert [(one.login, one.text) for one in issue.comments] == [("anna", "Indeed.")]
    assert (await following.issue(1)).is_pull_request


async def test_who_may_write_is_asked_of_the_forge(following: Following, forge: ForgeDouble) -> None:
    forge.forge.add_account("eve", number=13)
    assert [await following.may_write(login) for login in ("anna", "eve", "nobody")] == [True, False, False]
