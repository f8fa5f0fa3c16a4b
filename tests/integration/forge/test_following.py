"""Pull requests that are open already, as GitHub shows them: read free where nothing changed, written once."""

from collections.abc import AsyncGenerator

import pytest

from ompycord.domain.breakers.breaker import FAILURES
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed, ForgeNotNow, ForgeUnanswered
from ompycord.forge.breakers import ForgeBreakers
from ompycord.forge.github_following import GitHubFollowing, KnownAnswers
from ompycord.forge.github_kind import graphql_address
from tests.integration.forge.conftest import HastyClock
from tests.support.forge_options import forge_options
from tests.support.talking_forge import ADDRESS, TalkingForge

HEAD = "b" * 40


class FailsElsewhere(ForgeBreakers):
    """After so many answers the host fails for others until it rests."""

    def __init__(self, clock: HastyClock, *, after: int) -> None:
        super().__init__(clock)
        self._left = after

    def answered(self, spec: ForgeSpec) -> None:
        super().answered(spec)
        self._left -= 1
        if self._left == 0:
            for _ in range(FAILURES):
                self.failed(spec)


@pytest.fixture
def talking() -> TalkingForge:
    made = TalkingForge()
    made.open_pull("ompycord/fix", HEAD)
    return made


@pytest.fixture
async def following(talking: TalkingForge) -> AsyncGenerator[GitHubFollowing]:
    spec = forge_options({**talking.settings, "token_file": "token"})
    made = GitHubFollowing(
        spec, token=lambda: talking.token, clock=HastyClock(), known=KnownAnswers(), transport=talking
    )
    yield made
    await made.close()


async def test_what_did_not_change_counts_against_no_limit(talking: TalkingForge, following: GitHubFollowing) -> None:
    talking.write(1, "anna", "Good.")
    first = await following.open_pulls(), await following.discussion(1)
    counted = talking.counted
    assert (await following.open_pulls(), await following.discussion(1)) == first
    assert talking.counted == counted
    assert talking.free >= 4
    talking.write(1, "anna", "Better.")
    assert [one.text for one in (await following.discussion(1)).comments] == ["Good.", "Better."]


async def test_another_token_reads_all_again(talking: TalkingForge, following: GitHubFollowing) -> None:
    await following.open_pulls()
    talking.token = "github_pat_another"
    counted = talking.counted
    assert set(await following.open_pulls()) == {1}
    assert talking.counted == counted + 1


async def test_two_hundred_pull_requests_stay_below_a_tenth_of_the_limit(talking: TalkingForge) -> None:
    """An hour of looks, a new token in the middle: the lists, and the checks of each once for each token."""
    for number in range(199):
        talking.open_pull(f"ompycord/{number}", f"{number:040x}")
    spec = forge_options({**talking.settings, "token_file": "token"})
    known = KnownAnswers()
    for look in range(60):
        if look == 30:
            talking.token = "github_pat_another"
        one = GitHubFollowing(spec, token=lambda: talking.token, clock=HastyClock(), known=known, transport=talking)
        assert len(await one.open_pulls()) == 200
        await one.close()
    assert talking.counted <= 10


async def test_threads_are_told_apart_as_open_resolved_and_outdated(
    talking: TalkingForge, following: GitHubFollowing
) -> None:
    resolved = talking.write_at(1, "anna", "Old.")
    outdated = talking.write_at(1, "anna", "Moved.", line=None)
    still = talking.write_at(1, "anna", "Why?", line=4)
    talking.write_at(1, "bert", "Yes, why?", line=4, reply=still)
    talking.resolved.add(resolved)
    threads = {one.id: one for one in (await following.discussion(1)).threads}
    assert {one.id: (one.is_resolved, one.is_outdated) for one in threads.values()} == {
        resolved: (True, False),
        outdated: (False, True),
        still: (False, False),
    }
    assert [one.login for one in threads[still].comments] == ["anna", "bert"]


async def test_without_graphql_no_thread_is_taken_for_resolved(
    talking: TalkingForge, following: GitHubFollowing
) -> None:
    talking.refused["/graphql"] = (403, {"message": "Resource not accessible by personal access token"})
    talking.write_at(1, "anna", "Moved.", line=None)
    [thread] = (await following.discussion(1)).threads
    assert not thread.is_resolved


async def test_a_forge_that_fails_says_nothing_of_threads(talking: TalkingForge, following: GitHubFollowing) -> None:
    """An answer that is missing for now is no answer that all of them are open."""
    talking.refused["/graphql"] = (502, {"message": "Bad gateway"})
    talking.resolved.add(talking.write_at(1, "anna", "Old."))
    with pytest.raises(ForgeUnanswered):
        await following.discussion(1)


async def test_a_forge_that_rests_says_nothing_of_threads(talking: TalkingForge) -> None:
    """It begins to rest between the comments and what GraphQL knows of them, since another repository's look failed."""
    spec, clock = forge_options({**talking.settings, "token_file": "token"}), HastyClock()
    talking.resolved.add(talking.write_at(1, "anna", "Old."))
    account_comments_lines_and_reviews = 4
    breakers = FailsElsewhere(clock, after=account_comments_lines_and_reviews)
    made = GitHubFollowing(
        spec, token=lambda: talking.token, clock=clock, known=KnownAnswers(), breakers=breakers, transport=talking
    )
    with pytest.raises(ForgeNotNow) as refused:
        await made.discussion(1)
    await made.close()
    assert refused.value.fault == "paused"


