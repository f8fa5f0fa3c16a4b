"""What a pull request says: verdict, guide, comment and status; and what of people's words stays as it is."""

import re

import pytest

from ompycord.domain.checking.review_risk import public_names
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.events import ChangedEvidence, ChangedFile, CheckFinished, CheckProved, PullRequestOpened
from ompycord.domain.folds.follow_up import EarlierResult
from ompycord.domain.folds.snapshot import Check, StatusSnapshot, Usage, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import ProposedChange
from ompycord.domain.run import RunKind, RunState
from ompycord.render.forge.pull_request import BodyContext, body_of, marker_of, title_of, with_part
from ompycord.render.forge.summary import comment_of, status_of
from tests.support.states import NOON, ORIGIN, RUN

MARKER = marker_of(RUN)
PASSED = CheckFinished(check="pytest", status="passed", passed=5, failed=0, duration_ms=10)
PROVED = CheckProved(check="pytest", canary="seen", with_base="same", base="passed", base_tests=4)
CHECK = Check(name="pytest", status="passed", ours=True, result=PASSED, proof=PROVED, at=NOON)
FILES = (
    ChangedFile(path="cart/total.py", added=2, removed=1),
    ChangedFile(path="tests/test_cart.py", status="added", added=7, removed=0),
    ChangedFile(path="db/migrations/1.sql", status="added", added=1, removed=0),
)


def snapshot(**more: object) -> StatusSnapshot:
    made = {
        "run": RUN,
        "kind": RunKind.HOSTED,
        "state": RunState.COMPLETE,
        "title": "Fix it",
        "prompt": "Fix it",
        "agent": "omp",
        "branch": "ompycord/fix",
        "commit": "c" * 40,
        "origin": ORIGIN,
        "files": FILES,
        "files_total": 3,
        "checks": (CHECK,),
        "verification": Verification.VERIFIED,
        "created_at": NOON,
        "last_event_at": NOON,
    }
    return StatusSnapshot.model_validate({**made, **more})


def body(**more: object) -> str:
    names = public_names("diff --git a/cart/total.py b/cart/total.py\n-def total(lines):\n")
    around = BodyContext(
        pushed=ProposedChange(behind=0, files=FILES, total=3, names=names), parsers={"pytest": "pytest"}
    )
    return body_of(snapshot(**more), marker=MARKER, around=around)


def test_the_guide_says_order_risk_evidence_and_what_a_person_decides() -> None:
    text = body()
    rows = re.findall(r"^\| (\d) \| `([^`]+)` \| (\S+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert rows == [
        ("1", "db/migrations/1.sql", "**high**", "stored data, build, delivery; changes stored data", "none"),
        ("2", "cart/total.py", "medium", "sources; changes names that others use: total", "`pytest`"),
        ("3", "tests/test_cart.py", "low", "tests", "`pytest`"),
    ]
    assert "- Whether stored data may be changed so, and back again: `db/migrations/1.sql`." in text
    assert "It approves nothing." in text


def test_a_check_that_names_no_tests_stands_for_the_whole_result() -> None:
    around = BodyContext(parsers={"pytest": "exit"})
    text = body_of(snapshot(), marker=MARKER, around=around)
    assert "| `pytest`, as a whole |" in text


def test_only_the_part_between_our_marks_is_written_again() -> None:
    """A person may write around it; without our marks nothing is touched."""
    there = f"Please read slowly.\n{body()}\nSigned: a person"
    new = with_part(there, body(title="x", prompt="another task"))
    assert new is not None
    assert new.startswith("Please read slowly.\n")
    assert new.endswith("\nSigned: a person")
    assert "another task" in new
    assert "Fix it" not in new
    assert with_part("all by hand", body()) is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Fix #12: first half", "Fix issue 12: first half"),
        ("Address the review of pull request #1", "Address the review of pull request 1"),
        ("Fix issue #12", "Fix issue 12"),
        ("closes acme/shop#12", "closes acme/shop issue 12"),
        ("Fixes https://github.com/acme/shop/issues/12", "Fixes issues 12"),
        ("thanks @ada and @org/team", "thanks ada and org/team"),
        ("a\nb " + "x" * 300, None),
    ],
)
def test_a_title_closes_nothing_and_rings_nobody(given: str, shown: str | None) -> None:
    """One line of at most 256 characters; only the line that we write closes an issue."""
    title = title_of(given)
    assert len(title) <= 256
    assert "\n" not in title
    if shown is not None:
        assert title == shown


