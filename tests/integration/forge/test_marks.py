"""What decorates a pull request: a mark at its commit, one comment that is edited, labels, assignees, readiness."""

import pytest

from ompycord.domain.breakers.breaker import FAILURES
from ompycord.domain.ports import CommitStatus
from ompycord.errors import ForgeNotNow, ForgeUnanswered
from ompycord.forge.client import TRIES
from ompycord.forge.gitea.proposing import Gitea
from ompycord.forge.github import GitHub
from tests.integration.forge.conftest import HastyClock
from tests.integration.forge.test_github import MARKER, PROPOSED, WANTED
from tests.support.forge_double import Fault, ForgeDouble

MARK = f"{MARKER}<!-- ompycord:summary -->"
TEXT = f"{MARK}\n\n**Done**"


@pytest.fixture(params=["github", "gitea"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def comments(forge: ForgeDouble) -> int:
    return sum(asked.method == "POST" and asked.path.endswith("/comments") for asked in forge.asked)


@pytest.fixture
async def number(port: GitHub | Gitea) -> int:
    return (await port.open(PROPOSED)).number


async def test_our_comment_is_edited_and_never_repeated(port: GitHub | Gitea, forge: ForgeDouble, number: int) -> None:
    first = await port.marks.put_comment(number, TEXT, marker=MARK)
    again = await port.marks.put_comment(number, f"{TEXT} again", marker=MARK)
    known = await port.marks.put_comment(number, f"{TEXT} known", marker=MARK, known=first)
    assert first == again == known
    assert (comments(forge), [one["body"] for one in forge.comments]) == (1, [f"{TEXT} known"])


async def test_our_comment_is_found_among_many_and_no_others_is_taken_for_it(
    port: GitHub | Gitea, forge: ForgeDouble, number: int
) -> None:
    """Ours is on the second page; a stranger's copy of our mark is before it."""
    for index in range(132):
        by = ("ompycord-bot", 99) if index == 120 else ("stranger", 5)
        forge.comment(number, TEXT if index in {3, 120} else f"word {index}", by=by[0], account=by[1])
    found = await port.marks.put_comment(number, f"{TEXT} new", marker=MARK)
    assert found == forge.comments[120]["id"]
    assert forge.comments[3]["body"] == TEXT
    assert comments(forge) == 0


async def test_a_comment_that_a_person_deleted_is_made_again(
    port: GitHub | Gitea, forge: ForgeDouble, number: int
) -> None:
    first = await port.marks.put_comment(number, TEXT, marker=MARK)
    forge.forge.records.remove("comment", first)
    await port.marks.put_comment(number, TEXT, marker=MARK, known=first)
    assert (comments(forge), len(forge.comments)) == (2, 1)


async def test_our_comment_below_one_that_has_ended_is_left_alone(
    port: GitHub | Gitea, forge: ForgeDouble, number: int
) -> None:
    """After it a run publishes again, into another pull request of the same chain."""
    old = await port.marks.put_comment(number, TEXT, marker=MARK)
    forge.git_line("update-ref", "refs/heads/ompycord/fix-2", "ompycord/fix")
    other = (await port.open(PROPOSED.model_copy(update={"head": "ompycord/fix-2"}))).number
    new = await port.marks.put_comment(other, f"{TEXT} again", marker=MARK, known=old)
    assert new != old
    assert [one["body"] for one in forge.comments] == [TEXT, f"{TEXT} again"]


@pytest.mark.parametrize("cuts", [False, True], ids=["502", "cut"])
async def test_a_comment_whose_answer_was_lost_is_adopted(
    port: GitHub | Gitea, forge: ForgeDouble, number: int, cuts: bool
) -> None:
    """It took effect, and nobody was told."""
    forge.faults = [Fault("POST", "/comments", 502, after=True, cuts=cuts)]
    found = await port.marks.put_comment(number, TEXT, marker=MARK)
    assert (comments(forge), len(forge.comments), forge.comments[0]["id"]) == (1, 1, found)


async def test_a_mark_at_a_commit_is_cut_to_what_a_forge_takes(
    port: GitHub | Gitea, forge: ForgeDouble, number: int
) -> None:
    """At most 140 characters, the verdict first."""
    status = CommitStatus(context="ompycord", state="failure", description=f"Not verified: {'x' * 200}")
    commit = forge.branches()["ompycord/fix"]
    await port.marks.set_status(commit, status)
    [made] = forge.statuses
    assert (made["context"], made["state"], len(made["description"])) == ("ompycord", "failure", 140)
    assert made["description"].startswith("Not verified: ")


async def test_who_cannot_be_assigned_is_named(port: GitHub | Gitea, forge: ForgeDouble, number: int) -> None:
    """GitHub answers 201 and leaves the person out, Gitea refuses."""
    assert list(await port.marks.assign(number, ("anna", "gone"))) == ["gone"]


async def test_while_a_forge_rests_no_name_is_called_wrong(
    port: GitHub | Gitea, forge: ForgeDouble, number: int
) -> None:
    """It fails from the status on: *Fix publish.labels* would be said of labels that are there."""
    commit = forge.branches()["ompycord/fix"]
    forge.faults = [
        *[Fault("POST", f"/statuses/{commit}", 503)] * TRIES,
        *[Fault("GET", "/labels/bug" if forge.kind == "github" else "/labels", 503)] * (FAILURES - TRIES),
    ]
    with pytest.raises(ForgeUnanswered):
        await port.marks.set_status(commit, CommitStatus(context="ompycord", state="success", description="Done"))
    for doing in (
        port.marks.add_labels(number, ("bug",)),
        port.marks.ask_reviewers(number, ("anna",)),
        port.marks.assign(number, ("anna",)),
    ):
        with pytest.raises(ForgeNotNow, match="Retry after that") as refused:
            await doing
        assert refused.value.fault == "paused"


async def test_a_draft_becomes_ready_once(port: GitHub | Gitea, forge: ForgeDouble, number: int) -> None:
    await port.mark_ready(number)
    await port.mark_ready(number)
    assert not forge.pulls[0]["draft"]
    assert sum(asked.path == "/graphql" or asked.body == {"title": "Fix the total"} for asked in forge.asked) == 1


async def test_the_body_is_written_and_read_and_the_title_stays(
    port: GitHub | Gitea, forge: ForgeDouble, number: int
) -> None:
    await port.edit_body(number, "new")
    there = await port.pull_request(number)
    assert (there.title, there.body, there.state, there.base) == ("Fix the total", "new", "open", "main")
    assert there.head_commit == forge.branches()["ompycord/fix"]


@pytest.mark.parametrize(("merged", "expected"), [(None, "closed"), ("2026-11-30T01:00:00Z", "merged")])
async def test_the_newest_of_ours_is_found_when_it_has_ended(
    port: GitHub | Gitea, forge: ForgeDouble, merged: str | None, expected: str
) -> None:
    """*Merged* comes from the record of the pull request: after a squash no history says so."""
    forge.add(WANTED, by="ompycord-bot", number=99, state="closed")
    [pull] = forge.forge.pulls("acme/shop")
    forge.forge.records.change("pull", pull, merged_at=merged)
    there = await port.newest(head="ompycord/fix", marker=MARKER)
    assert there is not None
    assert there.state == expected


async def test_a_forge_that_is_down_for_a_moment_is_asked_again_for_what_may_be_repeated(
    port: GitHub | Gitea, forge: ForgeDouble, number: int, clock: HastyClock
) -> None:
    forge.faults = [Fault("PATCH", f"/pulls/{number}", 503)]
    await port.edit_body(number, "new")
    assert (forge.pulls[0]["body"], clock.slept) == ("new", [2.0])