async def test_a_red_check_behind_a_hundred_others_is_seen(talking: TalkingForge, following: GitHubFollowing) -> None:
    for number in range(100):
        talking.check(HEAD, f"job {number}", "success")
        talking.status(HEAD, f"ci/{number}", "success")
    talking.check(HEAD, "the last", "failure")
    talking.status(HEAD, "ci/last", "failure")
    seen = await following.checks(HEAD, base="")
    assert {one.name for one in seen.checks if one.verdict == "failure"} == {"the last", "ci/last"}


async def test_checks_of_one_name_are_told_apart_by_their_workflow(
    talking: TalkingForge, following: GitHubFollowing
) -> None:
    talking.check(HEAD, "test", "success", suite=1)
    talking.check(HEAD, "test", "failure", suite=2)
    talking.workflows = {1: 11, 2: 22}
    talking.required = ("test",)
    seen = await following.checks(HEAD, base="main")
    assert {(one.workflow, one.verdict) for one in seen.checks} == {("11", "success"), ("22", "failure")}
    assert seen.required == {"test"}


async def test_a_token_that_may_not_see_checks_says_so(talking: TalkingForge, following: GitHubFollowing) -> None:
    refusal = (403, {"message": "Resource not accessible by personal access token"})
    talking.refused.update({"/check-runs": refusal, "/status": refusal})
    assert not (await following.checks(HEAD, base="main")).is_seen


async def test_a_log_lies_elsewhere_and_the_token_stays_behind(
    talking: TalkingForge, following: GitHubFollowing
) -> None:
    talking.logs = {301: "x" * 300_000 + "\nAssertionError", 302: None}
    end = await following.log_of(301)
    assert end is not None
    assert end.endswith("\nAssertionError")
    assert len(end) == 200_000
    assert await following.log_of(302) is None
    assert talking.log_credentials == [None, None]


async def test_of_a_long_log_that_the_forge_keeps_itself_the_end_is_read(
    talking: TalkingForge, following: GitHubFollowing
) -> None:
    talking.logs_at = ADDRESS
    talking.logs = {301: "x" * 9_000_000 + "\nAssertionError"}
    end = await following.log_of(301)
    assert end is not None
    assert (len(end), end.endswith("\nAssertionError")) == (200_000, True)
    assert talking.log_credentials == [f"Bearer {talking.token}"]


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
async def test_a_comment_is_written_once(talking: TalkingForge, following: GitHubFollowing, is_lost: bool) -> None:
    for number in range(120):
        talking.write(1, "anna", f"{number}")
    if is_lost:
        talking.lost.add("/issues/1/comments")
    for _ in range(2):
        await following.comment(1, marker="<!-- mark -->", text="Done.")
    assert [one["body"] for one in talking.comments if one["user"]["id"] == 99] == ["<!-- mark -->\nDone."]


async def test_the_mark_of_someone_else_is_not_ours(talking: TalkingForge, following: GitHubFollowing) -> None:
    talking.write(1, "mallory", "<!-- mark -->")
    await following.comment(1, marker="<!-- mark -->", text="Done.")
    assert talking.comments[-1]["user"]["login"] == "ompycord-bot"


async def test_a_reply_into_a_thread_that_is_gone_is_an_error_of_its_own(
    talking: TalkingForge, following: GitHubFollowing
) -> None:
    with pytest.raises(ForgeFailed) as refused:
        await following.comment(1, thread=12345, marker="<!-- mark -->", text="No.")
    assert refused.value.fault == "not_found"


async def test_merged_closed_and_a_deleted_branch_are_seen(talking: TalkingForge, following: GitHubFollowing) -> None:
    assert await following.has_branch("ompycord/fix")
    talking.merge(1, "anna")
    del talking.branches["ompycord/fix"]
    pull = await following.pull(1)
    assert (pull.state, pull.merged_by) == ("merged", "anna")
    assert not await following.has_branch("ompycord/fix")
    assert await following.open_pulls() == {}
    other = talking.open_pull("ompycord/two", "c" * 40)
    await following.close_pull(other)
    assert (await following.pull(other)).state == "closed"


def test_graphql_is_beside_the_rest_interface() -> None:
    def at(api: str) -> str:
        given = {"kind": "github", "repository": "a/b", "token_file": "t", "api": api}
        return graphql_address(forge_options(given))

    assert at("https://api.github.com") == "https://api.github.com/graphql"
    assert at(f"{ADDRESS}/api/v3/") == f"{ADDRESS}/api/graphql"


@pytest.mark.parametrize(("count", "is_cut"), [(1_500, False), (3_001, True)])
async def test_many_comments_are_read_by_pages_and_what_is_not_is_said(
    talking: TalkingForge, following: GitHubFollowing, count: int, is_cut: bool
) -> None:
    thread = talking.write_at(1, "anna", "Why?")
    line = talking.lines[-1]
    talking.lines += [{**line, "id": 10_000 + index, "in_reply_to_id": thread} for index in range(count - 1)]
    talking.changed(1)
    seen = await following.discussion(1)
    assert sum(len(one.comments) for one in seen.threads) == min(count, 3_000)
    words = "Too much is written there: only the first 3,000 comments at lines are read. Look at the rest there."
    assert seen.unread == (words if is_cut else "")