def test_a_status_is_green_only_for_a_verified_result() -> None:
    assert status_of(snapshot(), url=None).state == "success"
    red = status_of(snapshot(verification=Verification.FAILED), url=None)
    assert (red.state, red.description) == ("failure", "Checks failed here")
    fast = status_of(snapshot(checks=(), verification=Verification.UNVERIFIED), url=None)
    assert (fast.state, fast.description) == ("failure", "Not verified: no check ran on this result")
    conflict = status_of(snapshot(), url=None, conflicts=("a.py", "b.py"))
    assert (conflict.state, conflict.description) == ("failure", "Conflicts with the base in a.py and b.py")


def test_changed_tests_wait_for_a_person() -> None:
    change = ChangedEvidence(path="tests/test_cart.py", what="test_changed")
    waiting = status_of(snapshot(evidence=(change,), verification=Verification.UNVERIFIED), url=None)
    assert waiting.state == "pending"
    assert waiting.description == "Waits for a person to accept 1 change of tests or checks"


def test_the_comment_says_what_comes_next() -> None:
    def comment(spec: PublishSpec, *, is_draft: bool, **more: object) -> str:
        return comment_of(
            snapshot(**more), marker=MARKER, commit="c" * 40, spec=spec, is_draft=is_draft, card="https://d.example/1"
        )

    assert "Next: a review." in comment(PublishSpec(), is_draft=False)
    first = comment(PublishSpec(approve="draft_first"), is_draft=True)
    assert "Next: an approver presses *Mark ready* on its card." in first
    assert "https://d.example/1" in first
    assert "*Follow up…*" in comment(PublishSpec(), is_draft=True, verification=Verification.UNVERIFIED)


def test_a_moved_base_is_said_with_the_files_that_both_changed() -> None:
    around = BodyContext(pushed=ProposedChange(behind=2), conflicts=("a.py",))
    text = body_of(snapshot(), marker=MARKER, around=around)
    assert "The base has 2 commits on it that this work does not have. Both changed `a.py`" in text


def test_a_follow_up_proposes_the_work_of_all_its_runs_and_says_so() -> None:
    """Else a reviewer is told of the last round alone, and reads a table without the files that matter."""
    notes = (ChangedFile(path="NOTES.md", status="added", added=2, removed=0),)
    first = EarlierResult(
        run=RunId("0" * 26), prompt="The first task", requester="Ada", usage=Usage(cost_usd=1.5), pull_request=7
    )
    second = EarlierResult(run=RunId("1" * 26), prompt="x" * 9_000, requester="Mo", usage=Usage(), pull_request=None)
    around = BodyContext(pushed=ProposedChange(behind=0, files=(*FILES, *notes), total=4), earlier=(first, second))
    text = body_of(snapshot(files=notes, files_total=1, prompt="And the notes"), marker=MARKER, around=around)
    tasks = text[text.index("### Task") : text.index("### Evidence")]
    asked = re.findall(
        r"^(?:Then `\w+` asked:|The first task|And the notes|[\d,]+ characters more.*)$", tasks, re.MULTILINE
    )
    requester = snapshot().origin.requester_name
    assert asked == [
        "The first task", "Then `Mo` asked:", "7,000 characters more are left out here.", f"Then `{requester}` asked:",
        "And the notes",
    ]  # fmt: skip
    changed = text[text.index("### Changed files") : text.index("### Run")]
    assert re.findall(r"`([^`]+)`", changed) == [*(file.path for file in FILES), "NOTES.md"]
    assert "| 1 | `db/migrations/1.sql` | **high** |" in text
    assert f"- Goes on with run `{first.run}`, asked by `Ada`, cost $1.50" in text
    assert f"- Goes on with run `{second.run}`, asked by `Mo`\n" in text


def test_a_draft_of_a_verified_result_waits_for_ready_until_a_person_says_so() -> None:
    opened = PullRequestOpened(number=1, url="https://f.example/1", draft=True)
    assert snapshot(pull_request=opened).waits_for_ready
    assert not snapshot(pull_request=opened, ready_by="Ada", publishes_again=True).waits_for_ready
    assert snapshot(pull_request=opened, ready_by="Ada").waits_for_ready, "the forge refused: it is asked again"
    assert not snapshot(pull_request=opened, verification=Verification.UNVERIFIED).waits_for_ready
